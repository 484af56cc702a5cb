//! What reaches the loop from outside: lines and ends from the workers, signals from the process.

use super::signal::Signal;
use super::work::Finished;
use crate::event::Stream;

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
