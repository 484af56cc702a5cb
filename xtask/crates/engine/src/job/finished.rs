//! The result of a task.

use super::Kept;
use xtask_core::error::{Error, Exit};
use xtask_core::reading::Reading;
use xtask_core::text;

/// The result of a task.
pub struct Finished {
    /// What its output said.
    pub reading: Reading,
    /// The code of its process.
    pub exit_code: Option<i32>,
    /// The last lines that people may want to see.
    pub tail: Vec<String>,
    /// What it keeps running for those after it.
    pub kept: Option<Box<dyn Kept>>,
    /// The exit code of a run in which it blocks and has ended badly, where that says more than its outcome.
    pub exit: Option<Exit>,
    /// The panic that ended it.
    pub panic: Option<String>,
}

impl Finished {
    /// With this reading and nothing else.
    pub fn new(reading: Reading) -> Self {
        Self { reading, exit_code: None, tail: Vec::new(), kept: None, exit: None, panic: None }
    }

    /// For a task that could not do its work.
    pub fn error(error: &Error) -> Self {
        let text = error.to_string();
        let mut finished = Self::new(Reading::environment(error.headline()));
        finished.reading.cause = error.cause().cloned().or(finished.reading.cause);
        finished.tail = text.lines().map(text::sanitise).collect();
        finished
    }
}
