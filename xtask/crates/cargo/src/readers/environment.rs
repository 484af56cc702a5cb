//! Reads variables that a tool prints for a shell: `KEY=VALUE` or `export KEY='VALUE'`, quoted as POSIX shells do.

use std::collections::BTreeMap;
use std::path::Path;
use xtask_core::command::{Exit, Stream};
use xtask_core::reader::complaints::Complaints;
use xtask_core::reader::{Read, environment_error, guard, text};
use xtask_core::reading::{Binary, Reading};

/// Output with more variables or longer lines than these is not an environment.
const MOST: usize = 1_000;
const LONGEST: usize = 64 * 1024;

/// The variables so far, or why they cannot be read.
#[derive(Clone, Debug)]
pub struct Environment {
    also: BTreeMap<String, String>,
    env: BTreeMap<String, String>,
    strange: Option<String>,
    complaints: Complaints,
}

impl Environment {
    /// `also` is added to what the tool prints, and takes precedence over it.
    pub fn new(also: BTreeMap<String, String>) -> Self {
        Self { also, env: BTreeMap::new(), strange: None, complaints: Complaints::default() }
    }
}

impl Read for Environment {
    fn start(&self, _: &Path, _: &[Binary]) -> Box<dyn Read> {
        Box::new(self.clone())
    }

    fn is_for_people(&self, stream: Stream) -> bool {
        stream == Stream::Stderr
    }

    fn line(&mut self, stream: Stream, line: &[u8]) {
        if stream == Stream::Stderr {
            return self.complaints.see(&text(line));
        }
        let trimmed = line.trim_ascii();
        if trimmed.is_empty() || trimmed.starts_with(b"#") {
            return;
        }
        match variable(trimmed) {
            Some((key, value)) if self.env.len() < MOST => {
                self.env.insert(key, value);
            }
            // The value may be a secret, so only the name is repeated.
            _ if self.strange.is_none() => {
                let shown = text(trimmed);
                self.strange = Some(shown.split('=').next().unwrap_or_default().to_owned());
            }
            _ => {}
        }
    }

    fn finish(self: Box<Self>, exit: Exit, cut: bool) -> Reading {
        if !exit.is_ok() {
            let why = self.complaints.any().map_or_else(|| exit.to_string(), |error| format!("{exit}: {error}"));
            return environment_error(why);
        }
        if let Some(strange) = self.strange {
            return environment_error(format!("expected lines KEY=VALUE, got one that starts with `{strange}`"));
        }
        if self.env.is_empty() {
            return environment_error("it printed no variables");
        }
        let mut reading = guard(Reading::passed(), cut);
        if !reading.outcome.is_bad() {
            reading.env = self.env;
            reading.env.extend(self.also);
        }
        reading
    }
}

/// The name and the unquoted value of one line.
fn variable(line: &[u8]) -> Option<(String, String)> {
    let line = std::str::from_utf8(line).ok().filter(|line| line.len() <= LONGEST)?;
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (key, value) = line.split_once('=')?;
    let is_name = |key: &str| {
        key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let words = shlex::split(value)?;
    match words.as_slice() {
        _ if !is_name(key) => None,
        [] => Some((key.to_owned(), String::new())),
        [word] => Some((key.to_owned(), word.clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use super::*;
    use xtask_core::outcome::Outcome;

    /// `cargo llvm-cov show-env` and `show-env --sh`, 0.9.1.
    const PLAIN: &str = "LLVM_PROFILE_FILE='/w/target/w-%p-%2m.profraw'\n\
                         __CARGO_LLVM_COV_RUSTC_WRAPPER_RUSTFLAGS='-C\u{1f}instrument-coverage\u{1f}--cfg=coverage'\n\
                         CARGO_LLVM_COV=1\n";

    fn how() -> Environment {
        Environment::new(BTreeMap::from([("CARGO_LLVM_COV".to_owned(), "2".to_owned())]))
    }

    #[test]
    fn both_forms_give_the_same_variables() {
        let plain = read(&how(), PLAIN, "info: hello", Exit::Code(0));
        assert_eq!(plain.env["LLVM_PROFILE_FILE"], "/w/target/w-%p-%2m.profraw");
        let flags = "-C\u{1f}instrument-coverage\u{1f}--cfg=coverage";
        assert_eq!(plain.env["__CARGO_LLVM_COV_RUSTC_WRAPPER_RUSTFLAGS"], flags);
        assert_eq!(plain.env["CARGO_LLVM_COV"], "2");
        let exported = format!("export {}", PLAIN.trim_end().replace('\n', "\nexport "));
        assert_eq!(read(&how(), &exported, "", Exit::Code(0)), plain);
        let quoted = read(&how(), "A='it'\\''s'\nB=\nC=a=b\n", "", Exit::Code(0));
        assert_eq!((&*quoted.env["A"], &*quoted.env["B"], &*quoted.env["C"]), ("it's", "", "a=b"));
    }

    #[test]
    fn what_is_no_environment_is_an_error_without_its_value() {
        for (stdout, because) in [
            ("", "it printed no variables"),
            ("1A=secret", "expected lines KEY=VALUE, got one that starts with `1A`"),
            ("A='open", "expected lines KEY=VALUE, got one that starts with `A`"),
            ("A=two words", "expected lines KEY=VALUE, got one that starts with `A`"),
        ] {
            let reading = read(&how(), stdout, "", Exit::Code(0));
            assert_eq!((reading.outcome, reading.because.as_deref()), (Outcome::EnvironmentError, Some(because)));
            assert!(reading.env.is_empty());
        }
        let failed = read(&how(), "", "error: no llvm-tools", Exit::Code(1));
        assert_eq!(failed.because.as_deref(), Some("exited with code 1: no llvm-tools"));
    }
}
