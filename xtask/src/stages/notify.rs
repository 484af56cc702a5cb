//! Stage 12: telling somebody outside what the run came to.

use super::Context;
use crate::command::Command;
use crate::ids::StageId;
use crate::pipeline::NOTIFY;
use crate::plan::Task;
use crate::purpose::Purpose;
use crate::readers::Notified;
use std::sync::Arc;

/// One task, which tells about the run that it belongs to; none where nobody is to be told.
pub fn plan(context: Context<'_>) -> Vec<Task> {
    if !context.settings.tells {
        return Vec::new();
    }
    let program = context.settings.program.to_string_lossy().into_owned();
    let command = Command::new(program, &context.workspace.root).arg("notify");
    let task = Task::new(&StageId::new(NOTIFY), "notify", command, context.timeout);
    let repeat = Some("cargo xtask notify".to_owned());
    // curl is not asked for beforehand: without it nobody is told, and that is no reason not to run.
    vec![Task { repeat, reader: Arc::new(Notified::default()), purpose: Purpose::Notify, ..task }]
}
