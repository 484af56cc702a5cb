//! The facts worth reporting about a task or a stage, in a few words that every display shares.

use super::display::clean;
use super::summary::{StageSummary, TaskSummary};
use std::time::Duration;
use xtask_core::outcome::{Outcome, TestCounts};
use xtask_core::text;

/// An outcome in words for people.
pub fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::TimedOut => "timed out",
        Outcome::NothingToDo => "nothing to do",
        Outcome::EnvironmentError => "could not run",
        other => other.word(),
    }
}

/// `2.31s`.
pub fn time(duration_ms: u64) -> String {
    text::duration(Duration::from_millis(duration_ms))
}

/// How long something ran; empty when it never started.
pub fn time_if_any(outcome: Outcome, duration_ms: u64) -> String {
    match outcome {
        Outcome::Skipped | Outcome::NothingToDo => String::new(),
        _ if duration_ms == 0 => String::new(),
        _ => time(duration_ms),
    }
}

/// `214 tests`, `214 tests, 2 failed, 3 ignored`.
pub fn tests(tests: TestCounts) -> String {
    let mut words = vec![count(tests.ran(), "test")];
    if tests.failed > 0 {
        words.push(format!("{} failed", tests.failed));
    }
    if tests.ignored > 0 {
        words.push(format!("{} ignored", tests.ignored));
    }
    words.join(", ")
}

/// `61.20 %`: as many digits as were compared.
pub fn percent(value: f64) -> String {
    format!("{value:.2} %")
}

/// Describes a task: how it ended unless it passed, why, and what it counted.
pub fn task(task: &TaskSummary) -> String {
    let facts = facts(std::slice::from_ref(task));
    told(task.outcome, task.because.as_deref(), facts)
}

/// Describes a stage, the same way.
pub fn stage(stage: &StageSummary) -> String {
    told(stage.outcome, stage.because.as_deref(), facts(&stage.tasks))
}

/// The reasons of skipped tasks: each one once, with how many tasks share it.
pub fn skipped(stage: &StageSummary) -> Vec<(String, usize)> {
    let mut reasons: Vec<(String, usize)> = Vec::new();
    for task in stage.tasks.iter().filter(|task| task.outcome == Outcome::Skipped) {
        let reason = clean(task.because.as_deref().unwrap_or("no reason was recorded"));
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, times)) => *times += 1,
            None => reasons.push((reason, 1)),
        }
    }
    reasons
}

fn told(how: Outcome, because: Option<&str>, facts: Vec<String>) -> String {
    let mut words = match (how, because) {
        (Outcome::Passed, None) => String::new(),
        (Outcome::Passed, Some(because)) => clean(because),
        (how, None) => outcome(how).to_owned(),
        // The reason often starts with the word itself: `interrupted`, `timed out after 600s (…)`.
        (how, Some(because)) if clean(because).starts_with(outcome(how)) => clean(because),
        (how, Some(because)) => format!("{}: {}", outcome(how), clean(because)),
    };
    if matches!(how, Outcome::Passed | Outcome::Flaky | Outcome::Cached) {
        for fact in facts {
            if !words.is_empty() {
                words.push_str(", ");
            }
            words.push_str(&fact);
        }
    }
    words
}

fn facts(tasks: &[TaskSummary]) -> Vec<String> {
    let mut facts = Vec::new();
    let mut counted = TestCounts::default();
    let mut with_tests = false;
    for tests in tasks.iter().filter_map(|task| task.tests) {
        counted += tests;
        with_tests = true;
    }
    if with_tests {
        facts.push(tests(counted));
    }
    let findings = tasks.iter().flat_map(|task| &task.findings);
    let (waived, open): (Vec<_>, Vec<_>) = findings.partition(|finding| finding.waived.is_some());
    if !open.is_empty() {
        facts.push(text::count(open.len(), "finding"));
    }
    if !waived.is_empty() {
        facts.push(format!("{} waived", waived.len()));
    }
    facts
}

fn count(n: u64, noun: &str) -> String {
    text::count(usize::try_from(n).unwrap_or(usize::MAX), noun)
}
/// The lines above those that are shown: `3 lines above are in the log`, if there is one.
pub(super) fn left_out(lines: usize, has_log: bool) -> String {
    let are = if lines == 1 { "is" } else { "are" };
    format!("{} above {are} {}", text::count(lines, "line"), if has_log { "in the log" } else { "left out" })
}
