//! The signals that ask xtask to end, as values on a callback.
//!
//! It does not know what the first and the second one mean: the listener decides that. Signals about children, the
//! terminal's size and broken pipes are out of scope.

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};
use std::fs;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use xtask_core::error::{Error, Result};

/// A signal that asks xtask to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// `kill`, or a CI system that cancels.
    Terminate,
    /// The terminal has gone.
    HangUp,
}

impl Signal {
    /// Its number, for the exit code.
    pub fn number(self) -> i32 {
        match self {
            Self::Interrupt => SIGINT,
            Self::Terminate => SIGTERM,
            Self::HangUp => SIGHUP,
        }
    }

    /// The name that people know it by.
    pub fn word(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
            Self::HangUp => "SIGHUP",
        }
    }

    /// What it asks for, as a sentence about the run begins.
    pub fn because(self) -> &'static str {
        match self {
            Self::Interrupt => "interrupted (Ctrl-C)",
            Self::HangUp => "hung up (SIGHUP)",
            Self::Terminate => "terminated (SIGTERM)",
        }
    }

    fn of(number: i32) -> Option<Self> {
        [Self::Interrupt, Self::Terminate, Self::HangUp].into_iter().find(|signal| signal.number() == number)
    }
}

/// The listeners, the latest one last: it alone hears, so that what ends xtask outside of a run does not cut a run off.
static LISTENERS: Mutex<Vec<u64>> = Mutex::new(Vec::new());

fn listeners() -> MutexGuard<'static, Vec<u64>> {
    LISTENERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Listens until it is dropped; then the one before it hears again. When none is left, the signals stay caught and
/// unheard: all that is left to do then is to exit.
#[derive(Debug)]
pub struct Listener {
    id: u64,
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

/// Calls `hear` for each signal until there is a later listener, on a thread of its own. A hang-up stays ignored if
/// xtask was started that way, which is the purpose of `nohup`.
pub fn listen(hear: impl FnMut(Signal) + Send + 'static) -> Result<Listener> {
    let hang_up = (!ignores(&fs::read_to_string("/proc/self/status").unwrap_or_default(), SIGHUP)).then_some(SIGHUP);
    let mut signals = Signals::new([SIGINT, SIGTERM].into_iter().chain(hang_up))
        .map_err(|err| Error::environment("listen for signals").because(err))?;
    let handle = signals.handle();
    let id = {
        let mut listeners = listeners();
        let id = listeners.last().map_or(0, |last| last + 1);
        listeners.push(id);
        id
    };
    let is_latest = move || listeners().last() == Some(&id);
    let thread = thread::spawn(move || {
        signals.forever().filter_map(Signal::of).filter(|_| is_latest()).for_each(hear);
    });
    Ok(Listener { id, handle, thread: Some(thread) })
}

/// Whether the process of this `/proc/PID/status` ignores a signal.
fn ignores(status: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.handle.close();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        listeners().retain(|id| *id != self.id);
    }
}

/// Ends this process as the signal does where it is not caught, so that a shell sees why.
pub fn die(signal: Signal) {
    let _ = signal_hook::low_level::emulate_default_handler(signal.number());
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn signals_arrive_in_their_order_as_often_as_they_were_sent_at_the_latest_listener() {
        let (outer, heard_outside) = mpsc::channel();
        let outer = listen(move |signal| outer.send(signal).expect("the test listens")).expect("a listener");
        let (sender, heard) = mpsc::channel();
        let listener = listen(move |signal| sender.send(signal).expect("the test listens")).expect("a listener");
        for signal in [Signal::Interrupt, Signal::Interrupt, Signal::Terminate] {
            signal_hook::low_level::raise(signal.number()).expect("it is raised");
            assert_eq!(heard.recv(), Ok(signal));
        }
        drop(listener);
        assert!(heard.recv().is_err(), "the thread has gone, and its sender with it");
        signal_hook::low_level::raise(Signal::Interrupt.number()).expect("it is raised");
        assert_eq!(heard_outside.recv(), Ok(Signal::Interrupt), "it has heard none of those before");
        drop(outer);
    }

    #[test]
    fn what_nohup_ignores_is_seen() {
        let case = |mask: &str, signal: i32, want: bool| {
            assert_eq!(ignores(&format!("Name:\tx\nSigIgn:\t{mask}\nSigCgt:\t0\n"), signal), want);
        };
        case("0000000000000001", SIGHUP, true);
        case("0000000000000001", SIGINT, false);
        case("0000000000000000", SIGHUP, false);
        case("unreadable", SIGHUP, false);
        assert!(!ignores("", SIGHUP));
    }
}
