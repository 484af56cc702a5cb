//! What a run needs besides its plan, resolved by the command that starts it.

use crate::cache::Cache;
use crate::event::Kind;
use crate::ids::TaskId;
use crate::process::{Stop, Surroundings};
use crate::tools::Runtime;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What a run needs besides its plan.
pub struct Context {
    /// The run's id, which marks every process that it starts.
    pub run: String,
    /// What was typed, for the record.
    pub command: String,
    /// The commit that is checked out.
    pub commit: Option<String>,
    /// The run's folder.
    pub folder: PathBuf,
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
    /// How long a task may print nothing before that is said.
    pub patience: Duration,
    /// What children do not inherit as it is.
    pub surroundings: Surroundings,
    /// What cargo would give to the programs that it runs.
    pub runtime: Arc<Runtime>,
    /// Who runs it, for others to read.
    pub user: String,
    /// The folder for temporary files.
    pub temp: PathBuf,
    /// The variables that give servers which are there already: `DATABASE_URL`.
    pub given: BTreeMap<String, String>,
    /// What has passed before.
    pub cache: Arc<Cache>,
    /// What every cargo of the run shares.
    pub jobserver: Option<jobserver::Client>,
    /// The order to stop.
    pub stop: Stop,
    /// What was found of an earlier run, to be told first.
    pub first: Vec<Kind>,
}

impl Context {
    /// A task's log, relative to the run's directory, if there is one: not every task writes one, and no disk has to.
    pub(super) fn log_of(&self, task: &TaskId) -> Option<String> {
        let log = format!("logs/{}", task.log_file());
        self.folder.join(&log).is_file().then_some(log)
    }
}
