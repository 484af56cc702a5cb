//! Stage 11: the findings of the run, in Markdown and JSON.

use super::{Context, Stage};
use xtask_core::command::Command;
use xtask_core::error::Result;
use xtask_core::ids::StageId;
use xtask_core::pipeline::{Definition, QUALITY_REPORT};
use xtask_engine::plan::Task;

/// The report on the run.
#[derive(Clone, Copy, Debug)]
pub struct QualityReport;

impl Stage for QualityReport {
    fn definition(&self) -> Definition {
        Definition::specified(QUALITY_REPORT)
    }

    fn tasks(&self, context: Context<'_>) -> Result<Vec<Task>> {
        Ok(plan(context))
    }
}

/// One task, which reads the record of the run that it belongs to.
fn plan(context: Context<'_>) -> Vec<Task> {
    let program = context.settings.program.to_string_lossy().into_owned();
    let command = Command::new(program, &context.workspace.root).arg("report");
    vec![Task::new(&StageId::new(QUALITY_REPORT), "report", command, context.timeout)]
}
