//! `report`: what a run has found, read from its record. Within a run it tells about that run, as far as it has come.

use super::{Session, nothing};
use crate::cli;
use crate::error::{Error, Exit, Result};
use crate::history::folder::Home;
use crate::process::MARKER;
use crate::report::{Fold, Summary, markdown, record};
use crate::text;
use crate::workspace;

/// `cargo xtask report`.
pub(super) fn show(args: &cli::Report, session: &Session) -> Result<Exit> {
    let workspace = workspace::load::load(&session.environment)?;
    let home = Home::new(&workspace.target_dir);
    let runs = home.run_ids();
    // A task of a run is marked with `<run>:<task>`.
    let current = session.environment.var(MARKER).and_then(|marker| marker.split(':').next());
    let current = current.filter(|run| runs.iter().any(|known| known == run));
    let id = match (&args.run, current) {
        (Some(asked), _) if runs.contains(asked) => asked.as_str(),
        (Some(asked), _) => {
            let near = text::nearest(asked, runs.iter().rev().map(String::as_str));
            let hint = near
                .first()
                .map_or("see the folder target/xtask/runs".to_owned(), |near| format!("did you mean `{near}`?"));
            return Err(Error::usage(format!("report on the run `{asked}`: there is no record of it")).hint(hint));
        }
        (None, Some(current)) => current,
        (None, None) => runs.last().ok_or_else(|| {
            nothing("report on the latest run: there has been none in this checkout").hint("run one: `cargo xtask ci`")
        })?,
    };
    let summaries = if args.all {
        same_commit(&home, &runs, &summary(&home, id, current)?)
    } else {
        vec![summary(&home, id, current)?]
    };
    let texts: Vec<String> =
        summaries.iter().map(|summary| if args.json { summary.to_json() } else { markdown::render(summary) }).collect();
    session.printer.data(&texts.join("\n"));
    Ok(Exit::Ok)
}

/// What the run's record says; a run that goes on is told about as far as it has come.
fn summary(home: &Home, id: &str, current: Option<&str>) -> Result<Summary> {
    let events = record::read(&home.runs().join(id).join("events.ndjson"))?.events;
    let fold = Fold::of(&events);
    Ok(if current == Some(id) { fold.so_far() } else { fold.finish() })
}

/// The summaries of all runs of the same commit, the oldest first. A record that cannot be read has its own error
/// when it is asked for; here it is left out.
fn same_commit(home: &Home, runs: &[String], latest: &Summary) -> Vec<Summary> {
    let all = runs.iter().filter_map(|run| summary(home, run, None).ok());
    all.filter(|summary| summary.commit == latest.commit).collect()
}
