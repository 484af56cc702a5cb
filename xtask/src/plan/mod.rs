//! The plan: every stage and task of a run, complete and printable before anything runs.
//!
//! Pure: nothing here reads a file, a clock or the environment, and nothing here knows how tasks are run or shown.

pub mod graph;
mod links;
pub mod render;
pub mod task;

pub use links::Links;
pub use task::Task;

use crate::catalogue::Tool;
use crate::command::Command;
use crate::ids::StageId;
use crate::outcome::{Outcome, Policy};
use crate::pipeline::{self, Event};
use crate::purpose::Purpose;
use crate::reader::Installation;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

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
    /// The stages, in an order in which each comes after its needs.
    pub stages: Vec<Stage>,
}

impl Plan {
    /// Adds the installation of tools as a stage of its own, which only the tasks that call them wait for.
    pub fn install_first(&mut self, tools: &[(Tool, Command)]) {
        if tools.is_empty() {
            return;
        }
        let setup = StageId::new(pipeline::SETUP);
        let task = |(tool, command): &(Tool, Command)| {
            // Building a tool from source takes minutes where only cargo is there to do it.
            let task = Task::new(&setup, &tool.to_string(), command.clone(), Duration::from_secs(60 * 60));
            Task { reader: Arc::new(Installation::default()), purpose: Purpose::Install, ..task }
        };
        let tasks: Vec<Task> = tools.iter().map(task).collect();
        for wanting in self.stages.iter_mut().flat_map(|stage| &mut stage.tasks) {
            let needed = tools.iter().zip(&tasks).filter(|((tool, _), _)| wanting.tools.contains(tool));
            wanting.needs.extend(needed.map(|(_, task)| task.id.clone()));
        }
        let stage = Stage {
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
