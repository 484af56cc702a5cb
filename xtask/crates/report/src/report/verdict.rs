//! The one line with the result of a run. It agrees with the exit code, and it says `passed` only of work that ran or
//! whose cached proof is named.

use super::display::{Style, clean};
use super::failure::is_one;
use super::summary::{StageSummary, Summary, TaskSummary};
use super::words;
use std::collections::BTreeSet;
use xtask_core::outcome::{Outcome, Policy};
use xtask_core::text;

/// Whether a run went well, which is the colour of its verdict.
pub fn is_good(summary: &Summary) -> bool {
    summary.exit_code == Some(0) && matches!(summary.verdict.as_str(), "passed" | "nothing-to-do")
}

/// The mark before the verdict, where there are no colours.
pub fn mark(summary: &Summary) -> &'static str {
    match summary.exit_code {
        _ if is_good(summary) => "✓",
        Some(_) => "✗",
        None => "–",
    }
}

/// The mark before a stage or a task that ended so, where there are no colours.
pub fn mark_of(outcome: Outcome, policy: Policy) -> &'static str {
    match outcome {
        Outcome::Passed | Outcome::Cached => "✓",
        Outcome::Skipped | Outcome::NothingToDo => "–",
        Outcome::Flaky | Outcome::Cancelled => "!",
        _ if policy != Policy::Blocking => "!",
        _ => "✗",
    }
}

/// The verdict in one line, without colours.
pub fn line(summary: &Summary, style: Style) -> String {
    let mut line = match summary.verdict.as_str() {
        "passed" if summary.exit_code == Some(0) => passed(summary, style),
        "passed" => culprits("failed", summary),
        // A story of several jobs has no end of its own: the stages that were cancelled are its reason.
        "interrupted" if summary.interrupted.is_none() && summary.exit_code.is_some() => {
            culprits("interrupted", summary)
        }
        "interrupted" => interrupted(summary),
        "timed-out" => match &summary.interrupted {
            Some(because) => format!("timed out: {}", clean(because)),
            None => culprits("timed out", summary),
        },
        "environment-error" => culprits("could not run", summary),
        "nothing-to-do" => nothing(summary),
        "running" => so_far(summary),
        other => culprits(&clean(other), summary),
    };
    if let Some(code) = summary.exit_code.filter(|code| *code != 0) {
        line = format!("{line}{}exit {code}", style.dot());
    }
    line
}

fn passed(summary: &Summary, style: Style) -> String {
    let with = |outcomes: &[Outcome]| summary.stages.iter().filter(|s| outcomes.contains(&s.outcome)).count();
    let good = with(&[Outcome::Passed, Outcome::Flaky, Outcome::Cached]);
    let warned: Vec<&StageSummary> =
        summary.stages.iter().filter(|stage| stage.policy != Policy::Blocking && stage.outcome.is_bad()).collect();
    match (good, warned.as_slice()) {
        (0, []) => nothing(summary),
        (0, [only]) => format!("warning: {}, which does not block", warning(only)),
        (0, some) => {
            format!("warnings: {}, which do not block", text::list(some.iter().map(|stage| warning(stage))))
        }
        (_, []) => worked(summary, good, with(&[Outcome::Cached])),
        (_, some) => {
            let worked = worked(summary, good, with(&[Outcome::Cached]));
            let some = some.iter().map(|stage| format!("{} {}", stage.id, words::outcome(stage.outcome)));
            let verb = if warned.len() == 1 { "does" } else { "do" };
            format!("{worked}{}{}, which {verb} not block", style.dot(), text::list(some))
        }
    }
}

/// `passed: 10 stages (3 from the cache), 214 tests in 1m 12s`.
fn worked(summary: &Summary, good: usize, cached: usize) -> String {
    let cache = match cached {
        0 => String::new(),
        all if all == good => " from the cache".to_owned(),
        some => format!(" ({some} from the cache)"),
    };
    let tests = if summary.tests.ran() > 0 { format!(", {}", words::tests(summary.tests)) } else { String::new() };
    format!("passed: {}{cache}{tests} in {}", text::count(good, "stage"), words::time(summary.duration_ms))
}

