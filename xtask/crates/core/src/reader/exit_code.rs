//! Reads a command by its exit code alone.

use super::complaints::Complaints;
use super::{Read, text};
use crate::command::{Exit, Stream};
use crate::outcome::Outcome;
use crate::reading::{Binary, Reading};
use std::path::Path;

/// Keeps nothing: the log has the output.
#[derive(Clone, Debug)]
pub struct ExitCode;

impl Read for ExitCode {
    fn start(&self, _: &Path, _: &[Binary]) -> Box<dyn Read> {
        Box::new(self.clone())
    }

    fn wants_every_line(&self) -> bool {
        false
    }

    fn line(&mut self, _: Stream, _: &[u8]) {}

    fn finish(self: Box<Self>, exit: Exit, _: bool) -> Reading {
        match exit {
            Exit::Code(0) => Reading::passed(),
            // How a shell and `env` report a program that is missing or cannot be executed.
            Exit::Code(126 | 127) => {
                Reading::because(Outcome::EnvironmentError, format!("{exit}: the program is missing or cannot be run"))
            }
            Exit::Code(_) => Reading::because(Outcome::Failed, exit.to_string()),
            Exit::Signal(_) => Reading::because(Outcome::EnvironmentError, exit.to_string()),
        }
    }
}

/// The same for an installation: a failure there is the environment's, not a gate's.
#[derive(Clone, Debug, Default)]
pub struct Installation(Complaints);

impl Read for Installation {
    fn start(&self, _: &Path, _: &[Binary]) -> Box<dyn Read> {
        Box::new(self.clone())
    }

    fn line(&mut self, stream: Stream, line: &[u8]) {
        if stream == Stream::Stderr {
            self.0.see(&text(line));
        }
    }

    fn finish(self: Box<Self>, exit: Exit, _: bool) -> Reading {
        if exit.is_ok() {
            return Reading::passed();
        }
        let why = self.0.error().map_or_else(|| exit.to_string(), |error| format!("{exit}: {error}"));
        Reading::because(Outcome::EnvironmentError, why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(exit: Exit, outcome: Outcome, because: Option<&str>) {
        let reading = Box::new(ExitCode).finish(exit, false);
        assert_eq!((reading.outcome, reading.because.as_deref()), (outcome, because));
    }

    #[test]
    fn an_installation_that_fails_says_why() {
        let mut reader = Box::new(Installation::default());
        reader.line(Stream::Stderr, b"error: could not find `cargo-audit` in registry `crates-io`");
        let reading = reader.finish(Exit::Code(101), false);
        let because = "exited with code 101: could not find `cargo-audit` in registry `crates-io`";
        assert_eq!((reading.outcome, reading.because.as_deref()), (Outcome::EnvironmentError, Some(because)));
    }

    #[test]
    fn the_exit_decides() {
        case(Exit::Code(0), Outcome::Passed, None);
        case(Exit::Code(3), Outcome::Failed, Some("exited with code 3"));
        case(
            Exit::Code(127),
            Outcome::EnvironmentError,
            Some("exited with code 127: the program is missing or cannot be run"),
        );
        case(Exit::Signal(9), Outcome::EnvironmentError, Some("was killed by SIGKILL (out of memory?)"));
        case(Exit::Signal(250), Outcome::EnvironmentError, Some("was killed by signal 250"));
    }
}
