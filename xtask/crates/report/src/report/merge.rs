//! The summaries of several runs of one commit, as the jobs of a CI leave them, made into one. Pure.
//!
//! The work of a later run outweighs that of an earlier one on the same services; a stage that was skipped outweighs
//! nothing. Knows nothing about where the summaries come from.

use super::counted;
use super::summary::{StageSummary, Summary, TaskSummary};
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};
use xtask_core::cause::Cause;
use xtask_core::event::Counts;
use xtask_core::ids::StageId;
use xtask_core::outcome::{Outcome, Policy, TestCounts, Verdict};
use xtask_core::pipeline;
use xtask_core::reading::Coverage;
use xtask_core::text;

/// How many reasons a stage of several runs reports.
const REASONS: usize = 3;

/// One story of all these runs, the oldest first; `None` of none. A single run stays as it is.
pub fn merge(runs: &[Summary]) -> Option<Summary> {
    let (last, before) = runs.split_last()?;
    if before.is_empty() {
        return Some(last.clone());
    }
    let mut merged = Summary {
        command: format!("{} and {}", runs[0].command, text::count(before.len(), "more run")),
        stages: stage_ids(runs).iter().filter_map(|id| stage(id, runs)).collect(),
        services: runs.iter().flat_map(|run| run.services.clone()).collect::<BTreeSet<_>>().into_iter().collect(),
        counts: runs.iter().fold(Counts::default(), |sum, run| Counts {
            done: sum.done + run.counts.done,
            running: sum.running + run.counts.running,
            total: sum.total + run.counts.total,
        }),
        coverage: coverage(runs),
        tests: TestCounts::default(),
        images: Vec::new(),
        warnings: Vec::new(),
        pending: Vec::new(),
        interrupted: None,
        ..last.clone()
    };
    (merged.started, merged.duration_ms) = time(runs);
    merged.tests = counted::total(&merged);
    for run in runs {
        merged.images.retain(|image| run.images.iter().all(|newer| newer.service != image.service));
        merged.images.extend(run.images.iter().cloned());
        let new = |warning: &&String| !merged.warnings.contains(warning);
        let warnings: Vec<String> = run.warnings.iter().filter(new).cloned().collect();
        merged.warnings.extend(warnings);
    }
    merged.images.sort_by(|a, b| a.service.cmp(&b.service));
    let unended = last.pending.iter().filter(|id| merged.stages.iter().all(|stage| stage.id != **id));
    merged.pending = unended.cloned().collect();
    judge(&mut merged, |_| true);
    Some(merged)
}

/// A run as a part of the story of several: stages that it had not begun when it was stopped are undecided, and not
/// left out.
pub fn unfinished(mut run: Summary) -> Summary {
    let was_killed = run.verdict == "interrupted" && run.exit_code.is_none();
    let outcome = match run.verdict.as_str() {
        "timed-out" => Outcome::TimedOut,
        "bug" => Outcome::Failed,
        _ => Outcome::Cancelled,
    };
    if was_killed || run.interrupted.is_some() || run.verdict == "bug" {
        let is_open = |stage: &&mut StageSummary| match stage.outcome {
            Outcome::Cancelled => true,
            Outcome::Skipped => stage.cause != Some(Cause::LeftOut),
            _ => false,
        };
        run.stages.iter_mut().filter(is_open).for_each(|stage| stage.outcome = outcome);
    }
    run
}

/// Sets the verdict of a summary from the outcomes of its stages. A stage that has not ended can still fail: then only
/// a red verdict is certain, and any other is `running`. `may_block` says for which stages that is so.
pub fn judge(summary: &mut Summary, may_block: impl Fn(&StageId) -> bool) {
    let stages = summary.stages.iter().filter(|stage| stage.id.as_str() != pipeline::SETUP);
    let stages: Vec<_> = stages.map(|stage| (stage.policy, Some(stage.outcome))).collect();
    let Verdict { word, exit } = Verdict::of(&stages);
    let is_red =
        stages.iter().any(|(policy, ending)| *policy == Policy::Blocking && ending.is_some_and(Outcome::is_bad));
    let undecided = !is_red && summary.pending.iter().any(may_block);
    (if undecided { "running" } else { word }).clone_into(&mut summary.verdict);
    summary.exit_code = (!undecided).then(|| exit.code());
}

/// The place of a stage in the pipeline; `None` for one that a workspace adds.
pub(super) fn place(id: &StageId) -> Option<usize> {
    pipeline::stages().iter().position(|stage| stage.id == *id)
}

/// Inserts a stage at its place in the pipeline; one that the pipeline does not know goes behind `before`, else to the
/// end.
pub(super) fn insert(ids: &mut Vec<StageId>, id: &StageId, before: Option<&StageId>) {
    if ids.contains(id) {
        return;
    }
    let at = match (place(id), before) {
        (Some(own), _) => ids.iter().position(|other| place(other).is_some_and(|other| other > own)),
        (None, Some(before)) => ids.iter().position(|other| other == before).map(|at| at + 1),
        (None, None) => None,
    };
    ids.insert(at.unwrap_or(ids.len()), id.clone());
}

fn stage_ids(runs: &[Summary]) -> Vec<StageId> {
    let mut ids = Vec::new();
    for run in runs {
        let mut before = None;
        for stage in &run.stages {
            insert(&mut ids, &stage.id, before);
            before = Some(&stage.id);
        }
    }
    ids
}

/// One run's part of a stage, after the later ones have been taken into account.
struct Part<'a> {
    stage: &'a StageSummary,
    tasks: Vec<&'a TaskSummary>,
    outcome: Outcome,
}

