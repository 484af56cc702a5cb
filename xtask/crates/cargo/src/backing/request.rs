//! The request for a start: the servers, where they may come from, and the surroundings that it works in.
//!
//! Plain data. Nothing in the sibling modules reads the environment: its values are passed in here.

use super::spec::ServerSpec;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use xtask_process::process::Surroundings;

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

/// What to bring up, and in which surroundings. `Debug` leaves out fields that may hold a password.
#[derive(Clone)]
pub struct Request {
    /// The run's id: directories and containers carry it, so that the leftovers of a killed run can be found.
    pub run: String,
    /// The mark of the processes: `<run>:<task>`.
    pub marker: String,
    /// The servers.
    pub servers: Vec<ServerSpec>,
    /// The services that get a database of their own.
    pub services: Vec<String>,
    /// Where the servers come from.
    pub source: Source,
    /// The variables that point to existing servers, with their URLs: `DATABASE_URL`. Others are ignored.
    pub given: BTreeMap<String, String>,
    /// `PATH`.
    pub path: OsString,
    /// The directory for temporary files.
    pub temp: PathBuf,
    /// Where the servers' logs go, to outlive them; with `None` they do not.
    pub logs: Option<PathBuf>,
    /// The changes to the environment that children inherit.
    pub surroundings: Surroundings,
    /// How long one server may take until it is ready.
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
