//! The work of tasks from an image to a notification: one file a domain. Stages plan it, the executor performs it.

pub mod announce;
pub mod deploy;
pub mod images;
mod in_process;
pub mod notify;
pub mod registry;
pub mod report;
