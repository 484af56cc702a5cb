//! `docker --dockerfile`.

use super::Session;
use crate::cli;
use crate::planner;
use xtask_core::error::{Exit, Result};

/// Prints the Dockerfile that images would be built with.
pub(super) fn dockerfile(command: &cli::Command, session: &Session) -> Result<Exit> {
    let (workspace, settings) = session.resolve(command)?;
    let plan = planner::build(&workspace, &settings, &session.program.pipeline)?;
    let text = plan.tasks().find_map(|task| task.job.text());
    let text = text.ok_or_else(|| super::nothing("print the Dockerfile: no selected package has an image"))?;
    session.printer.data(text);
    Ok(Exit::Ok)
}
