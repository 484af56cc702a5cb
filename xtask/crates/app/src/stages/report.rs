//! Stage 11: the findings of the run so far.

use super::{Context, Stage};
use std::sync::Arc;
use xtask_core::error::Result;
use xtask_core::ids::StageId;
use xtask_core::pipeline::{Definition, QUALITY_REPORT};
use xtask_engine::plan::Task;
use xtask_ship::jobs::report::WriteReport;

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

/// One task, which reports on the run that it belongs to.
fn plan(context: Context<'_>) -> Vec<Task> {
    let command = context.cargo().args(["xtask", "report"]);
    let task = Task::new(&StageId::new(QUALITY_REPORT), "report", command, context.timeout);
    vec![Task { job: Arc::new(WriteReport), ..task }]
}
