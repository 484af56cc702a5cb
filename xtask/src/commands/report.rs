//! `report`: what a run has found, read from its record. Within a run it tells about that run, as far as it has come.

use super::records::{self, Latest, Story};
use super::{Session, warn};
use crate::cli;
use crate::error::{Exit, Result};
use crate::report::markdown;
use crate::workspace;
use std::path::Path;

/// `cargo xtask report`. The report about several jobs is GitHub's summary as well: each run has written only its own.
pub(super) fn show(args: &cli::Report, session: &Session) -> Result<Exit> {
    let workspace = workspace::load::load(&session.environment)?;
    let Story { summary, goes_on } = records::story(&args.told, Latest::Any, session, &workspace)?;
    if args.json {
        session.printer.data(&summary.to_json());
        return Ok(Exit::Ok);
    }
    let report = markdown::render(&summary);
    session.printer.data(&report);
    let step = session.environment.var("GITHUB_STEP_SUMMARY").filter(|_| args.told.all && !goes_on);
    if let Some(Err(error)) = step.map(|step| markdown::append(Path::new(step), &report)) {
        warn(&error, session);
    }
    Ok(Exit::Ok)
}
