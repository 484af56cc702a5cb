//! The context of a run besides its plan, resolved by the command that starts it.

use crate::cache::Cache;
use crate::job::{Confidential, Runtime};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use xtask_core::event::Kind;
use xtask_core::ids::TaskId;
use xtask_process::process::{Stop, Surroundings};

/// The context of a run besides its plan.
pub struct Context {
    /// The run's id, which marks every process that it spawns.
    pub run: String,
    /// The command line as typed, for the record.
    pub command: String,
    /// The commit that is checked out.
    pub commit: Option<String>,
    /// The run's directory.
    pub directory: PathBuf,
    /// The run's private directory, if a task keeps logins.
    pub private: Option<PathBuf>,
    /// How many tasks run at once.
    pub slots: usize,
    /// Whether nothing new starts after a failure that blocks.
    pub fail_fast: bool,
    /// How long the run may take.
    pub timeout: Duration,
    /// How long a task may take to end once it was asked to.
    pub grace: Duration,
    /// How long a task may print nothing before that is reported.
    pub patience: Duration,
    /// The changes to the environment that children inherit.
    pub surroundings: Surroundings,
    /// The variables that cargo would set for the programs that it runs.
    pub runtime: Arc<Runtime>,
    /// The user who runs it, for others to read.
    pub user: String,
    /// The directory for temporary files.
    pub temp: PathBuf,
    /// The variables that point to existing servers: `DATABASE_URL`.
    pub given: BTreeMap<String, String>,
    /// Logins and addresses that are secrets.
    pub confidential: Confidential,
    /// The cache of tasks that have passed before.
    pub cache: Arc<Cache>,
    /// The jobserver that all cargos of the run share.
    pub jobserver: Option<jobserver::Client>,
    /// The stop request.
    pub stop: Stop,
    /// The findings about an earlier run, to be reported first.
    pub first: Vec<Kind>,
}

impl Context {
    /// A task's log, relative to the run's directory, if there is one: not every task has one, and writing it may fail.
    pub(super) fn log_of(&self, task: &TaskId) -> Option<String> {
        let log = format!("logs/{}", task.log_file());
        self.directory.join(&log).is_file().then_some(log)
    }
}
