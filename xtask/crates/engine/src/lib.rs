//! The plan as data, the schedule, the loop that runs a plan and emits events, and the cache of results.

pub mod cache;
pub mod exec;
pub mod fingerprint;
pub mod git;
pub mod job;
pub mod plan;
