//! Finds what is missing from the story of several jobs: a blocking stage of the event's plan that has left no record,
//! or was skipped although nothing that it needs went wrong, is red; so is one that lacks a record of one of its parts.
//! Pure.
//!
//! Knows nothing about how the plan is made, and adds nothing about stages that do not block: they decide nothing.

use super::summary::{StageSummary, Summary};
use super::{merge, needs};
use std::collections::{BTreeMap, BTreeSet};
use xtask_core::cause::Cause;
use xtask_core::ids::StageId;
use xtask_core::outcome::{Outcome, Policy};
use xtask_core::pipeline;
use xtask_core::text;

/// Parts without a record that a reason names.
const NAMES: usize = 12;

/// A stage of the event's plan, as far as its record is expected.
#[derive(Clone, Debug)]
pub struct Expected {
    /// Its id.
    pub id: StageId,
    /// The subcommand that runs it alone.
    pub subcommand: String,
    /// How its failure is judged.
    pub policy: Policy,
    /// The stages of the plan that it needs.
    pub needs: Vec<StageId>,
    /// The parts that may have a record of their own: the packages that it has tasks for, and tasks that are commands
    /// of their own.
    pub parts: BTreeSet<String>,
}

impl Expected {
    /// Whether its absence is red. A report about the others is not missing while it is made.
    fn counts(&self) -> bool {
        self.policy == Policy::Blocking && ![pipeline::QUALITY_REPORT, pipeline::NOTIFY].contains(&self.id.as_str())
    }

    fn stage(&self, outcome: Outcome, because: String) -> StageSummary {
        StageSummary {
            id: self.id.clone(),
            policy: self.policy,
            outcome,
            because: Some(because),
            cause: None,
            duration_ms: 0,
            subcommand: self.subcommand.clone(),
            tasks: Vec::new(),
        }
    }
}

/// Why a stage that needs another one may not have run.
struct Unmet {
    /// How the other one reads behind "which".
    how: &'static str,
    /// Whether a record or the result of a job says so. A stage that is only missing does not explain another absence.
    known: bool,
}

/// The same in words: "needs `code-coverage`, which failed".
struct Reason {
    words: String,
    known: bool,
}

/// Completes a story with what is missing from it, and judges it again. `plan` is in an order in which each stage comes
/// behind what it needs; `recorded` are the stages that records speak of, all others are known by their job's result.
///
/// | blocking stage of the plan | nothing that it needs went wrong | else |
/// | --- | --- | --- |
/// | no record, no result | failed; a stage of the workspace's own may be no job: a warning | skipped |
/// | no record, its job has succeeded | failed | failed |
/// | no record, its job has failed or was cancelled | failed, cancelled | failed, cancelled |
/// | no record, its job was skipped | failed | skipped |
/// | its record says that it was skipped | failed, unless that was asked for | skipped |
/// | its record lacks parts | failed | failed |
pub fn complete(summary: &mut Summary, plan: &[Expected], recorded: &BTreeSet<StageId>) {
    let mut unmet: BTreeMap<&StageId, Unmet> = BTreeMap::new();
    let pending = summary.pending.clone();
    for expected in plan.iter().filter(|expected| !pending.contains(&expected.id)) {
        let cause = cause(expected, &unmet);
        let own = if !expected.counts() {
            pass_on(summary, expected, cause.as_ref())
        } else if summary.stages.iter().any(|stage| stage.id == expected.id) {
            settle(summary, expected, recorded.contains(&expected.id), cause)
        } else {
            add(summary, expected, cause)
        };
        unmet.extend(own.map(|own| (&expected.id, own)));
    }
    merge::judge(summary, |_| true);
}

/// The unmet need of a stage that is known best.
fn cause(expected: &Expected, unmet: &BTreeMap<&StageId, Unmet>) -> Option<Reason> {
    let causes = expected.needs.iter().filter_map(|need| Some((need, unmet.get(need)?)));
    let (need, Unmet { how, known }) = causes.min_by_key(|(_, unmet)| !unmet.known)?;
    Some(Reason { words: format!("needs `{need}`, which {how}"), known: *known })
}

