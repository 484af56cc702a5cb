//! What outlives a run: its directory, the lock of the checkout, and the leftovers of a killed run. And what must not:
//! its private directory.

pub mod directory;
pub mod instrumented;
pub mod lock;
pub mod private;
