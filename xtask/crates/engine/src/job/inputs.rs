//! What a task gets from the run and from the tasks before it.

use super::{Confidential, Events, Runtime, Watched};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use xtask_core::reading::Reading;
use xtask_process::process::{Stop, Surroundings};

/// What a task gets from the run and from the tasks before it.
pub struct Inputs {
    /// The run's id.
    pub run: String,
    /// What marks the task's processes.
    pub marker: String,
    /// The workspace's root.
    pub root: PathBuf,
    /// Where its output goes.
    pub log: PathBuf,
    /// The run's private directory.
    pub private: Option<PathBuf>,
    /// The child environment: what children do not inherit unchanged.
    pub surroundings: Surroundings,
    /// What cargo would set for the programs that it runs.
    pub runtime: Arc<Runtime>,
    /// Who runs it, for others to read.
    pub user: String,
    /// The directory for temporary files.
    pub temp: PathBuf,
    /// The variables that provide servers.
    pub given: BTreeMap<String, String>,
    /// Logins and addresses that are secrets.
    pub confidential: Confidential,
    /// The events of the run so far.
    pub events: Events,
    /// How long a child may take to end once it was asked to.
    pub grace: Duration,
    /// The run's order to stop.
    pub stop: Stop,
    /// The jobserver that every cargo shares.
    pub jobserver: Option<jobserver::Client>,
    /// The readings that it takes its environment from.
    pub env_from: Vec<Arc<Reading>>,
    /// The servers that it talks to.
    pub servers: Vec<Arc<dyn Watched>>,
    /// What was compiled for it.
    pub compiled: Option<Arc<Reading>>,
}

impl Inputs {
    /// The run's directory.
    pub fn directory(&self) -> &Path {
        self.log.parent().and_then(Path::parent).unwrap_or(Path::new(""))
    }
}
