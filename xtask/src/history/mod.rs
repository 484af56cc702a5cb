//! What outlives a run: its folder, the lock of the checkout, and what a run that was killed left behind.

pub mod folder;
pub mod interrupted;
pub mod lock;
