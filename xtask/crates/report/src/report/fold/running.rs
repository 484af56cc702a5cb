//! The tasks that run at a moment: since when, with which command, last line and parts.

use std::sync::Arc;
use xtask_core::event::{Counts, Kind};
use xtask_core::ids::{StageId, TaskId};

/// A run at one moment, for a display that draws it on a thread of its own. Cheap to take: the rows are shared with the
/// fold until they change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moment {
    /// How many tasks are in which state, as in the summary.
    pub counts: Counts,
    /// The tasks that run, the oldest first, so that rows do not change places.
    pub running: Vec<Arc<Running>>,
    /// Whether the run is being stopped.
    pub stopping: bool,
    /// Milliseconds since the run started.
    pub elapsed_ms: u64,
}

/// A task that runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Running {
    /// The task.
    pub task: TaskId,
    /// Its stage.
    pub stage: StageId,
    /// The package that it is about.
    pub service: Option<String>,
    /// When it started, in milliseconds since the run did.
    pub since_ms: u64,
    /// How it began.
    pub begun: Begun,
    /// The last line that it has printed, of those that are not blank. Records have no output, so it is empty there.
    pub last_line: String,
    /// Its parts that are not done, each with its state.
    pub parts: Vec<(String, String)>,
}

/// How a task began.
#[derive(Clone, Debug, PartialEq)]
pub struct Begun {
    /// The command, quoted for a shell in the workspace's root.
    pub command: String,
    /// Why it runs although it has an earlier result.
    pub not_cached: Option<String>,
}

impl Running {
    /// Applies an event about this task that does not end it.
    pub(super) fn on(&mut self, kind: &Kind) {
        match kind {
            Kind::TaskOutput { line, .. } if !line.trim().is_empty() => self.last_line.clone_from(line),
            Kind::TaskNotCached { because, .. } => self.begun.not_cached = Some(because.clone()),
            Kind::TaskPart { part, line, done, .. } => self.on_part(part, line, *done),
            _ => {}
        }
    }

    fn on_part(&mut self, part: &str, line: &str, done: bool) {
        if done {
            self.parts.retain(|(known, _)| known != part);
        } else if let Some((_, known)) = self.parts.iter_mut().find(|(known, _)| known == part) {
            line.clone_into(known);
        } else {
            self.parts.push((part.to_owned(), line.to_owned()));
        }
    }
}
