//! Reads libtest's text: one or several test executables in sequence, or `cargo test --doc`.
//!
//! The line `test result:` counts, and only when it agrees with `running N tests` and with the exit; lines of single
//! tests provide the names. An executable that ends without its result line has failed, whatever code it exited with.

mod block;
mod lines;
mod repeat;
#[cfg(test)]
mod tests;

use super::rerun::Rerun;
use block::{Block, Tail};
use repeat::Repeat;
use std::fmt;
use std::path::Path;
use xtask_core::command::{Exit, Stream};
use xtask_core::outcome::{Outcome, TestCounts};
use xtask_core::reader::complaints::Complaints;
use xtask_core::reader::{Read, environment_error, text};
use xtask_core::reading::{Binary, FailedTest, Reading};
use xtask_core::text::count;

/// The most failed tests whose output is kept; the log has the others.
const KEPT: usize = 200;

/// What the tests have said so far.
#[derive(Clone, Debug)]
pub struct Libtest {
    repeat: Repeat,
    /// The executable that runs, when the caller announces them.
    binary: Option<String>,
    /// Whether the caller announces executables; else all output is that of `cargo test`.
    announced: bool,
    block: Option<Block>,
    /// Blocks of the running executable, or of the whole output, that are closed.
    blocks: usize,
    tail: Tail,
    overflowed: Option<String>,
    counts: TestCounts,
    failed: Vec<FailedTest>,
    more_failed: usize,
    /// What went wrong besides failing tests: executables that ended early or exited badly.
    trouble: Vec<String>,
    /// How many of the failed tests represent an executable that ended early.
    ended_early: u64,
    /// Executables without libtest that exited well.
    own_harness: Vec<String>,
    /// Tests were only listed, or help was printed: `--list` and `--help` run nothing.
    no_run: bool,
    /// Cargo has said that it built everything.
    built: bool,
    complaints: Complaints,
}

impl Libtest {
    /// `repeat` is the command that runs its tests again.
    pub fn new(repeat: &Rerun) -> Self {
        Self {
            repeat: Repeat::new(repeat),
            binary: None,
            announced: false,
            block: None,
            blocks: 0,
            tail: Tail::default(),
            overflowed: None,
            counts: TestCounts::default(),
            failed: Vec::new(),
            more_failed: 0,
            trouble: Vec::new(),
            ended_early: 0,
            own_harness: Vec::new(),
            no_run: false,
            built: false,
            complaints: Complaints::default(),
        }
    }

    fn stdout(&mut self, line: &str) {
        self.no_run |= self.block.is_none() && lines::no_run(line);
        // An announced executable has one block: a second opening is something that a test prints.
        let may_open = match &self.block {
            None => !self.announced || self.blocks == 0,
            Some(block) => !self.announced && block.may_be_over(),
        };
        match lines::running(line).filter(|_| may_open) {
            Some(tests) => {
                self.close_block(None);
                self.block = Some(Block::new(tests));
            }
            None => {
                if let Some(block) = &mut self.block {
                    block.line(line, &mut self.repeat);
                }
            }
        }
    }

    fn stderr(&mut self, line: &str) {
        if let Some(test) = lines::overflowed(line) {
            self.overflowed = Some(test.to_owned());
        }
        if !self.announced {
            self.built |= line.trim_start().starts_with("Finished `");
            self.complaints.see(line);
        }
    }

    /// Adds a block's results; `exit` is that of its executable, when it is known.
    fn close_block(&mut self, exit: Option<Exit>) {
        let Some(block) = self.block.take() else { return };
        self.blocks += 1;
        let block = block.close();
        self.counts += block.counts;
        block.failed.into_iter().for_each(|(name, output)| self.fail(name, output, String::new()));
        if !block.complete {
            let how = match exit {
                Some(Exit::Code(code)) if self.announced => format!("ended early with exit code {code}"),
                Some(signal @ Exit::Signal(_)) => signal.to_string(),
                _ => "ended early".to_owned(),
            };
            let reported = block.counts.ran() + block.counts.ignored;
            let suspect = self.overflowed.take().or(block.started);
            let whom = self.binary.as_deref().unwrap_or("a test executable").to_owned();
            self.trouble.push(match &suspect {
                Some(test) => format!("{whom} {how} while {test} ran"),
                None => format!("{whom} {how} when {reported} of {} had reported", tests(block.announced)),
            });
            self.counts.failed += 1;
            self.ended_early += 1;
            match suspect {
                Some(test) => self.die(test, String::new()),
                None => self.die(whom, self.repeat.all()),
            }
        }
    }

    /// Keeps the last lines as the output of a test, or of an executable, that brought everything down.
    fn die(&mut self, name: String, repeat: String) {
        let output = std::mem::take(&mut self.tail).into_text();
        self.fail(name, output, repeat);
    }

    /// Keeps a failed test. Its command may be empty: it is made at the end, when all tests are known that it must be
    /// distinguished from.
    fn fail(&mut self, name: String, output: String, repeat: String) {
        // Another executable may have a test of this name.
        let repeat = if self.announced && repeat.is_empty() { self.repeat.of(&name) } else { repeat };
        if self.failed.len() < KEPT {
            self.failed.push(FailedTest { name, output, repeat });
        } else {
            self.more_failed += 1;
        }
    }

