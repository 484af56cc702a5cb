//! What a server is, as data.

use clap::ValueEnum;
use serde_json::Value;

/// Where servers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Source {
    /// The first that works.
    Auto,
    /// Given.
    Given,
    /// Docker.
    Docker,
    /// Local.
    Local,
}

impl Source {
    /// The word.
    pub fn word(self) -> &'static str {
        "auto"
    }
}

/// A server that integration tests talk to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSpec {
    /// Its name: `postgres`.
    pub name: String,
}

impl ServerSpec {
    /// Built in.
    pub fn defaults() -> Vec<Self> {
        Vec::new()
    }
    /// From config.
    pub fn from_table(_: &str, _: &Value) -> Result<Self, Vec<String>> {
        Err(Vec::new())
    }
}
