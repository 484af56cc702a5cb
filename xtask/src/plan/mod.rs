//! The plan: every stage and task of a run, complete and printable before anything runs.
//!
//! Pure: nothing here reads a file, a clock or the environment, and nothing here knows how tasks are run or shown.

pub mod build;
pub mod command;
pub mod graph;
pub mod ids;
pub mod render;
pub mod task;

pub use command::Command;
pub use ids::{StageId, TaskId};
pub use task::{Action, Reader, Task};

use crate::outcome::{Outcome, Policy};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What caused the run: decides which stages belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A pull request: everything up to the release build, and the report.
    PullRequest,
    /// A push: also images and, on the main branch, the deployment.
    Push,
}

impl Event {
    /// The word that people and records see, as in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::PullRequest => "pull-request",
            Self::Push => "push",
        }
    }
}

/// A stage of the pipeline with the tasks that it consists of.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The specification's job name.
    pub id: StageId,
    /// What people type to run it alone.
    pub subcommand: String,
    /// The stages that must have ended before it starts.
    pub needs: Vec<StageId>,
    /// What its failure means.
    pub policy: Policy,
    /// How many of its tasks run at once; `None` leaves it to the slots of the run.
    pub max_parallel: Option<usize>,
    /// What runs.
    pub tasks: Vec<Task>,
    /// Why it will not run although it is part of the pipeline: `--skip`, or nothing to do.
    pub left_out: Option<(Outcome, String)>,
}

/// A complete plan.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What caused the run.
    pub event: Event,
    /// The root of the workspace, absolute.
    pub root: PathBuf,
    /// The services that it is about.
    pub services: Vec<String>,
    /// The stages, in an order in which each stands behind what it needs.
    pub stages: Vec<Stage>,
}

impl Plan {
    /// All tasks, stage by stage.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.stages.iter().flat_map(|stage| &stage.tasks)
    }
}