    /// The announced executable has ended.
    fn end_binary(&mut self, exit: Exit) {
        let Some(binary) = self.binary.clone() else { return };
        let (failed, trouble) = (self.counts.failed, self.trouble.len());
        self.close_block(Some(exit));
        let quiet = self.counts.failed == failed && self.trouble.len() == trouble;
        match (self.blocks, exit.is_ok()) {
            (0, true) if self.no_run => {}
            (0, true) => self.own_harness.push(binary),
            (0, false) => self.broken(binary, format_args!("{exit} before it ran a test")),
            (_, false) if quiet => self.broken(binary, format_args!("{exit} although its tests passed")),
            _ => {}
        }
        self.binary = None;
    }

    fn broken(&mut self, binary: String, how: fmt::Arguments<'_>) {
        self.trouble.push(format!("{binary} {how}"));
        self.die(binary, self.repeat.all());
    }

    /// Cargo has built what it runs now.
    pub(super) fn see_built(&mut self) {
        self.built = true;
    }

    /// Whether the tests of an executable are being listed: whatever is printed now may be theirs.
    pub(super) fn is_listing(&self) -> bool {
        self.block.as_ref().is_some_and(|block| !block.may_be_over())
    }

    /// What the end of `cargo test` itself adds: `Some` when there is nothing else to report.
    fn end_of_cargo(&mut self, exit: Exit) -> Option<Reading> {
        self.close_block(Some(exit));
        let failed = self.counts.failed > 0 || !self.trouble.is_empty();
        match exit {
            Exit::Signal(_) if !failed => Some(environment_error(format!("cargo {exit}"))),
            Exit::Code(0) if self.blocks == 0 && !self.built => Some(environment_error("the output names no tests")),
            Exit::Code(code) if code != 0 && !failed => {
                let error = self.complaints.error();
                let blamed = error.is_some() && !self.complaints.environment();
                let because = error.unwrap_or_else(|| format!("it {exit} and no test failed"));
                let outcome = if blamed || self.blocks > 0 { Outcome::Failed } else { Outcome::EnvironmentError };
                Some(Reading::because(outcome, because))
            }
            _ => None,
        }
    }

    /// The reading that the counts and the troubles make.
    fn verdict(&self) -> Reading {
        // The trouble covers those that brought their executable down.
        let plain = self.counts.failed.saturating_sub(self.ended_early);
        let failed = (plain > 0).then(|| format!("{} failed", tests(plain)));
        let because: Vec<String> = failed.into_iter().chain(self.trouble.iter().cloned()).collect();
        match because.as_slice() {
            [] if self.counts.ran() > 0 || !self.own_harness.is_empty() => Reading::passed(),
            [] if self.counts.ignored > 0 => {
                let ignored = format!("no tests ran: {} ignored", tests(self.counts.ignored));
                Reading::because(Outcome::NothingToDo, ignored)
            }
            [] if self.no_run => Reading::because(Outcome::NothingToDo, "no tests ran: `--list` and `--help` run none"),
            [] => Reading::because(Outcome::NothingToDo, "no tests"),
            parts => Reading::because(Outcome::Failed, parts.join("; ")),
        }
    }
}

impl Read for Libtest {
    fn start(&self, _: &Path, _: &[Binary]) -> Box<dyn Read> {
        Box::new(self.clone())
    }

    fn next_binary(&mut self, binary: &Binary) {
        self.announced = true;
        // An executable whose end was not announced: its exit is unknown, and its missing result line is noticed all
        // the same.
        self.close_block(None);
        self.binary = Some(binary.to_string());
        self.repeat.of_target(binary);
        self.blocks = 0;
        self.tail = Tail::default();
        self.overflowed = None;
    }

    fn finish_binary(&mut self, exit: Exit) {
        self.end_binary(exit);
    }

    fn line(&mut self, stream: Stream, line: &[u8]) {
        let line = text(line);
        match stream {
            Stream::Stdout => self.stdout(&line),
            Stream::Stderr => self.stderr(&line),
        }
        self.tail.push(&line);
    }

    // A test printed a line that was cut: libtest's own are short, and one that is missing is noticed.
    fn finish(mut self: Box<Self>, exit: Exit, _: bool) -> Reading {
        let ended = if self.announced {
            self.end_binary(exit);
            None
        } else {
            self.end_of_cargo(exit)
        };
        let mut reading = ended.unwrap_or_else(|| self.verdict());
        if !exit.is_ok() && !reading.outcome.is_bad() {
            reading = Reading::because(Outcome::Failed, format!("it {exit} and no test failed"));
        }
        for test in self.failed.iter_mut().filter(|test| test.repeat.is_empty()) {
            test.repeat = self.repeat.of(&test.name);
        }
        if self.more_failed > 0 {
            reading.notes.push(format!("{} only in the log", count(self.more_failed, "more failed test")));
        }
        for binary in &self.own_harness {
            reading.notes.push(format!("{binary} has a harness of its own: its exit counts, its tests do not"));
        }
        reading.tests = Some(self.counts);
        reading.failed_tests = self.failed;
        reading
    }
}

/// `3 tests`, of a number that libtest printed.
fn tests(n: u64) -> String {
    count(usize::try_from(n).unwrap_or(usize::MAX), "test")
}
