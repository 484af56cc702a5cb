//! What reaches the loop from outside: lines and ends from the workers, signals from the process.

use crate::command::Stream;
use crate::ids::{StageId, TaskId};
use crate::job::Finished;
use crate::plan::Task;
use crate::plan::task::Universe;
use crate::process::signal::Signal;
use crate::reading::Reading;
use std::time::Duration;

/// What workers and signals tell the loop.
pub enum Message {
    /// A task wrote a line.
    Output {
        /// Its index.
        task: usize,
        /// Where it wrote.
        stream: Stream,
        /// What, fit for a terminal.
        line: String,
    },
    /// A part of a task has come to another state.
    Part {
        /// The task's index.
        task: usize,
        /// The part.
        part: String,
        /// How it stands, fit for a terminal.
        line: String,
        /// Whether nothing more will be told of it.
        done: bool,
    },
    /// A task whose result could have been remembered has to run.
    NotCached {
        /// Its id.
        task: TaskId,
        /// Its stage.
        stage: StageId,
        /// Why.
        because: String,
    },
    /// A task has ended.
    Ended {
        /// Its index.
        task: usize,
        /// How.
        finished: Box<Finished>,
    },
    /// Something beside a task went wrong.
    Warning(String),
    /// Servers are gone; what could not be removed.
    TornDown(Vec<String>),
    /// The process got a signal.
    Signal(Signal),
}

/// Why the run was stopped, and with which exit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// By this signal.
    Signal(i32),
    /// Its time was up.
    TimedOut,
    /// A worker panicked.
    Bug,
}

/// A reading as events carry it: of what cargo has built, only what is meant for others.
pub(super) fn shown(task: &Task, reading: &Reading) -> Reading {
    let mut shown = reading.clone();
    // Each is the result of a task of its own.
    shown.parts.clear();
    if task.universe != Some(Universe::Release) {
        shown.binaries.clear();
    }
    shown
}

/// A time as events carry it.
pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
