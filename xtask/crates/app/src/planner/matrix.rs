//! Which packages a stage works on one by one, for a CI that runs each of them in a job of its own.

use crate::settings::Settings;
use crate::stages::Pipeline;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use xtask_core::error::{Error, Exit, Result};
use xtask_core::ids::StageId;
use xtask_core::text;
use xtask_core::workspace::Workspace;

/// The matrix of the stage that was asked for: `{"service":["auth-service",…]}`, as a job's `matrix` takes it.
///
/// Fails for a stage that works on the workspace as a whole, and when no package is left: a job with an empty matrix
/// fails, or is skipped silently.
pub fn matrix(workspace: &Workspace, settings: &Settings, pipeline: &Pipeline, stage: &StageId) -> Result<Value> {
    let per_service = || settings.config.stages.iter().map(|stage| &stage.definition).filter(|stage| stage.per_service);
    if !per_service().any(|known| known.id == *stage) {
        let names = per_service().map(|stage| format!("`{}`", stage.subcommand));
        return Err(Error::usage(format!("make a matrix of `{stage}`: it works on the workspace as a whole"))
            .hint(format!("the stages that work service by service are {}", text::list(names))));
    }
    let plan = super::build(workspace, settings, pipeline)?;
    // Not the services alone: their libraries are tested on a laptop, and so they are here.
    let services: BTreeSet<&String> = plan.tasks().filter_map(|task| task.service.as_ref()).collect();
    if services.is_empty() {
        let what = format!("make the matrix of `{stage}`: no selected package has anything for it");
        return Err(Error::new(Exit::NothingSelected, what).hint("`cargo xtask plan` shows what would run"));
    }
    Ok(json!({ "service": services }))
}
