//! One block of libtest's text: from `running N tests` to its `test result:` line, if that ever comes.

use super::lines::{self, Mark};
use super::repeat::Repeat;
use std::collections::VecDeque;
use xtask_core::outcome::TestCounts;
use xtask_core::text;

/// The lines kept of one test's output, and the bytes.
const LINES: usize = 100;
const BYTES: usize = 32 * 1024;

/// The most failed tests that are distinguished in one block.
const FAILING: usize = 500;

/// The lines kept of a backtrace: those that name the test's own code come first.
const FRAMES: usize = 12;

/// The last lines of something. Of a backtrace the first ones are kept, so that the panic before it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Tail {
    lines: VecDeque<String>,
    bytes: usize,
    /// How many lines of a backtrace have arrived, while one is being printed.
    frames: Option<usize>,
}

impl Tail {
    pub(super) fn push(&mut self, line: &str) {
        match self.frames {
            Some(frames) if lines::frame(line) => {
                self.frames = Some(frames + 1);
                if frames >= FRAMES {
                    return;
                }
            }
            _ => {
                self.end_backtrace();
                self.frames = (line == "stack backtrace:").then_some(0);
            }
        }
        self.keep(line);
    }

    fn end_backtrace(&mut self) {
        if let Some(more) = self.frames.take().and_then(|frames| frames.checked_sub(FRAMES)).filter(|more| *more > 0) {
            self.keep(&format!("  [{} of the backtrace only in the log]", text::count(more, "more line")));
        }
    }

    fn keep(&mut self, line: &str) {
        let mut kept = String::new();
        self.bytes += line.len();
        while self.lines.len() >= LINES || self.bytes > BYTES {
            let Some(first) = self.lines.pop_front() else { break };
            self.bytes -= first.len();
            // Its memory is used again: a test may print millions of lines.
            kept = first;
        }
        kept.clear();
        kept.push_str(line);
        self.lines.push_back(kept);
    }

    pub(super) fn into_text(mut self) -> String {
        self.end_backtrace();
        Vec::from(self.lines).join("\n").trim_matches('\n').to_owned()
    }
}

/// A block that is being printed.
#[derive(Clone, Debug)]
pub(super) struct Block {
    announced: u64,
    seen: TestCounts,
    result: Option<TestCounts>,
    /// The test whose line has begun and not ended.
    started: Option<String>,
    failing: Vec<(String, String)>,
    /// Whether the single tests are over and their outputs are being listed.
    reporting: bool,
    section: Option<Section>,
    /// The names under the last `failures:`.
    listed: Vec<String>,
}

/// The output of one failed test.
#[derive(Clone, Debug)]
struct Section {
    test: usize,
    tail: Tail,
    /// What it was at the last `failures:`, which may be libtest's own that ends it.
    at_failures: Option<Tail>,
}

/// The result of a block.
pub(super) struct Closed {
    pub(super) announced: u64,
    pub(super) counts: TestCounts,
    /// Whether its result line came.
    pub(super) complete: bool,
    pub(super) started: Option<String>,
    /// The failed tests and what they printed.
    pub(super) failed: Vec<(String, String)>,
}

impl Block {
    pub(super) fn new(announced: u64) -> Self {
        Self {
            announced,
            seen: TestCounts::default(),
            result: None,
            started: None,
            failing: Vec::new(),
            reporting: false,
            section: None,
            listed: Vec::new(),
        }
    }

    /// Whether another block may follow here: not in the middle of a failed test's output.
    pub(super) fn may_be_over(&self) -> bool {
        self.result.is_some() || !self.reporting
    }

    pub(super) fn line(&mut self, line: &str, repeat: &mut Repeat) {
        // A test may print a line like this one: the last that fits the announced number is libtest's.
        if let Some(result) = lines::result(line)
            && result.ran() + result.ignored == self.announced
        {
            self.result = Some(result);
        } else if self.reporting {
            self.report(line);
        } else if let Some((name, mark)) = lines::test(line) {
            repeat.see(name);
            match mark {
                Some(mark) => self.ended(name.to_owned(), mark),
                None => self.started = Some(name.to_owned()),
            }
        } else if let Some(mark) = lines::late_mark(line)
            && let Some(name) = self.started.take()
        {
            self.ended(name, mark);
        } else if (line == "failures:" && (self.seen.failed > 0 || (self.quiet() && self.started.is_none())))
            || line == "successes:"
        {
            self.reporting = true;
        }
    }

    fn ended(&mut self, name: String, mark: Mark) {
        self.started = None;
        match mark {
            Mark::Ok => self.seen.passed += 1,
            Mark::Ignored => self.seen.ignored += 1,
            Mark::Failed => {
                self.seen.failed += 1;
                self.failing(name);
            }
        }
    }

    /// Whether tests have no lines of their own (`--quiet` prints a dot for each): then the report names those that failed.
    fn quiet(&self) -> bool {
        self.seen == TestCounts::default() && self.announced > 0
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.failing.iter().position(|(failing, _)| failing == name)
    }

    fn failing(&mut self, name: String) {
        if self.failing.len() < FAILING {
            self.failing.push((name, String::new()));
        }
    }

    /// A line after the single tests: outputs, then the list of names.
    fn report(&mut self, line: &str) {
        let name = lines::section(line);
        if let Some(name) = name.filter(|name| self.quiet() && self.position(name).is_none()) {
            self.failing(name.to_owned());
        }
        if let Some(test) = name.and_then(|name| self.position(name)) {
            self.end_section();
            self.section = Some(Section { test, tail: Tail::default(), at_failures: None });
            return;
        }
        let name = line.strip_prefix("    ");
        if line == "failures:" {
            self.listed.clear();
        } else if let Some(name) = name
            && self.listed.len() < FAILING
        {
            self.listed.push(name.to_owned());
        }
        if let Some(section) = &mut self.section {
            if line == "failures:" {
                section.at_failures = Some(section.tail.clone());
            } else if name.is_none() && !line.is_empty() {
                // Neither a name nor the end: the test itself had printed `failures:`.
                section.at_failures = None;
            }
            section.tail.push(line);
        }
    }

    fn end_section(&mut self) {
        if let Some(section) = self.section.take() {
            self.failing[section.test].1 = section.at_failures.unwrap_or(section.tail).into_text();
        }
    }

    pub(super) fn close(mut self) -> Closed {
        self.end_section();
        if let Some(result) = self.result {
            // With `--nocapture` a test's line may be torn apart; the list at the end has its name.
            for name in std::mem::take(&mut self.listed) {
                if self.position(&name).is_none() && (self.failing.len() as u64) < result.failed {
                    self.failing(name);
                }
            }
        }
        Closed {
            announced: self.announced,
            counts: self.result.unwrap_or(self.seen),
            complete: self.result.is_some(),
            started: self.started,
            failed: self.failing,
        }
    }
}
