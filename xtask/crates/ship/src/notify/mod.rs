//! Notifies others of a run's result: where to, by curl, and what was sent before.
//!
//! The message is made in `report`; nothing here knows it, nor the settings, nor the command line.

pub mod curl;
pub mod memory;
pub mod webhook;

pub use webhook::Webhooks;

/// The variable with the address of a webhook that accepts what Slack's accepts.
pub const SLACK: &str = "XTASK_SLACK_WEBHOOK";
/// The variable with the address of a webhook that accepts our own JSON.
pub const WEBHOOK: &str = "XTASK_WEBHOOK";

/// How the line begins that says why no notification was sent.
pub const NOTHING_SENT: &str = "nothing was sent: ";
/// How the line begins that lists the receivers.
pub const SENT: &str = "sent to ";
