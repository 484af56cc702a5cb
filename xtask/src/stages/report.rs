//! Stage 11: the findings of the run, in Markdown and JSON.

use super::Context;
use crate::command::Command;
use crate::ids::StageId;
use crate::pipeline::QUALITY_REPORT;
use crate::plan::Task;

/// One task, which reads the record of the run that it belongs to.
pub fn plan(context: Context<'_>) -> Vec<Task> {
    let program = context.settings.program.to_string_lossy().into_owned();
    let command = Command::new(program, &context.workspace.root).arg("report");
    vec![Task::new(&StageId::new(QUALITY_REPORT), "report", command, context.timeout)]
}
