//! Work that a job does in the process: its log, when it must have ended, and how it ends when it could not be done.

use super::images::failed;
use std::fs::File;
use std::io::Write as _;
use std::time::Duration;
use xtask_core::command::Stream;
use xtask_core::error::Result;
use xtask_core::text;
use xtask_engine::job::{Desk, Finished, Inputs, Shown};
use xtask_process::process::{End, Ended, Level, awake};

/// What such work has at hand.
pub(super) struct Bench<'a> {
    /// What the task gets from the run.
    pub(super) inputs: &'a Inputs,
    /// When it must have ended, by the clock of [`awake`].
    pub(super) until: Duration,
    /// Its log.
    pub(super) log: Log<'a>,
}

/// Does `work` as the task at this desk. When the run is stopped or the task's time is up, what it asks ends, and so the
/// error of the work is only a consequence.
pub(super) fn perform(desk: &mut dyn Desk, work: impl FnOnce(&Bench<'_>) -> Result<Finished>) -> Finished {
    let until = awake().saturating_add(desk.timeout());
    let finished = {
        let bench = Bench { inputs: desk.inputs(), until, log: Log::new(desk) };
        work(&bench).unwrap_or_else(|error| {
            for line in error.to_string().lines() {
                bench.log.note(line);
            }
            failed(&error)
        })
    };
    let end = match desk.inputs().stop.level() {
        _ if !finished.reading.outcome.is_bad() => None,
        Level::None => (awake() >= until).then_some(End::TimedOut),
        Level::Terminate | Level::Kill => Some(End::Cancelled),
    };
    end.map_or(finished, |end| desk.finish(&Ended::without_output(end)))
}

/// The log of a task that works in the process. Secrets are redacted in it.
pub(super) struct Log<'a> {
    desk: &'a dyn Desk,
    /// A full disk costs the log and nothing else.
    file: Option<File>,
}

impl<'a> Log<'a> {
    /// Starts the log.
    pub(super) fn new(desk: &'a dyn Desk) -> Self {
        Self { desk, file: File::create(&desk.inputs().log).ok() }
    }

    /// A text without secrets, fit for a terminal.
    pub(super) fn clean(&self, text: &str) -> String {
        text::sanitise(&self.desk.inputs().surroundings.secrets.hide(text))
    }

    /// Writes a line, and shows it.
    pub(super) fn say(&self, line: &str) {
        self.note(line);
        self.desk.show(Shown::Line(Stream::Stderr, self.clean(line)));
    }

    /// Writes a line.
    pub(super) fn note(&self, line: &str) {
        let _ = self.file.as_ref().map(|mut file| writeln!(file, "{}", self.clean(line)));
    }
}
