//! A stage that the workspace's configuration adds: one command.

use super::{Context, Stage};
use crate::settings::config::StageConfig;
use xtask_core::command::Command;
use xtask_core::error::Result;
use xtask_core::pipeline::Definition;
use xtask_engine::plan::Task;

/// A stage with one command.
#[derive(Clone, Debug)]
pub struct Own {
    definition: Definition,
    command: Vec<String>,
}

impl Own {
    /// The stage that a workspace has configured.
    pub fn new(configured: &StageConfig) -> Self {
        Self { definition: configured.definition.clone(), command: configured.command.clone() }
    }
}

impl Stage for Own {
    fn definition(&self) -> Definition {
        self.definition.clone()
    }

    fn tasks(&self, context: Context<'_>) -> Result<Vec<Task>> {
        let Some((program, args)) = self.command.split_first() else { return Ok(Vec::new()) };
        let command = Command::new(program, &context.workspace.root).args(args.iter().cloned());
        Ok(vec![Task::new(&self.definition.id, "command", command, context.timeout)])
    }
}
