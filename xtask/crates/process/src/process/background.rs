//! A server that runs beside the tasks which need it, under the same supervision, on a thread of its own.

use super::limits::{Farewell, Limits};
use super::output::Tail;
use super::spawn::Streams;
use super::supervise::Supervisor;
use super::table::Process;
use super::{Child, End, Ended, Level, Signal, Stop};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use xtask_core::command::Stream;
use xtask_core::error::{Error, Result};

/// A running server. When dropped, it is asked to end (TERM to its leader) and gets its grace.
///
/// The run's order to stop reaches it only when it says `Kill`: until then its users may still need it.
#[derive(Debug)]
pub struct Background {
    pid: i32,
    stop: Stop,
    farewell: Arc<Mutex<Farewell>>,
    view: View,
    thread: Option<JoinHandle<Result<Ended>>>,
}

/// What can be seen of a server, by any thread and for longer than the server lives.
#[derive(Clone, Debug)]
pub struct View {
    pid: i32,
    ended: Arc<AtomicBool>,
    seen: Arc<Mutex<Seen>>,
}

/// What has been seen of it so far.
#[derive(Default)]
struct Seen {
    tail: Tail,
    end: Option<End>,
}

impl View {
    /// Whether it has ended or is about to, although it may still take a connection; true a moment before [`View::end`]
    /// knows how.
    pub fn has_ended(&self) -> bool {
        // Its pid is another process's only after it has ended.
        self.ended.load(Ordering::Acquire) || Process::read(self.pid).is_some_and(|now| now.exiting || now.ended)
    }

    /// How it ended, if it has: `None` while it runs.
    pub fn end(&self) -> Option<End> {
        lock(&self.seen).end
    }

    /// The last lines of its output, at most 20, fit for a terminal.
    pub fn tail(&self) -> Vec<String> {
        lock(&self.seen).tail.lines()
    }
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seen").field("end", &self.end).finish_non_exhaustive()
    }
}

/// Starts a server.
pub fn spawn_background(child: &Child) -> Result<Background> {
    let stop = Stop::new();
    let farewell = Farewell { signal: Signal::TERM, to_group: false, grace: child.grace };
    let limits = Limits::new(child, stop.clone(), farewell);
    let farewell = Arc::clone(&limits.farewell);
    let supervisor = Supervisor::start(child, limits, Streams::default())?;
    let pid = supervisor.pid();
    let view = View { pid, ended: supervisor.ended(), seen: Arc::default() };
    let seen_there = Arc::clone(&view.seen);
    let thread = thread::spawn(move || {
        let ended = supervisor.supervise(&mut |_: Stream, line: &[u8]| lock(&seen_there).tail.push(line));
        lock(&seen_there).end = Some(ended.as_ref().map_or(End::Cancelled, |ended| ended.end));
        ended
    });
    Ok(Background { pid, stop, farewell, view, thread: Some(thread) })
}

impl Background {
    /// The pid of the server, which is the number of its group.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// What can be seen of it, to be kept beside it.
    pub fn view(&self) -> View {
        self.view.clone()
    }

    /// How it ended, if it has: `None` while it runs.
    pub fn try_status(&self) -> Option<End> {
        self.view.end()
    }

    /// Whether it runs.
    pub fn is_alive(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished()) && self.try_status().is_none()
    }

    /// The last lines of its output, at most 20, fit for a terminal.
    pub fn tail(&self) -> Vec<String> {
        self.view.tail()
    }

    /// Sends `first` to the server, and kills it and everything that it started once `grace` has passed.
    ///
    /// The signal goes to the leader alone, because a server manages its own workers; for many of them a signal of
    /// their own means something else. For a server that had already ended, returns how.
    pub fn stop(mut self, first: Signal, grace: Duration) -> Result<Ended> {
        *lock(&self.farewell) = Farewell { signal: first, to_group: false, grace };
        self.finish().unwrap_or_else(|| Err(Error::environment(format!("stop process {} twice", self.pid))))
    }

    fn finish(&mut self) -> Option<Result<Ended>> {
        let thread = self.thread.take()?;
        self.stop.raise(Level::Terminate);
        Some(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.stop.raise(Level::Terminate);
            // The thread's own panic has been printed; a second one while unwinding would abort before others are stopped.
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
