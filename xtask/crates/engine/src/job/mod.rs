//! What a task does, as an interface. The plan holds jobs, the executor performs them, and neither knows what they are:
//! a job is a type of the domain that it is about.

mod confidential;
mod events;
mod finished;
mod inputs;
mod runtime;
mod spawn;

pub use confidential::Confidential;
pub use events::Events;
pub use finished::Finished;
pub use inputs::Inputs;
pub use runtime::Runtime;
pub use spawn::Spawn;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use xtask_core::command::{Command, Stream};
use xtask_core::error::Result;
use xtask_core::ids::TaskId;
use xtask_core::reader::Read;
use xtask_core::reading::Lost;
use xtask_process::process::{Ended, Stop};

/// What a task does when it is its turn.
pub trait Job: fmt::Debug + Send + Sync {
    /// Performs it, on a slot of the run.
    fn perform(&self, desk: &mut dyn Desk) -> Finished;

    /// What it does where it does not run its task's command, as an imperative: people see this in place of that
    /// command. Every job decides it, so that no plan shows a command that never runs.
    fn sentence(&self) -> Option<String>;

    /// What it does besides running its task's command, for people who read the plan.
    fn aside(&self) -> Option<String> {
        None
    }

    /// The task whose result it works with.
    fn works_on(&self) -> Option<&TaskId> {
        None
    }

    /// The text that it writes, where that is worth printing on its own: a Dockerfile.
    fn text(&self) -> Option<&str> {
        None
    }
}

/// What a job works with: the run's inputs, and the way to start a child whose output the task's reader reads.
pub trait Desk {
    /// What the task gets from the run and from the tasks before it.
    fn inputs(&self) -> &Inputs;

    /// The task's command, in the task's environment.
    fn command(&self) -> Command;

    /// Another command in the task's environment, which takes precedence over the variables `below`.
    fn equip(&self, command: Command, below: BTreeMap<String, String>) -> Command;

    /// Runs a command to its end and reads what it prints.
    fn run(&mut self, command: &Command) -> Finished;

    /// Runs a command whose standard output is one document rather than lines to read.
    fn ask(&mut self, command: &Command) -> (Finished, Vec<u8>);

    /// Runs one of several commands, all of which the reader reads, for at most `timeout`.
    fn listen(&mut self, command: &Command, timeout: Duration) -> Result<Ended>;

    /// The reader of the task's output.
    fn reader(&mut self) -> &mut dyn Read;

    /// How long the task may take.
    fn timeout(&self) -> Duration;

    /// The reader's result for everything it listened to; `ended` is how the last or the worst command ended.
    fn finish(&mut self, ended: &Ended) -> Finished;

    /// Shows a line of the task, or how a part of it is doing.
    fn show(&self, shown: Shown);
}

/// What a job shows while it is performed; fit for a terminal.
pub enum Shown {
    /// A line of the task.
    Line(Stream, String),
    /// How a part of the task is doing.
    Part {
        /// The part: a service.
        part: String,
        /// How it is doing.
        line: String,
        /// Whether that is its end.
        done: bool,
    },
}

/// What a task keeps running for those after it, until the last one that takes its environment from it has ended.
pub trait Kept: Send {
    /// What the tasks after it watch to notice that it died.
    fn watches(&self) -> Vec<Arc<dyn Watched>>;

    /// Shuts it down; returns what could not be removed.
    fn stop(self: Box<Self>) -> Vec<String>;
}

/// Something that may die while tasks use it.
pub trait Watched: Send + Sync {
    /// How it died; `None` when it is alive or the run is stopping.
    fn lost(&self, stop: &Stop) -> Option<Lost>;
}
