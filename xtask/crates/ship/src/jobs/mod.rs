//! The work of tasks from an image to a notification: one file a domain. Stages plan it, the executor performs it.

pub mod deploy;
pub mod images;