/// Nothing waits for the outcome of a stage that does not block. On GitHub its job is skipped all the same, and then those
/// that need it.
fn pass_on(summary: &Summary, expected: &Expected, cause: Option<&Reason>) -> Option<Unmet> {
    let stage = summary.stages.iter().find(|stage| stage.id == expected.id);
    let has_run = stage.is_some_and(|stage| stage.outcome != Outcome::Skipped);
    cause.filter(|_| !has_run).map(|cause| Unmet { how: Outcome::Skipped.verb(), known: cause.known })
}

/// Adds a blocking stage of which neither a record nor the result of its job is known.
fn add(summary: &mut Summary, expected: &Expected, cause: Option<Reason>) -> Option<Unmet> {
    match cause {
        Some(Reason { words, known: true }) => {
            needs::add(summary, expected.stage(Outcome::Skipped, words));
            Some(Unmet { how: Outcome::Skipped.verb(), known: true })
        }
        _ if merge::place(&expected.id).is_none() => {
            summary.warnings.push(format!("there is no record of the stage `{}`; it may be no job", expected.id));
            None
        }
        _ => {
            needs::add(summary, expected.stage(Outcome::Failed, "there is no record of it".to_owned()));
            Some(Unmet { how: "has left no record", known: false })
        }
    }
}

/// Judges a blocking stage by its record, or by the result of its job.
fn settle(summary: &mut Summary, expected: &Expected, recorded: bool, cause: Option<Reason>) -> Option<Unmet> {
    let stage = summary.stages.iter_mut().find(|stage| stage.id == expected.id)?;
    let (outcome, reason) = (stage.outcome, stage.because.clone());
    let lacking = lacking(stage, expected).filter(|_| recorded);
    let mut fail = |because: Option<String>| (stage.outcome, stage.because) = (Outcome::Failed, because);
    match (outcome, cause) {
        (Outcome::Skipped, _) if stage.cause == Some(Cause::LeftOut) => None,
        (Outcome::Skipped, Some(cause)) => {
            stage.because = reason.filter(|_| recorded).or(Some(cause.words));
            Some(Unmet { how: outcome.verb(), known: cause.known })
        }
        (Outcome::Skipped, None) => {
            let skipped = if recorded { "it was skipped" } else { needs::SKIPPED };
            fail(Some(format!("{skipped}, although nothing that it needs went wrong")));
            Some(Unmet { how: outcome.verb(), known: true })
        }
        (Outcome::Passed, _) if !recorded => {
            fail(reason);
            Some(Unmet { how: "has left no record", known: false })
        }
        (outcome, _) if outcome.meets_a_need() => {
            fail(Some(lacking?));
            Some(Unmet { how: "has left too few records", known: false })
        }
        _ => {
            // A failure comes first: it may be why the rest is missing.
            let lacking = lacking.filter(|_| outcome != Outcome::Cancelled);
            let reasons: Vec<String> = reason.into_iter().chain(lacking).collect();
            stage.because = (!reasons.is_empty()).then(|| reasons.join("; "));
            Some(Unmet { how: outcome.verb(), known: true })
        }
    }
}

/// The reason that some parts have no record; `None` when each has one.
fn lacking(stage: &StageSummary, expected: &Expected) -> Option<String> {
    let recorded: BTreeSet<&str> =
        stage.tasks.iter().map(|task| task.service.as_deref().unwrap_or(task.name())).collect();
    let lacking: Vec<&String> = expected.parts.iter().filter(|name| !recorded.contains(name.as_str())).collect();
    let more = lacking.len().saturating_sub(NAMES);
    let names =
        lacking.iter().take(NAMES).map(|name| (*name).clone()).chain((more > 0).then(|| format!("{more} more")));
    (!lacking.is_empty()).then(|| format!("there is no record of {}", text::list(names)))
}

#[cfg(test)]
mod tests;
