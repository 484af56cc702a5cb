//! Reads what xtask's own `notify` says, on stderr: who was notified, why no notification was sent, or an error.

use xtask_core::command::{Exit, Stream};
const NOTHING_SENT: &str = "nothing was sent: ";
const TOLD: &str = "sent to ";
use std::path::Path;
use xtask_core::outcome::Outcome;
use xtask_core::reader::{Read, environment_error, text};
use xtask_core::reading::{Binary, Reading};

/// What was said so far.
#[derive(Clone, Debug, Default)]
pub struct Notified {
    told: Option<String>,
    nothing: Option<String>,
    error: Option<String>,
    warnings: Vec<String>,
}

impl Read for Notified {
    fn start(&self, _: &Path, _: &[Binary]) -> Box<dyn Read> {
        Box::new(self.clone())
    }

    fn line(&mut self, stream: Stream, line: &[u8]) {
        if stream == Stream::Stdout {
            return;
        }
        let line = text(line);
        if line.starts_with(TOLD) {
            self.told = Some(line.into_owned());
        } else if let Some(why) = line.strip_prefix(NOTHING_SENT) {
            self.nothing = Some(why.to_owned());
        } else if let Some(error) = line.strip_prefix("error: ") {
            self.error.get_or_insert_with(|| error.to_owned());
        } else if let Some(warning) = line.strip_prefix("warning: ") {
            self.warnings.push(warning.to_owned());
        }
    }

    fn finish(self: Box<Self>, exit: Exit, _: bool) -> Reading {
        let reading = match (exit, self.told, self.nothing) {
            (Exit::Code(0), Some(told), _) => Reading::because(Outcome::Passed, told),
            (Exit::Code(0), None, Some(why)) => Reading::because(Outcome::NothingToDo, why),
            (Exit::Code(0), None, None) => environment_error("it did not say whom it has told"),
            // Nothing that it finds is a gate: it could not do its work.
            _ => environment_error(self.error.unwrap_or_else(|| exit.to_string())),
        };
        Reading { notes: self.warnings, ..reading }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(lines: &[&str], exit: Exit, outcome: Outcome, because: &str) -> Reading {
        let mut reader = Box::new(Notified::default());
        for line in lines {
            reader.line(Stream::Stderr, line.as_bytes());
        }
        let reading = reader.finish(exit, false);
        assert_eq!((reading.outcome, reading.because.as_deref()), (outcome, Some(because)));
        reading
    }

    #[test]
    fn it_says_whom_it_told_or_why_nobody() {
        let reading = case(&["sent to Slack", "warning: w"], Exit::Code(0), Outcome::Passed, "sent to Slack");
        assert_eq!(reading.notes, ["w"]);
        case(&["nothing was sent: as before"], Exit::Code(0), Outcome::NothingToDo, "as before");
        case(&[], Exit::Code(0), Outcome::EnvironmentError, "it did not say whom it has told");
        let lines =
            ["sent to Slack", "error: cannot notify the webhook: it refuses with status 404", "hint: make a new one"];
        let why = "cannot notify the webhook: it refuses with status 404";
        case(&lines, Exit::Code(3), Outcome::EnvironmentError, why);
        case(&[], Exit::Signal(9), Outcome::EnvironmentError, "was killed by SIGKILL (out of memory?)");
    }
}
