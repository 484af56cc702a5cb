//! A stage that the workspace's configuration adds: one command.

use super::Context;
use crate::command::Command;
use crate::plan::Task;
use crate::settings::config::StageConfig;

/// Its one task.
pub fn plan(context: Context<'_>, stage: &StageConfig) -> Vec<Task> {
    let Some((program, args)) = stage.command.split_first() else { return Vec::new() };
    let command = Command::new(program, &context.workspace.root).args(args.iter().cloned());
    vec![Task::new(&stage.definition.id, "command", command, context.timeout)]
}
