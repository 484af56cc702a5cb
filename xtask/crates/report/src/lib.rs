//! One fold of events, and every display, record and report that is made of it; the directories of runs.

pub mod history;
pub mod report;
