//! The order to stop, shared by a whole run: the coordinator raises it, and every supervised child is notified at once.
//!
//! It knows nothing about processes or signals: it is a level that only rises and a list of bells to ring.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

/// How urgently everything is to stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Not at all: continue.
    #[default]
    None,
    /// Ask the children to end, and let them have their grace.
    Terminate,
    /// Kill them now.
    Kill,
}

/// The order to stop. Clones share one level.
#[derive(Clone, Default)]
pub struct Stop(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    level: Level,
    next: u64,
    bells: Vec<(u64, Bell)>,
}

/// Called when the level rises. It must not block: it runs on the coordinator, under the lock.
type Bell = Box<dyn Fn() + Send>;

impl Stop {
    /// An order that has not been raised yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Raises the level. A level never falls, so a late `Terminate` takes nothing back.
    pub fn raise(&self, level: Level) {
        let mut state = self.lock();
        if level > state.level {
            state.level = level;
            state.bells.iter().for_each(|(_, ring)| ring());
        }
    }

    /// The level now.
    pub fn level(&self) -> Level {
        self.lock().level
    }

    /// Waits for `time`, or until the level rises.
    pub fn pause(&self, time: Duration) {
        let (sender, risen) = mpsc::channel();
        let _subscription = self.subscribe(move || {
            let _ = sender.send(());
        });
        if self.level() == Level::None {
            let _ = risen.recv_timeout(time);
        }
    }

    /// Rings `bell` at each rise until the subscription is dropped. An earlier rise is not rung: a subscriber checks
    /// the level afterwards, and so misses none.
    pub(super) fn subscribe(&self, bell: impl Fn() + Send + 'static) -> Subscription {
        let mut state = self.lock();
        state.next += 1;
        let id = state.next;
        state.bells.push((id, Box::new(bell)));
        Subscription { stop: self.clone(), id }
    }

    /// A bell that panics leaves the level as it was set, so a poisoned lock still holds good data.
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stop").field(&self.level()).finish()
    }
}

/// Keeps a bell on the list.
pub(super) struct Subscription {
    stop: Stop,
    id: u64,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.stop.lock().bells.retain(|(id, _)| *id != self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_only_rises() {
        let stop = Stop::new();
        assert_eq!(stop.level(), Level::None);
        stop.raise(Level::Kill);
        stop.clone().raise(Level::Terminate);
        assert_eq!(stop.level(), Level::Kill);
    }

    #[test]
    fn a_pause_ends_when_the_level_rises() {
        let stop = Stop::new();
        let paused = stop.clone();
        // It would last for ever otherwise.
        let pausing = std::thread::spawn(move || paused.pause(Duration::MAX));
        stop.raise(Level::Terminate);
        pausing.join().expect("it ends");
        stop.pause(Duration::MAX);
    }

    #[test]
    fn a_bell_rings_once_per_rise_and_not_after_it_was_taken_down() {
        let stop = Stop::new();
        let (sender, rung) = mpsc::channel();
        let subscription = stop.subscribe(move || sender.send(()).expect("the test listens"));
        stop.raise(Level::Terminate);
        stop.raise(Level::Terminate);
        assert_eq!(rung.try_iter().count(), 1);
        drop(subscription);
        stop.raise(Level::Kill);
        assert_eq!(rung.try_iter().count(), 0);
    }
}
