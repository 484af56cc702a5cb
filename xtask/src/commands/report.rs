//! `report`: what a run has found, read from its record. Within a run it tells about that run, as far as it has come.

use super::Session;
use super::records::{self, Latest};
use crate::cli;
use crate::error::{Exit, Result};
use crate::report::markdown;
use crate::workspace;

/// `cargo xtask report`.
pub(super) fn show(args: &cli::Report, session: &Session) -> Result<Exit> {
    let workspace = workspace::load::load(&session.environment)?;
    let summary = records::story(&args.told, Latest::Any, session, &workspace)?.summary;
    session.printer.data(&if args.json { summary.to_json() } else { markdown::render(&summary) });
    Ok(Exit::Ok)
}
