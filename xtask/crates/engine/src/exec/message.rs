//! The messages that reach the loop from outside: lines and ends from the workers, signals from the process.

use crate::job::Finished;
use crate::plan::Task;
use crate::plan::task::Universe;
use std::time::Duration;
use xtask_core::command::Stream;
use xtask_core::ids::{StageId, TaskId};
use xtask_core::reading::Reading;
use xtask_process::process::signal::Signal;

/// A message from a worker or a signal to the loop.
pub enum Message {
    /// A task wrote a line.
    Output {
        /// Its index.
        task: usize,
        /// The stream.
        stream: Stream,
        /// The line, fit for a terminal.
        line: String,
    },
    /// The state of a part of a task has changed.
    Part {
        /// The task's index.
        task: usize,
        /// The part.
        part: String,
        /// Its state, fit for a terminal.
        line: String,
        /// Whether nothing more will be reported about it.
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
    /// Servers have been stopped; the parts that could not be removed.
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

/// A reading as events carry it: of the artifacts that cargo has built, only those meant for others.
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