/// The stage of this id over all runs.
fn stage(id: &StageId, runs: &[Summary]) -> Option<StageSummary> {
    let told: Vec<(&Summary, &StageSummary)> =
        runs.iter().filter_map(|run| Some((run, run.stages.iter().find(|stage| stage.id == *id)?))).collect();
    let parts: Vec<Part<'_>> =
        told.iter().enumerate().filter_map(|(index, (run, stage))| part(run, stage, &told[index + 1..])).collect();
    // A run that has left the stage out says nothing about it when another has worked on it.
    let worked = parts.iter().any(|part| !part.tasks.is_empty());
    let parts: Vec<Part<'_>> = parts.into_iter().filter(|part| !worked || !part.tasks.is_empty()).collect();
    let last = parts.last()?.stage;
    let outcome = Outcome::of_stage(last.policy, parts.iter().map(|part| part.outcome))?;
    Some(StageSummary {
        outcome,
        because: because(&parts, outcome),
        // Jobs run side by side: the longest says best how long the stage took.
        duration_ms: parts.iter().map(|part| part.stage.duration_ms).max().unwrap_or(0),
        tasks: parts.iter().flat_map(|part| part.tasks.iter().copied().cloned()).collect(),
        ..last.clone()
    })
}

/// The part of a run's stage that later runs have not redone; `None` when they have redone all of it.
fn part<'a>(run: &Summary, stage: &'a StageSummary, later: &[(&Summary, &StageSummary)]) -> Option<Part<'a>> {
    let tasks: Vec<&TaskSummary> =
        stage.tasks.iter().filter(|task| !is_outweighed(task, &about(run, stage), later)).collect();
    let outcome = if tasks.len() == stage.tasks.len() {
        stage.outcome
    } else {
        Outcome::of_stage(stage.policy, tasks.iter().map(|task| task.outcome))?
    };
    Some(Part { stage, tasks, outcome })
}

/// Whether later runs have redone a task: for its service, or for all services that its run covered.
fn is_outweighed(task: &TaskSummary, about: &BTreeSet<&str>, later: &[(&Summary, &StageSummary)]) -> bool {
    let ran = |task: &&TaskSummary| task.outcome != Outcome::Skipped;
    if let Some(service) = &task.service {
        let mut tasks = later.iter().flat_map(|(_, stage)| &stage.tasks).filter(ran);
        return tasks.any(|newer| newer.service.as_ref() == Some(service));
    }
    let again = later.iter().filter(|(_, stage)| stage.tasks.iter().filter(ran).any(|newer| newer.id == task.id));
    let covered: BTreeSet<&str> = again.flat_map(|(run, stage)| self::about(run, stage)).collect();
    about.is_subset(&covered)
}

/// The services and packages that a run's stage covered; a run that covers none of them is identified by its command.
fn about<'a>(run: &'a Summary, stage: &'a StageSummary) -> BTreeSet<&'a str> {
    let services = run.services.iter().map(String::as_str);
    let packages = stage.tasks.iter().filter_map(|task| task.service.as_deref());
    let about: BTreeSet<&str> = services.chain(packages).collect();
    if about.is_empty() { BTreeSet::from([run.command.as_str()]) } else { about }
}

/// Why the stage has ended so, by the runs that say so.
fn because(parts: &[Part<'_>], outcome: Outcome) -> Option<String> {
    let mut reasons: Vec<String> = Vec::new();
    for part in parts.iter().filter(|part| part.outcome == outcome) {
        let own = part.stage.because.iter().filter(|_| part.tasks.len() == part.stage.tasks.len()).cloned();
        let of_tasks = part.tasks.iter().filter(|task| task.outcome == outcome);
        let of_tasks = of_tasks.filter(|_| part.tasks.len() < part.stage.tasks.len());
        let of_tasks = of_tasks.filter_map(|task| Some(format!("{}: {}", task.name(), task.because.as_deref()?)));
        for reason in own.chain(of_tasks) {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
    }
    let more = reasons.len().saturating_sub(REASONS);
    reasons.truncate(REASONS);
    match (reasons.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(reasons.join("; ")),
        (false, more) => Some(format!("{}; and {more} more", reasons.join("; "))),
    }
}

/// The coverage of the most packages, and for each package the latest measurement.
fn coverage(runs: &[Summary]) -> Option<Coverage> {
    let measured = || runs.iter().filter_map(|run| run.coverage.as_ref());
    let widest = measured().max_by_key(|coverage| coverage.services.len())?;
    let services = measured().flat_map(|coverage| coverage.services.clone()).collect();
    Some(Coverage { line_percent: widest.line_percent, services })
}

/// When the first run started, and how long it was until the last one ended.
fn time(runs: &[Summary]) -> (String, u64) {
    let parsed = |run: &Summary| -> Option<(SystemTime, SystemTime)> {
        let start = humantime::parse_rfc3339(&run.started).ok()?;
        Some((start, start.checked_add(Duration::from_millis(run.duration_ms))?))
    };
    let times: Vec<(SystemTime, SystemTime)> = runs.iter().filter_map(parsed).collect();
    let longest = runs.iter().map(|run| run.duration_ms).max().unwrap_or(0);
    let Some(first) = times.iter().map(|(start, _)| *start).min() else { return (String::new(), longest) };
    let end = times.iter().map(|(_, end)| *end).max().unwrap_or(first);
    let between = end.duration_since(first).unwrap_or_default().as_millis();
    (humantime::format_rfc3339_millis(first).to_string(), u64::try_from(between).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
