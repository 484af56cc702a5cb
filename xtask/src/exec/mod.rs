//! Runs a plan: the schedule says what may start, the slots run it, the loop tells what happened.

pub mod process;
pub mod schedule;
pub mod signal;
