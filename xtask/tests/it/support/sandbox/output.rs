//! The result of a run of xtask: what it printed and its exit code, to be looked at in part or as a whole.

use super::redact;
use std::fmt;

/// The result of a run of xtask. As text it is the whole of it, for a snapshot: the exit code, then each stream that was
/// written to, without what differs between machines.
#[derive(Debug)]
pub struct Output {
    /// What it wrote to stdout, redacted.
    pub stdout: String,
    /// What it wrote to stderr, redacted.
    pub stderr: String,
    /// The exit code; 128 plus the number of the signal that killed it.
    pub code: i32,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit code {}", self.code)?;
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                write!(f, "\n----- {name} -----\n{}", redact::machine(text))?;
            }
        }
        Ok(())
    }
}

impl Output {
    /// Fails the test, with everything that was printed, unless the exit code is this one.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "exit code; stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Fails the test, with everything that was printed, unless stderr holds this text.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "{text:?} is missing; stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Fails the test, with everything that was printed, unless stdout holds this text.
    #[track_caller]
    pub fn prints(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "{text:?} is missing; stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// The output without the lines in which a task reports its progress: which of them there are depends on when it looked.
    pub fn results(&self) -> Self {
        let is_progress = |line: &str| {
            let task = line.strip_prefix("  ").and_then(|rest| rest.split_once("  ")).map_or("", |(task, _)| task);
            task.contains(':') && !task.contains(' ')
        };
        let lines = self.stderr.lines().filter(|line| !is_progress(line));
        Self { stdout: self.stdout.clone(), stderr: lines.collect::<Vec<_>>().join("\n"), code: self.code }
    }

    /// The last line of stderr: the verdict.
    pub fn verdict(&self) -> &str {
        self.stderr.lines().last().unwrap_or_default()
    }
}
