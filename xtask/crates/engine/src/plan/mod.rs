//! The plan: every stage and task of a run, complete and printable before anything runs.
//!
//! Pure: nothing here reads a file, a clock or the environment, and nothing here knows how tasks are run or shown.

pub mod graph;
mod links;
pub mod render;
pub mod task;

pub use links::Links;
pub use task::Task;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use xtask_core::catalogue::Tool;
use xtask_core::command::Command;
use xtask_core::ids::StageId;
use xtask_core::outcome::{Outcome, Policy};
use xtask_core::pipeline::{self, Event};
use xtask_core::purpose::Purpose;
use xtask_core::reader::Installation;

/// A stage in a plan, with the tasks that it consists of.
#[derive(Clone, Debug)]
pub struct StagePlan {
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
    /// The stages, in an order in which each comes after its needs.
    pub stages: Vec<StagePlan>,
}

impl Plan {
    /// Adds the installation of tools, each by one command after the other, as a stage of its own, which only the tasks
    /// that call them wait for.
    pub fn install_first(&mut self, tools: &[(Tool, Vec<Command>)]) {
        if tools.is_empty() {
            return;
        }
        let setup = StageId::new(pipeline::SETUP);
        for wanting in self.stages.iter_mut().flat_map(|stage| &mut stage.tasks) {
            let needed = tools.iter().filter(|(tool, _)| wanting.tools.contains(tool));
            wanting.needs.extend(needed.map(|(tool, _)| setup.job(tool.id())));
        }
        let tasks = tools.iter().flat_map(|(tool, steps)| installation(&setup, *tool, steps)).collect();
        let stage = StagePlan {
            id: setup,
            subcommand: "setup".to_owned(),
            needs: Vec::new(),
            policy: Policy::Info,
            max_parallel: Some(1),
            tasks,
            left_out: None,
        };
        self.stages.insert(0, stage);
    }

    /// All tasks, stage by stage.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.stages.iter().flat_map(|stage| &stage.tasks)
    }
}

/// A task for each command that installs a tool; the last one has the tool's name.
fn installation(setup: &StageId, tool: Tool, steps: &[Command]) -> Vec<Task> {
    let mut tasks: Vec<Task> = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let is_last = index + 1 == steps.len();
        let name = if is_last { tool.to_string() } else { format!("{tool}-{}", index + 1) };
        tasks.push(Task {
            reader: Arc::new(Installation::default()),
            purpose: Purpose::Install,
            needs: tasks.last().map(|before| before.id.clone()).into_iter().collect(),
            // Building a tool from source takes minutes where only cargo is there to do it.
            ..Task::new(setup, &name, step.clone(), Duration::from_secs(60 * 60))
        });
    }
    tasks
}
