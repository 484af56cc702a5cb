//! What a start is asked for: the servers, where they may come from, and the surroundings that it works in.
//!
//! Plain data. Nothing in this module's neighbourhood reads the environment: what it says is handed in here.

use super::spec::ServerSpec;
use crate::process::Surroundings;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Where servers come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The first source that works; a given URL that does not answer is an error.
    #[default]
    Auto,
    /// Running servers, from `DATABASE_URL`, `REDIS_URL` and the like.
    Given,
    /// Containers.
    Docker,
    /// Programs installed on this machine.
    Local,
}

/// What to bring up, and in which surroundings. `Debug` leaves out what may hold a password.
#[derive(Clone)]
pub struct Request {
    /// The run's id: folders and containers carry it, so that what a killed run leaves can be found.
    pub run: String,
    /// What marks the processes: `<run>:<task>`.
    pub marker: String,
    /// The servers.
    pub servers: Vec<ServerSpec>,
    /// The services that get a database of their own.
    pub services: Vec<String>,
    /// Where the servers come from.
    pub source: Source,
    /// The variables that give servers, with their URLs: `DATABASE_URL`. Others are not looked at.
    pub given: BTreeMap<String, String>,
    /// `PATH`.
    pub path: OsString,
    /// The folder for temporary files.
    pub temp: PathBuf,
    /// Where the servers' logs go, to outlive them; with `None` they do not.
    pub logs: Option<PathBuf>,
    /// What children do not inherit as it is.
    pub surroundings: Surroundings,
    /// How long one server may take until it can be used.
    pub limit: Duration,
    /// How long a process may take to end once it was asked to.
    pub grace: Duration,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers: Vec<&str> = self.servers.iter().map(|spec| spec.name.as_str()).collect();
        f.debug_struct("Request").field("run", &self.run).field("servers", &servers).finish_non_exhaustive()
    }
}
