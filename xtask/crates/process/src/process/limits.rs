//! When a child is to end other than by itself, and how it is asked to. It decides; it sends no signals.

use super::awake::awake;
use super::stop::{Level, Stop};
use super::{Child, End};
use rustix::process::Signal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How a child is asked to end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Farewell {
    pub(super) signal: Signal,
    /// The whole group, or the leader alone because it manages its own children.
    pub(super) to_group: bool,
    pub(super) grace: Duration,
}

/// When a child is to end, other than by itself.
pub(super) struct Limits {
    /// By the clock of [`awake`], as the deadline is.
    started: Duration,
    deadline: Option<Duration>,
    /// Heard at both levels.
    stop: Stop,
    /// Heard at the level `Kill` alone: the run's order, for a child that has one of its own.
    run: Stop,
    /// Shared, because for a server the caller that stops it decides.
    pub(super) farewell: Arc<Mutex<Farewell>>,
}

impl Limits {
    /// The limits of a child whose time starts now.
    pub(super) fn new(child: &Child, stop: Stop, farewell: Farewell) -> Self {
        let started = awake();
        let deadline = started.checked_add(child.timeout);
        Self { started, deadline, stop, run: child.stop.clone(), farewell: Arc::new(Mutex::new(farewell)) }
    }

    /// The orders that are heard.
    pub(super) fn orders(&self) -> [&Stop; 2] {
        [&self.stop, &self.run]
    }

    /// When its time is up, unless xtask is stopped meanwhile; `None` is never.
    pub(super) fn deadline(&self) -> Option<Instant> {
        Instant::now().checked_add(self.deadline?.saturating_sub(awake()))
    }

    /// How long it has run.
    pub(super) fn elapsed(&self) -> Duration {
        awake().saturating_sub(self.started)
    }

    /// How urgent it is.
    pub(super) fn level(&self) -> Level {
        if self.run.level() == Level::Kill { Level::Kill } else { self.stop.level() }
    }

    /// Why the child has to end now, if it has to.
    pub(super) fn reached(&self) -> Option<End> {
        if self.level() > Level::None {
            return Some(End::Cancelled);
        }
        self.deadline.filter(|deadline| awake() >= *deadline).map(|_| End::TimedOut)
    }

    /// How to ask.
    pub(super) fn farewell(&self) -> Farewell {
        *self.farewell.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
