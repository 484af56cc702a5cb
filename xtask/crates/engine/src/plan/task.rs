//! A task: the unit that runs, and how its output is to be read.

use crate::job::{Job, Spawn};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use xtask_core::catalogue::Tool;
use xtask_core::command::Command;
use xtask_core::ids::{StageId, TaskId};
use xtask_core::purpose::Purpose;
use xtask_core::reader::{ExitCode, Read};

/// One command, for one service or for the workspace, inside a stage.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its name, unique in the plan.
    pub id: TaskId,
    /// The stage it belongs to.
    pub stage: StageId,
    /// The package that it is about; `None` for the workspace.
    pub service: Option<String>,
    /// What it runs, as a user would type it.
    pub command: Command,
    /// What a person types to see the same result again, where that is not the command: one without JSON, say.
    pub repeat: Option<String>,
    /// What it does.
    pub job: Arc<dyn Job>,
    /// How its output is read: by one like this.
    pub reader: Arc<dyn Read>,
    /// Its purpose.
    pub purpose: Purpose,
    /// Whether it builds something that is shipped: then the commit is recorded.
    pub ships: bool,
    /// Tasks that must have ended well before it starts, besides the needs of its stage.
    pub needs: Vec<TaskId>,
    /// Tasks among the needs whose reading carries variables that this one gets.
    pub env_from: Vec<TaskId>,
    /// What it must have for itself: two tasks of one universe are never run at once, so that no cargo waits for
    /// another one's lock.
    pub universe: Option<Universe>,
    /// What its result depends on, when it need not run again with the same inputs.
    pub cache: Option<Scope>,
    /// How long it may take.
    pub timeout: Duration,
    /// The tools that it calls, besides cargo.
    pub tools: Vec<Tool>,
}

impl Task {
    /// What it does, as people see it in `root`: the command that runs, or a sentence where none does.
    pub fn shown_from(&self, root: &Path) -> String {
        self.job.sentence().unwrap_or_else(|| self.command.paste_from(root))
    }

    /// What a person types in `root` to see the same result again.
    pub fn repeat_from(&self, root: &Path) -> String {
        self.repeat.clone().unwrap_or_else(|| self.command.paste_from(root))
    }

    /// The task whose result it, or its reader, works with.
    pub fn works_on(&self) -> Option<&TaskId> {
        self.job.works_on().or(self.reader.works_on())
    }

    /// Whether it keeps logins, or anything else that no other user may read, in the run's private directory.
    pub fn keeps_logins(&self) -> bool {
        matches!(self.purpose, Purpose::LogIn | Purpose::Deploy | Purpose::Smoke)
    }

    /// A task that does `job` for the workspace: it spawns its command and goes by the exit code.
    pub fn new(stage: &StageId, job: &str, command: Command, timeout: Duration) -> Self {
        Self::with_id(stage.job(job), stage, command, timeout)
    }

    /// A task for `package`, which is what its stage is about.
    pub fn of_package(stage: &StageId, package: &str, command: Command, timeout: Duration) -> Self {
        Self { service: Some(package.to_owned()), ..Self::with_id(stage.package(package), stage, command, timeout) }
    }

    /// This task, which is about a package, as `job` beside the one that its stage is about.
    #[must_use]
    pub fn beside(self, job: &str) -> Self {
        let id = self.service.as_deref().map_or_else(|| self.stage.job(job), |it| self.stage.package_job(it, job));
        Self { id, ..self }
    }

    fn with_id(id: TaskId, stage: &StageId, command: Command, timeout: Duration) -> Self {
        Self {
            id,
            stage: stage.clone(),
            service: None,
            command,
            repeat: None,
            job: Arc::new(Spawn),
            reader: Arc::new(ExitCode),
            purpose: Purpose::Command,
            ships: false,
            needs: Vec::new(),
            env_from: Vec::new(),
            universe: None,
            cache: None,
            timeout,
            tools: Vec::new(),
        }
    }
}

/// Cargo calls that share artifacts: same target directory, profile, flags and wrapper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Universe {
    /// The development profile.
    Dev,
    /// The development profile, instrumented, in a target directory of its own.
    Coverage,
    /// The release profile.
    Release,
}

impl Universe {
    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Coverage => "coverage",
            Self::Release => "release",
        }
    }
}

/// What the result of a task depends on, besides its command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The packages whose files count: its own and those that it depends on.
    pub packages: BTreeSet<String>,
    /// The packages whose manifests count: all that the command names and those that they depend on, since cargo
    /// unifies their features.
    pub named: BTreeSet<String>,
}
