//! The command that runs one test again.
//!
//! A unit test is named exactly. Rustdoc splits what it passes on at spaces, and a doc test's name is full of them
//! (`src/lib.rs - add (line 8)`): so the one word that selects the fewest is taken as a filter, and the others that
//! it would select too are left out by a word of their own.

use crate::readers::rerun::Rerun;
use std::fmt::Write as _;
use xtask_core::command::quote;
use xtask_core::reading::Binary;

/// The most doc tests whose names are remembered, and the most that one command leaves out.
const REMEMBERED: usize = 5_000;
const LEFT_OUT: usize = 20;

/// The command without the test's name, and the doc tests that were seen.
#[derive(Clone, Debug)]
pub(super) struct Repeat {
    /// The command for all tests of an executable, and whether the executable is still to be named in it.
    command: String,
    lacks_target: bool,
    /// The arguments that name the executable.
    target: String,
    doc_tests: Vec<String>,
}

impl Repeat {
    pub(super) fn new(how: &Rerun) -> Self {
        let (command, lacks_target) = match how {
            Rerun::Cargo { call, .. } => (call.to_string(), true),
            Rerun::Line(line) => (line.clone(), false),
        };
        Self { command, lacks_target, target: String::new(), doc_tests: Vec::new() }
    }

    /// The tests that follow belong to this executable.
    pub(super) fn of_target(&mut self, binary: &Binary) {
        if self.lacks_target {
            self.target = match binary.kind.as_str() {
                kind @ ("bin" | "example" | "bench" | "test") => format!(" --{kind} {}", quote(&binary.target)),
                _ => " --lib".to_owned(),
            };
        }
    }

    /// Remembers a test that runs alongside others.
    pub(super) fn see(&mut self, name: &str) {
        if is_doc_test(name) && self.doc_tests.len() < REMEMBERED {
            self.doc_tests.push(name.to_owned());
        }
    }

    /// The command for all tests: for an executable that ended without a word about a test.
    pub(super) fn all(&self) -> String {
        format!("{}{}", self.command, self.target)
    }

    /// The command for one test.
    pub(super) fn of(&self, name: &str) -> String {
        if !is_doc_test(name) {
            return format!("{} -- {} --exact", self.all(), quote(name));
        }
        let others: Vec<&str> = self.doc_tests.iter().map(String::as_str).filter(|other| *other != name).collect();
        let selected = |word: &str| others.iter().filter(|other| other.contains(word)).count();
        let filter = words(name).min_by_key(|word| selected(word)).unwrap_or(name);
        let mut command = format!("{} -- {}", self.all(), quote(filter));
        let mut left_out: Vec<&str> = Vec::new();
        for other in others.iter().filter(|other| other.contains(filter)) {
            if left_out.len() == LEFT_OUT || left_out.iter().any(|word| other.contains(word)) {
                continue;
            }
            if let Some(word) = words(other).find(|word| !name.contains(word)) {
                left_out.push(word);
                let _ = write!(command, " --skip {}", quote(word));
            }
        }
        command
    }
}

/// `src/lib.rs - add (line 8)`.
fn is_doc_test(name: &str) -> bool {
    name.contains(" - ") && name.contains("(line ") && name.ends_with(')')
}

/// The words that say something about a doc test, the most specific first.
fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split_whitespace().rev().filter(|word| !matches!(*word, "-" | "(line"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(others: &[&str], name: &str, wanted: &str) {
        let mut repeat = Repeat::new(&Rerun::Line("cargo test --package a".to_owned()));
        for other in others {
            repeat.see(other);
        }
        let command = repeat.of(name);
        assert_eq!(command, format!("cargo test --package a -- {wanted}"));
        // The filter selects the test and, of all the others, none.
        let words = shlex::split(&command).expect("a shell line");
        let (filter, skipped) = (&words[5], &words[6..]);
        let runs =
            |test: &str| test.contains(filter.as_str()) && !skipped.iter().any(|word| test.contains(word.as_str()));
        if is_doc_test(name) {
            assert!(runs(name));
            assert!(others.iter().all(|other| *other == name || !runs(other)));
        }
    }

    #[test]
    fn a_unit_test_is_named_exactly() {
        case(&[], "tests::it", "tests::it --exact");
        case(&[], "tests::it's", "\"tests::it's\" --exact");
    }

    #[test]
    fn a_doc_test_is_selected_by_one_word() {
        let a = "src/lib.rs - add (line 8)";
        case(&[a, "src/lib.rs - add (line 4)"], a, "'8)'");
        case(&[a, "src/lib.rs - add (line 18)"], a, "'8)' --skip '18)'");
        case(&[a, "src/lib.rs - add (line 18)", "src/b.rs - sub (line 8)"], a, "add --skip '18)'");
        case(&[a, "src/b.rs - add (line 8)"], a, "src/lib.rs");
    }
}
