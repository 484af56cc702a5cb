//! What outlives a run: its folder, the lock of the checkout, and what a run that was killed left behind. And what must
//! not: its private directory.

pub mod folder;
pub mod instrumented;
pub mod interrupted;
pub mod lock;
pub mod private;
