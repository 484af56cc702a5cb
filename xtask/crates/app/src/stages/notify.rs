//! Stage 12: reporting the run's result to receivers outside.

use super::{Context, Stage};
use std::sync::Arc;
use xtask_core::error::Result;
use xtask_core::ids::StageId;
use xtask_core::pipeline::{Definition, NOTIFY};
use xtask_core::purpose::Purpose;
use xtask_engine::plan::Task;
use xtask_ship::jobs::notify::SendNotice;

/// The notifications of the run.
#[derive(Clone, Copy, Debug)]
pub struct Notify;

impl Stage for Notify {
    fn definition(&self) -> Definition {
        Definition::specified(NOTIFY)
    }

    fn tasks(&self, context: Context<'_>) -> Result<Vec<Task>> {
        Ok(plan(context))
    }

    fn nothing_to_do(&self, _: Context<'_>) -> &'static str {
        "no webhook is set: XTASK_SLACK_WEBHOOK or XTASK_WEBHOOK"
    }
}

/// One task, which reports the run that it belongs to; none where there is no receiver.
fn plan(context: Context<'_>) -> Vec<Task> {
    if !context.settings.notifies {
        return Vec::new();
    }
    let job = SendNotice { origin: context.settings.origin.clone(), policies: context.settings.config.policies() };
    let command = context.cargo().args(["xtask", "notify"]);
    let task = Task::new(&StageId::new(NOTIFY), "notify", command, context.timeout);
    // curl is not required up front: without it no notification is sent, and that is no reason not to run.
    vec![Task { job: Arc::new(job), purpose: Purpose::Notify, ..task }]
}
