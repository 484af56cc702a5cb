//! Runs a plan: the schedule decides what may start, the slots run it, the loop emits the events.

mod built;
pub mod context;
mod heard;
pub mod message;
pub mod pool;
pub mod redact;
pub mod run;
pub mod schedule;
mod servers;
pub mod verdict;
pub mod work;
