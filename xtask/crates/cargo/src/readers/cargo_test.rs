//! Reads the text of a `cargo test` that runs the tests of several packages, and hands each package its part of it.
//!
//! Cargo announces each executable, and the doc tests of each library, in a line of its own; what follows is libtest's.
//! Both streams arrive as one, so that these lines are in their place. The task itself has passed when cargo has run
//! everything: the parts say whether tests failed.

use super::libtest::Libtest;
use super::rerun::Rerun;
use std::path::Path;
use xtask_core::command::{Exit, Stream};
use xtask_core::ids::TaskId;
use xtask_core::outcome::Outcome;
use xtask_core::reader::{Read, environment_error, text};
use xtask_core::reading::{Binary, Reading};

/// Executables that cargo runs by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// The task that has compiled them.
    pub compiled_by: TaskId,
    /// Whether they are integration tests, or all others.
    pub integration: bool,
}

/// The tests of a package among those that one cargo call runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The package's name.
    pub package: String,
    /// Cargo's package id, as in its JSON messages.
    pub id: String,
    /// The name of its library in rustc, as cargo names the doc tests.
    pub crate_name: String,
    /// The command that runs its tests again.
    pub repeat: Rerun,
}

/// What cargo has said so far.
#[derive(Clone, Debug)]
pub struct CargoTest {
    packages: Vec<Package>,
    /// The executables that cargo runs.
    executables: Option<Ran>,
    /// Those that have not run yet.
    due: Vec<Binary>,
    /// The package whose tests are running, by its index, and how the executable has ended as far as cargo has said.
    current: Option<(usize, Exit)>,
    /// What was printed before the first test.
    head: Libtest,
    /// Whether tests have failed that do not count: those of a library with `test = false` or `doctest = false`.
    failed_besides: bool,
    ran: bool,
}

#[derive(Clone, Debug)]
struct Package {
    part: Part,
    reader: Libtest,
    ran: bool,
    worst: Exit,
}

/// What cargo announces.
enum Announced<'a> {
    Executable(&'a str),
    DocTests(&'a str),
}

impl CargoTest {
    /// For the tests of `parts`; `ran` says which executables these are, none for doc tests.
    pub fn new(parts: Vec<Part>, ran: Option<Ran>) -> Self {
        let package =
            |part: Part| Package { reader: Libtest::new(&part.repeat), part, ran: false, worst: Exit::Code(0) };
        Self {
            packages: parts.into_iter().map(package).collect(),
            executables: ran,
            due: Vec::new(),
            current: None,
            head: Libtest::new(&Rerun::Line(String::new())),
            failed_besides: false,
            ran: false,
        }
    }

    fn announce(&mut self, announced: &Announced<'_>) {
        self.end_current();
        self.ran = true;
        let (index, binary) = match announced {
            Announced::Executable(path) => {
                let at = self.due.iter().position(|binary| is_at(&binary.path, path));
                let binary = at.map(|at| self.due.swap_remove(at));
                let owner = binary.as_ref().map(|it| it.package.as_str());
                (self.packages.iter().position(|package| Some(package.part.id.as_str()) == owner), binary)
            }
            // Two libraries of one name are announced one after the other.
            Announced::DocTests(name) => {
                (self.packages.iter().position(|it| it.part.crate_name == *name && !it.ran), None)
            }
        };
        // Arguments of cargo that select a kind of target also select what the manifest turns off.
        let Some(index) = index else { return };
        let package = &mut self.packages[index];
        package.ran = true;
        match binary {
            Some(binary) => package.reader.next_binary(&binary),
            None => package.reader.see_built(),
        }
        self.current = Some((index, Exit::Code(0)));
    }

    /// Takes how an executable has ended from what cargo says after it.
    fn see_exit(&mut self, line: &str) {
        let failed = line.starts_with("error: ") && line.contains("test failed, to rerun pass ");
        let Some((_, exit)) = &mut self.current else {
            self.failed_besides |= failed && self.ran;
            return;
        };
        if failed {
            *exit = Exit::Code(101);
        } else if let Some((_, how)) =
            line.trim_start().rsplit_once(" (").filter(|_| line.contains("process didn't exit"))
        {
            let number = |word: &str| how.strip_prefix(word)?.split([')', ',']).next()?.trim().parse().ok();
            *exit =
                number("exit status:").map(Exit::Code).or_else(|| number("signal:").map(Exit::Signal)).unwrap_or(*exit);
        }
    }

    fn end_current(&mut self) {
        let Some((index, exit)) = self.current.take() else { return };
        let package = &mut self.packages[index];
        package.reader.finish_binary(exit);
        if !exit.is_ok() {
            package.worst = exit;
        }
    }
}

impl Read for CargoTest {
    fn start(&self, _: &Path, built: &[Binary]) -> Box<dyn Read> {
        let integration = self.executables.as_ref().map(|ran| ran.integration);
        let is_kind = |binary: &Binary| binary.test && Some(binary.kind == "test") == integration;
        let is_own = |binary: &Binary| self.packages.iter().any(|package| package.part.id == binary.package);
        let due = built.iter().filter(|binary| is_kind(binary) && is_own(binary)).cloned().collect();
        Box::new(Self { due, ..self.clone() })
    }

    fn works_on(&self) -> Option<&TaskId> {
        self.executables.as_ref().map(|ran| &ran.compiled_by)
    }

    fn line(&mut self, _: Stream, line: &[u8]) {
        let shown = text(line);
        let listing = self.current.as_ref().is_some_and(|(index, _)| self.packages[*index].reader.is_listing());
        if let Some(announced) = announced(&shown).filter(|_| !listing) {
            return self.announce(&announced);
        }
        if !listing {
            self.see_exit(&shown);
        }
        match &self.current {
            Some((index, exit)) if exit.is_ok() => self.packages[*index].reader.line(Stream::Stdout, line),
            None if !self.ran => self.head.line(Stream::Stderr, line),
            // What cargo says about a failure is not output of the tests.
            Some(_) | None => {}
        }
    }

    fn finish(mut self: Box<Self>, exit: Exit, cut: bool) -> Reading {
        self.end_current();
        if !self.ran {
            return Box::new(self.head).finish(exit, cut);
        }
        if matches!(exit, Exit::Signal(_)) {
            return environment_error(format!("cargo {exit}"));
        }
        if let Some(due) = self.due.first() {
            return environment_error(format!("cargo did not run {due}, which it has compiled"));
        }
        let mut reading = Reading::passed();
        for package in self.packages {
            let part = if package.ran {
                Box::new(package.reader).finish(package.worst, cut)
            } else {
                Reading::because(Outcome::NothingToDo, "no tests")
            };
            reading.parts.insert(package.part.package, part);
        }
        let explained = self.failed_besides || reading.parts.values().any(|part| part.outcome.is_bad());
        if !exit.is_ok() && !explained {
            reading.outcome = Outcome::Failed;
            reading.because = Some(format!("cargo {exit} and no test failed"));
        }
        reading
    }
}

/// `     Running unittests src/lib.rs (target/debug/deps/a-31105)` and `   Doc-tests a`.
fn announced(line: &str) -> Option<Announced<'_>> {
    if let Some(name) = line.strip_prefix("   Doc-tests ") {
        return Some(Announced::DocTests(name));
    }
    let (_, path) = line.strip_prefix("     Running ")?.rsplit_once(" (")?;
    path.strip_suffix(')').map(Announced::Executable)
}

/// Whether an executable is at a path that cargo has shortened.
fn is_at(executable: &Path, shown: &str) -> bool {
    executable.ends_with(shown.trim_start_matches("./"))
}

#[cfg(test)]
mod tests;