fn nothing(summary: &Summary) -> String {
    match summary.stages.iter().find(|stage| stage.because.is_some()) {
        Some(StageSummary { because: Some(because), .. }) => format!("nothing to do: {}", clean(because)),
        _ => "nothing to do: no task has run".to_owned(),
    }
}

fn interrupted(summary: &Summary) -> String {
    let how = match &summary.interrupted {
        Some(because) => clean(because),
        None => "interrupted: the run was cut off".to_owned(),
    };
    let counts = summary.counts;
    format!("{how} after {}: {} of {} had ended", words::time(summary.duration_ms), counts.done, tasks(counts.total))
}

fn so_far(summary: &Summary) -> String {
    let bad: Vec<&StageSummary> = blocking(summary).collect();
    let pending = if summary.pending.is_empty() {
        String::new()
    } else {
        format!(", {} not ended", text::list(&summary.pending))
    };
    if bad.is_empty() {
        return format!(
            "running: nothing has failed so far, {} ended{pending}",
            text::count(summary.stages.len(), "stage")
        );
    }
    format!("running: so far failed: {}{pending}", text::list(bad.into_iter().map(culprit)))
}

fn blocking(summary: &Summary) -> impl Iterator<Item = &StageSummary> {
    summary.stages.iter().filter(|stage| stage.policy == Policy::Blocking && stage.outcome.is_bad())
}

/// The word, and the stages that are the reason. Those that were only stopped with the run are none, unless there is
/// no other.
fn culprits(word: &str, summary: &Summary) -> String {
    let own = |stage: &&StageSummary| stage.outcome != Outcome::Cancelled;
    let mut stages: Vec<&StageSummary> = blocking(summary).filter(own).collect();
    if stages.is_empty() {
        stages = blocking(summary).collect();
    }
    // A stage that does not block and was run alone.
    if stages.is_empty() {
        stages = summary.stages.iter().filter(|stage| stage.outcome.is_bad()).collect();
    }
    if stages.is_empty() {
        return word.to_owned();
    }
    format!("{word}: {}", text::list(stages.into_iter().map(culprit)))
}

fn culprit(stage: &StageSummary) -> String {
    const REASON: usize = 60;
    // Tests that could not work, because their server died, are not the reason.
    let by_tests = |task: &&TaskSummary| !task.failed_tests.is_empty() && task.outcome != Outcome::EnvironmentError;
    let failed: usize = stage.tasks.iter().filter(by_tests).map(TaskSummary::failed).sum();
    let services: BTreeSet<&str> =
        stage.tasks.iter().filter(by_tests).filter_map(|task| task.service.as_deref()).collect();
    let others = stage.tasks.iter().filter(|task| is_one(task.outcome) && !by_tests(task)).count();
    let mut reason = match (failed, services.first()) {
        (0, _) => clean(stage.because.as_deref().unwrap_or_default()),
        (n, None) => text::count(n, "test"),
        (n, Some(service)) if services.len() == 1 => format!("{} in {service}", text::count(n, "test")),
        (n, _) => format!("{} in {}", text::count(n, "test"), text::count(services.len(), "service")),
    };
    if failed > 0 && others > 0 {
        reason = format!("{reason} and {}", text::count(others, "more task"));
    }
    if reason.is_empty() {
        return stage.id.to_string();
    }
    format!("{} ({})", stage.id, console::truncate_str(&reason, REASON, "..."))
}

/// `security-audit failed (cargo-audit: 1 vulnerability)`.
fn warning(stage: &StageSummary) -> String {
    let id = stage.id.as_str();
    culprit(stage).replacen(id, &format!("{id} {}", words::outcome(stage.outcome)), 1)
}

fn tasks(n: usize) -> String {
    text::count(n, "task")
}

#[cfg(test)]
mod tests;
