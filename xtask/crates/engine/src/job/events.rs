//! The events of a run so far, for tasks that report on it while it runs.

use std::sync::{Arc, Mutex, PoisonError};
use xtask_core::event::Event;

/// The events of a run so far, without lines of output, as in the record; clones share them.
#[derive(Clone, Default)]
pub struct Events(Arc<Mutex<Vec<Arc<Event>>>>);

impl Events {
    /// Adds an event.
    pub fn push(&self, event: Event) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::new(event));
    }

    /// All of them until now, in their order.
    pub fn so_far(&self) -> Vec<Arc<Event>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
