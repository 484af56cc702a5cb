//! Telling somebody outside what a run came to: where to, by curl, and what was told before.
//!
//! What is told is made in `report`; nothing here knows it, nor the settings, nor the command line.

pub mod curl;
pub mod memory;
pub mod webhook;

/// The variable with the address of a webhook that takes what Slack's takes.
pub const SLACK: &str = "XTASK_SLACK_WEBHOOK";
/// The variable with the address of a webhook that takes our own JSON.
pub const WEBHOOK: &str = "XTASK_WEBHOOK";

/// How the line begins that says why nobody was told.
pub const NOTHING_SENT: &str = "nothing was sent: ";
/// How the line begins that says who was told.
pub const TOLD: &str = "sent to ";
