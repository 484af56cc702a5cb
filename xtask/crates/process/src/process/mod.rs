//! One child process under supervision: spawned in a group of its own, its output captured, its time limited, stopped
//! when the run is, with no process that it started left behind.
//!
//! Each call to [`run`] supervises one child on the calling thread; several run side by side. Servers that outlive a
//! call are a [`Background`], short questions are asked with [`ask`](ask()). There is no other way to start a process.
//! This module knows nothing about tasks, stages or events: it reports how a child ended, and its caller decides what
//! that means.

mod ask;
mod awake;
mod background;
mod children;
mod leftovers;
mod limits;
mod log;
mod mask;
mod output;
mod shared;
pub mod signal;
mod spawn;
mod stop;
mod supervise;
mod survivors;
mod table;

pub use ask::{Answer, Question, Silence, answer, as_task, ask, everything, is_asking, run_on_screen, stop_asking};
pub use awake::awake;
pub use background::{Background, View, spawn_background};
pub use children::become_subreaper;
pub use mask::{HIDDEN, Secrets};
pub use output::{LINE_CAP, Tail, each_line};
pub use rustix::process::Signal;
pub use stop::{Level, Stop};
pub use survivors::{Survivor, kill_survivors, survivors, sweep};

use limits::{Farewell, Limits};
use spawn::Streams;
use std::fmt;
use std::path::Path;
use std::time::Duration;
use supervise::Supervisor;
use xtask_core::command::{Command, Exit, Stream};
use xtask_core::error::Result;
use xtask_core::text;

/// The variable that marks a child and all that descend from it; its value is `<run>:<task>`.
pub const MARKER: &str = "XTASK_TASK";

/// What a child does not inherit from xtask's own environment, or inherits with another value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Variables to leave out.
    pub remove: Vec<String>,
    /// Variables and their values. Those that the command itself sets take precedence.
    pub set: Vec<(String, String)>,
    /// Texts to redact in its output.
    pub secrets: Secrets,
}

/// What to run and how.
#[derive(Debug)]
pub struct Child<'a> {
    /// Program, arguments, directory and variables.
    pub command: &'a Command,
    /// The child environment: what it does not inherit unchanged.
    pub surroundings: &'a Surroundings,
    /// The value of [`MARKER`] for it: `<run>:<task>`.
    pub marker: &'a str,
    /// The file for the raw bytes of both streams, in the order of their arrival. An older one is replaced.
    pub log: &'a Path,
    /// The most bytes of output that the log keeps: the first half of it from the start, the second from the end.
    pub log_cap: u64,
    /// The longest line that is handed on, in bytes; mostly [`LINE_CAP`].
    pub line_cap: usize,
    /// Whether each line is handed on. Otherwise only the last few of those that arrive together are, which is all that a
    /// display and a tail need: a child that prints millions of lines is not slowed down by them.
    pub every_line: bool,
    /// How long it may run, not counting the time that xtask is stopped. `Duration::MAX` is for ever.
    pub timeout: Duration,
    /// How long it may take to end once it was asked to.
    pub grace: Duration,
    /// The run's order to stop.
    pub stop: &'a Stop,
    /// User and group to run as, for servers that refuse to run as root.
    pub user: Option<(u32, u32)>,
    /// The jobserver to share with it.
    pub jobserver: Option<&'a jobserver::Client>,
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with this code.
    Exited(i32),
    /// By this signal, which xtask did not send.
    Signaled(i32),
    /// It was stopped because its time was up, however it reacted to that.
    TimedOut,
    /// It was stopped because the run was, however it reacted to that; or it was not started, for the same reason.
    Cancelled,
}

impl End {
    /// As readers see it: a child that was stopped has ended by SIGTERM.
    pub fn exit(self) -> Exit {
        match self {
            Self::Exited(code) => Exit::Code(code),
            Self::Signaled(signal) => Exit::Signal(signal),
            Self::TimedOut | Self::Cancelled => Exit::Signal(15),
        }
    }
}

/// As a predicate: `exited with code 3`, `was killed by SIGSEGV`.
/// As a predicate: `exited with code 3`, `was killed by SIGSEGV`.
impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "exited with code {code}"),
            Self::Signaled(signal) => write!(f, "was killed by {}", text::signal(*signal)),
            Self::TimedOut => f.write_str("did not end in time"),
            Self::Cancelled => f.write_str("was stopped"),
        }
    }
}

/// A child that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// How.
    pub end: End,
    /// How long it ran.
    pub duration: Duration,
    /// What was still running after it and was killed: `sleep (pid 123)`.
    pub leaked: Vec<String>,
    /// A line was longer than the child's `line_cap`: the rest of it was not handed on.
    pub cut: bool,
    /// The last lines of both streams (at most 20), fit for a terminal.
    pub tail: Vec<String>,
    /// Problems on the side that do not change the end: a log that could not be written, say.
    pub notes: Vec<String>,
}

/// Receives what a child prints.
pub trait Listener {
    /// Lines that arrived together: raw, whole and with their line ends, but for one that was cut, and for the last one
    /// of all. [`each_line`] splits them.
    fn lines(&mut self, stream: Stream, lines: &[u8]);

    /// The same as it arrives, whole lines or not.
    fn bytes(&mut self, _: Stream, _: &[u8]) {}

    /// Whether it wants nothing more: the child is stopped then.
    fn is_full(&self) -> bool {
        false
    }

    /// The lines that arrived together have all been handed on: the moment to show the last of them.
    fn pause(&mut self) {}
}

impl<F: FnMut(Stream, &[u8])> Listener for F {
    fn lines(&mut self, stream: Stream, lines: &[u8]) {
        each_line(lines, &mut |line| self(stream, line));
    }
}

/// Runs a child to its end, and hands each line of its output (raw, without the line end) to `on_line` as it arrives.
///
/// Whatever the child does, this returns: at the latest when its time and its grace are over, and within about a second
/// after its exit. `Err` means that it could not be started at all.
pub fn run(child: &Child, mut on_line: &mut dyn FnMut(Stream, &[u8])) -> Result<Ended> {
    listen(child, &mut on_line)
}

/// The same with a listener that also hears when the child pauses.
pub fn listen(child: &Child, listener: &mut dyn Listener) -> Result<Ended> {
    let farewell = Farewell { signal: Signal::TERM, to_group: true, grace: child.grace };
    if child.stop.level() > Level::None {
        return Ok(Ended::before_the_start());
    }
    let limits = Limits::new(child, child.stop.clone(), farewell);
    Supervisor::start(child, limits, Streams::default())?.supervise(listener)
}

impl Ended {
    /// The result of a child that was never started.
    fn before_the_start() -> Self {
        Self::without_output(End::Cancelled)
    }

    /// The end of something that has printed nothing.
    pub fn without_output(end: End) -> Self {
        let (leaked, tail, notes) = (Vec::new(), Vec::new(), Vec::new());
        Self { end, duration: Duration::ZERO, leaked, cut: false, tail, notes }
    }
}

#[cfg(test)]
mod tests;
