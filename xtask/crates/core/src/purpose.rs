//! What a task is for, as events and records say it. Advice goes by it and never by a name: a stage of the workspace's
//! own may be called anything.

use serde::{Deserialize, Serialize};

/// What a task is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// A command of which nothing else is known.
    Command,
    /// Installing a tool.
    Install,
    /// Checking the format of the sources.
    Format,
    /// Looking for lints.
    Lint,
    /// Compiling.
    Compile,
    /// Running tests.
    Tests,
    /// Measuring coverage.
    Coverage,
    /// Auditing dependencies.
    Audit,
    /// Bringing up servers.
    Servers,
    /// Making an image, or what belongs to it.
    Image,
    /// Logging in to a registry.
    LogIn,
    /// Pushing an image.
    Push,
    /// Deploying, or bringing back what was deployed before.
    Deploy,
    /// Smoke-testing an environment.
    Smoke,
    /// Notifying.
    Notify,
    /// A record of an earlier or a newer program does not say it.
    #[default]
    #[serde(other)]
    Unknown,
}
