//! `report`: the results of a run, read from its record; within a run, the results of that run so far. In a job of
//! GitHub it is also the job's summary.

use super::records::{self, Latest, Story};
use super::{Session, warn};
use crate::cli;
use std::path::Path;
use xtask_cargo::metadata;
use xtask_core::error::{Exit, Result};
use xtask_report::report::markdown;

/// `cargo xtask report`.
pub(super) fn show(args: &cli::Report, session: &Session) -> Result<Exit> {
    let workspace = metadata::load::load(&session.environment)?;
    let Story { summary, goes_on } = records::story(&args.subject, Latest::Any, session, &workspace)?;
    let report = markdown::render(&summary);
    if args.json {
        session.printer.data(&summary.to_json());
    } else {
        session.printer.data(&report);
    }
    // A run writes the job's summary itself when it ends.
    let step = session.environment.var("GITHUB_STEP_SUMMARY").filter(|_| !goes_on);
    if let Some(Err(error)) = step.map(|step| markdown::append(Path::new(step), &report)) {
        warn(&error, session);
    }
    Ok(Exit::Ok)
}
