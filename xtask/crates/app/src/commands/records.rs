//! Selects the runs that a command reports on, and merges their records into one summary.

use super::{Session, jobs, nothing, warn};
use crate::cli;
use clap::ValueEnum as _;
use xtask_core::error::{Error, Result};
use xtask_core::event::RECORD_VERSION;
use xtask_core::pipeline::Event;
use xtask_core::text;
use xtask_core::workspace::Workspace;
use xtask_engine::git;
use xtask_process::process::MARKER;
use xtask_report::history::directory::Home;
use xtask_report::report::needs::Needs;
use xtask_report::report::record::{self, Record};
use xtask_report::report::{Summary, merge};

/// The contents of the records.
pub(super) struct Story {
    /// As one summary.
    pub(super) summary: Summary,
    /// Whether this process is a task of the reported run, which has not ended.
    pub(super) goes_on: bool,
}

/// The run to report on by default.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Latest {
    /// The latest, finished or not.
    Any,
    /// The latest that has finished: another one may be running.
    Finished,
}

/// The requested story: of a run, of all runs of a commit, and of the jobs whose results were passed in. By default, of
/// the run that this process is a task of, else of the latest one.
pub(super) fn story(subject: &cli::Subject, latest: Latest, session: &Session, workspace: &Workspace) -> Result<Story> {
    let home = Home::new(&workspace.target_dir);
    let runs = home.run_ids();
    // A task of a run is marked with `<run>:<task>`.
    let current = session.environment.var(MARKER).and_then(|marker| marker.split(':').next());
    let current = current.filter(|run| runs.iter().any(|known| known == run));
    // The results of earlier jobs are no part of a run of this job.
    let needs = subject.needs.as_deref().filter(|needs| current.is_none() && !needs.trim().is_empty());
    let needs = needs.map(Needs::parse).transpose()?;
    let event = subject.event.or(session.environment.event()).filter(|_| current.is_none());
    // On a laptop `--all` covers only the runs there: no record says that more of the pipeline was to be run.
    let several =
        subject.all && current.is_none() && (needs.is_some() || session.environment.is_ci() || event.is_some());
    let id = match (&subject.run, current) {
        (Some(asked), _) => Some(find(asked, &runs)?),
        (None, Some(current)) => Some(current),
        // Among the records of several jobs, that of a job that was killed counts; one that cannot be read is missing.
        (None, None) if subject.all => {
            let mut newest = runs.iter().rev();
            newest.find(|id| !several || summary(&home, id, None).is_ok()).map(String::as_str)
        }
        (None, None) => {
            let any = latest == Latest::Any;
            runs.iter().rev().find(|id| any || is_finished(&home, id)).map(String::as_str)
        }
    };
    let latest = id.map(|id| summary(&home, id, current)).transpose()?;
    let mut summary = match latest {
        Some(latest) if subject.all => same_commit(&home, &runs, current, latest),
        Some(latest) => latest,
        // Jobs that ended before they could run anything have left no record.
        None if needs.is_some() || several => no_record(session, workspace),
        None => {
            let error = nothing("report on the latest run: no run is recorded in this checkout");
            return Err(error.hint("run one: `cargo xtask ci`"));
        }
    };
    if let Some(event) = event {
        event.word().clone_into(&mut summary.event);
    }
    let event = Event::from_str(&summary.event, false).unwrap_or(Event::PullRequest);
    jobs::add_to(&mut summary, needs.as_ref(), several.then_some(event), session, workspace)?;
    Ok(Story { goes_on: id.is_some() && id == current, summary })
}

/// The summary where no run has left a record.
fn no_record(session: &Session, workspace: &Workspace) -> Summary {
    let commit = git::commit(&workspace.root).unwrap_or_else(|error| {
        warn(&error, session);
        None
    });
    let event = Event::PullRequest.word().to_owned();
    Summary { version: RECORD_VERSION, command: session.typed.clone(), commit, event, ..Summary::default() }
}

fn find<'a>(asked: &'a str, runs: &[String]) -> Result<&'a str> {
    if runs.iter().any(|run| run == asked) {
        return Ok(asked);
    }
    let near = text::nearest(asked, runs.iter().rev().map(String::as_str));
    let hint =
        near.first().map_or("see the directory target/xtask/runs".to_owned(), |near| format!("did you mean `{near}`?"));
    Err(Error::unknown("run", asked).hint(hint))
}

/// Whether a run has finished: one that is still running has not, nor has one that was killed.
fn is_finished(home: &Home, id: &str) -> bool {
    let directory = home.runs().join(id);
    record::read(&directory.join(record::FILE)).is_ok_and(|record| record.is_closed())
        || Summary::read(&directory.join("summary.json")).is_ok_and(|summary| summary.exit_code.is_some())
}

/// The summary of a run, or of the part so far if it is still running. The record takes precedence; where that is
/// damaged or ends early and the summary is whole, the summary does. Anything damaged is named.
fn summary(home: &Home, id: &str, current: Option<&str>) -> Result<Summary> {
    let directory = home.runs().join(id);
    let (record, whole) = (record::read(&directory.join(record::FILE)), Summary::read(&directory.join("summary.json")));
    let record = match (record, whole) {
        (Ok(record), _) if current == Some(id) || record.alive => return Ok(record.fold.so_far()),
        (Ok(record), Ok(whole)) if !record.is_whole() && !record.is_newer() => {
            // A run that was killed got its summary from its record, by the run after it.
            let early = !record.is_closed() && whole.exit_code.is_some();
            let what = damage(&record, early).map(|what| format!("{what}; this report is made from summary.json"));
            return Ok(with_warning(whole, what));
        }
        (Err(error), Ok(whole)) => {
            return Ok(with_warning(whole, Some(format!("{}; this report is made from summary.json", error.line()))));
        }
        (record, _) => record?,
    };
    Ok(with_warning(record.fold.finish(), damage(&record, false)))
}

/// Describes the damage to a record in a sentence; `early` says that the run got further than the record does.
fn damage(record: &Record, early: bool) -> Option<String> {
    let file = record::FILE;
    let lines = text::count(record.skipped, "line");
    match (early, record.cut, record.skipped) {
        _ if record.is_newer() => None,
        (_, _, 1..) => Some(format!("{lines} of {file} cannot be read")),
        (_, true, _) => Some(format!("{file} is cut off in the middle of a line, as on a full disk")),
        (true, ..) => Some(format!("{file} ends before the run did")),
        _ => None,
    }
}

fn with_warning(mut summary: Summary, warning: Option<String>) -> Summary {
    summary.warnings.extend(warning);
    summary
}

/// Merges all runs of the same commit. A record that cannot be read has its own error when it is asked for; here it is
/// left out.
fn same_commit(home: &Home, runs: &[String], current: Option<&str>, latest: Summary) -> Summary {
    let all = runs.iter().filter_map(|run| summary(home, run, current).ok());
    let all = all.filter(|summary| summary.commit == latest.commit).map(merge::unfinished);
    let all: Vec<Summary> = all.collect();
    merge::merge(&all).unwrap_or(latest)
}
