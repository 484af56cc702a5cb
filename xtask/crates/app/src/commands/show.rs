//! `plan` and `graph`: what a run would do, in all its forms.

use super::{Session, tools};
use crate::cli::{self, Command, GraphFormat};
use crate::planner;
use xtask_core::error::{Exit, Result};
use xtask_engine::plan::render;

/// `cargo xtask plan`.
pub(super) fn plan(command: &Command, args: &cli::Plan, session: &Session) -> Result<Exit> {
    let (workspace, settings) = session.resolve(command)?;
    let mut plan = planner::build(&workspace, &settings, &session.program.pipeline)?;
    tools::foresee(&mut plan, false, session, &workspace);
    let text = if args.json { format!("{:#}\n", render::json(&plan)) } else { render::commands(&plan) };
    session.printer.data(&text);
    Ok(Exit::Ok)
}

/// `cargo xtask graph`.
pub(super) fn graph(command: &Command, args: &cli::Graph, session: &Session) -> Result<Exit> {
    let (workspace, settings) = session.resolve(command)?;
    let mut plan = planner::build(&workspace, &settings, &session.program.pipeline)?;
    tools::foresee(&mut plan, false, session, &workspace);
    session.printer.data(&match args.format {
        GraphFormat::Tree => render::tree(&plan),
        GraphFormat::Dot => render::dot(&plan),
        GraphFormat::Mermaid => render::mermaid(&plan),
        GraphFormat::Json => format!("{:#}\n", render::json(&plan)),
    });
    Ok(Exit::Ok)
}
