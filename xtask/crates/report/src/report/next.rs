//! The steps to take for each failure: a few words, and the commands to type. A pure table over the kinds of failures,
//! which every report and notification shares. Knows nothing about how it is shown.

mod kind;

use super::summary::{StageSummary, Summary, TaskSummary};
use kind::Kind;
use xtask_core::cause::Cause;
use xtask_core::ids::StageId;
use xtask_core::outcome::Outcome;
use xtask_core::reading::{RESTORED, Severity, TYPE_NEXT};
use xtask_core::text;

/// Failed tests and findings that a step names.
const NAMES: usize = 5;
/// How many failed tests a step lists commands for.
const COMMANDS: usize = 3;

/// A step to take about one failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The task that went wrong, or the stage as a whole.
    pub about: String,
    /// Its stage.
    pub stage: StageId,
    /// The kind of failure, in a word for programs.
    pub kind: &'static str,
    /// The step in a few words, ours and some from outside.
    pub what: String,
    /// The commands to type, at the workspace's root.
    pub commands: Vec<String>,
}

/// Returns the steps to take, in the pipeline's order; none when nothing failed.
pub fn steps(summary: &Summary) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for stage in &summary.stages {
        let bad = || stage.tasks.iter().filter(|task| task.outcome.is_bad() && !is_consequence(task));
        // Stopped tasks of one stage are one thing to do.
        let stopped = bad().find(|task| task.outcome == Outcome::Cancelled);
        let own = bad().filter(|task| task.outcome != Outcome::Cancelled);
        steps.extend(own.chain(stopped).map(|task| step(stage, Some(task))));
        if stage.outcome.is_bad() && bad().next().is_none() {
            steps.push(step(stage, None));
        }
    }
    steps
}

/// The command that reruns the failure, as narrowly as possible.
pub fn again(task: &TaskSummary) -> &str {
    match &task.failed_tests[..] {
        [test] if !test.repeat.is_empty() && task.outcome != Outcome::EnvironmentError => &test.repeat,
        _ => &task.repeat,
    }
}

/// Whether a task never started because another one could not do its work: that one has its own step.
pub(super) fn is_consequence(task: &TaskSummary) -> bool {
    matches!(task.cause, Some(Cause::Need { .. })) && task.outcome == Outcome::EnvironmentError && task.log.is_none()
}

fn step(stage: &StageSummary, task: Option<&TaskSummary>) -> Step {
    let kind = task.map_or(Kind::Job, Kind::of);
    let (what, mut commands) = match task {
        Some(task) => advice(kind, stage, task),
        None => ("see the log of its job: it left no record".to_owned(), vec![whole(stage)]),
    };
    commands.retain(|command| !command.is_empty());
    commands.dedup();
    let about = task.map_or_else(|| stage.id.to_string(), |task| task.id.to_string());
    Step { about, stage: stage.id.clone(), kind: kind.word(), what, commands }
}

fn advice(kind: Kind, stage: &StageSummary, task: &TaskSummary) -> (String, Vec<String>) {
    let again = || again(task).to_owned();
    let because = task.because.as_deref().unwrap_or_default();
    let key = |key: &str| format!("workspace.metadata.xtask.{key}");
    match kind {
        Kind::Format => ("format the sources".to_owned(), vec!["cargo xtask fmt --fix".to_owned()]),
        Kind::Lint => (
            "let clippy repair what it can, and repair the rest".to_owned(),
            vec!["cargo xtask lint --fix".to_owned(), "cargo xtask lint".to_owned()],
        ),
        Kind::Tests => tests(task),
        Kind::Compile => ("make it compile".to_owned(), vec![again()]),
        Kind::Coverage => {
            let gate = if task.cause == Some(Cause::BelowFloor) { "floors" } else { "minimum" };
            let what = format!("{because}: test more of it, or lower {}.{gate}", key("coverage"));
            (what, vec!["cargo xtask coverage".to_owned()])
        }
        Kind::Audit => (audit(task), vec!["cargo xtask audit".to_owned()]),
        Kind::Servers => (
            "install the server, start Docker, or set the server's variable (DATABASE_URL, REDIS_URL); a package that \
             does not need it says so in its `needs`"
                .to_owned(),
            vec!["cargo xtask doctor".to_owned(), "cargo xtask integration".to_owned()],
        ),
        Kind::ServerDied => ("see the server's log for why it died".to_owned(), vec![again()]),
        Kind::Image if task.cause == Some(Cause::OverBudget) => {
            (format!("make the image smaller, or raise {}", key("image.budget")), vec![again()])
        }
        Kind::Image => (find(task, "what keeps the program from running in an image"), vec![again()]),
        Kind::Push => (
            "the registry has another image under this tag: build with the same toolchain and certificates, or make a \
             new commit"
                .to_owned(),
            vec![again()],
        ),
        Kind::Login => (
            format!(
                "{}; a login is {}, XTASK_REGISTRY_USER and XTASK_REGISTRY_PASSWORD",
                find(task, "whether the registry cannot be reached or the login is refused"),
                key("image.login")
            ),
            vec![again()],
        ),
        Kind::Deploy => deployment(task),
        Kind::Smoke => smoke(task),
        Kind::Notify => (
            "check the webhook's address, and that curl can reach it".to_owned(),
            vec!["cargo xtask notify".to_owned()],
        ),
        Kind::TimedOut => {
            let limit = key(&format!("stages.{}.timeout", stage.id));
            (format!("find out what takes so long, or raise {limit}"), vec![again()])
        }
        Kind::Environment if task.cause == Some(Cause::DiskFull) => {
            ("free space on that disk, or set CARGO_TARGET_DIR to a directory on another one".to_owned(), vec![again()])
        }
        Kind::Environment if task.cause == Some(Cause::NoAdvisories) => (
            "try again with a network, or get a copy of the advisory database and name it: --advisory-db DIR"
                .to_owned(),
            vec![again()],
        ),
        Kind::Environment => {
            ("see what is missing on this machine".to_owned(), vec!["cargo xtask doctor".to_owned(), again()])
        }
        Kind::Cancelled => stopped(stage, task),
        Kind::Other if task.log.is_none() => (format!("nothing has run: {because}"), vec![again()]),
        Kind::Job | Kind::Other => (find(task, "what is wrong"), vec![again()]),
    }
}

/// A step that looks for something in the task's log, if it has written one.
fn find(task: &TaskSummary, what: &str) -> String {
    let how = if task.log.is_some() { "see in its log" } else { "find out" };
    format!("{how} {what}")
}

fn tests(task: &TaskSummary) -> (String, Vec<String>) {
    let names: Vec<&str> = task.failed_tests.iter().map(|test| test.name.as_str()).collect();
    let mut commands: Vec<String> = task.failed_tests.iter().take(COMMANDS).map(|test| test.repeat.clone()).collect();
    if names.is_empty() || names.len() > COMMANDS {
        commands.push(task.repeat.clone());
    }
    let what = if names.is_empty() {
        "repair the tests".to_owned()
    } else {
        format!("repair {}", some(&names, task.failed()))
    };
    (what, commands)
}

fn audit(task: &TaskSummary) -> String {
    let counted = task.findings.iter().filter(|it| it.waived.is_none() && it.severity == Severity::Error);
    let found: Vec<String> = counted
        .map(|finding| match (&finding.code, &finding.package) {
            (Some(code), Some(package)) => format!("{code} in {package}"),
            (Some(text), None) | (None, Some(text)) => text.clone(),
            (None, None) => finding.message.clone(),
        })
        .collect();
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    let about = if found.is_empty() { String::new() } else { format!("{}: ", some(&found, found.len())) };
    format!(
        "{about}update or replace the dependency, or accept it for a while with a waiver in \
         workspace.metadata.xtask.audit.waivers (id, reason, expires)"
    )
}

fn deployment(task: &TaskSummary) -> (String, Vec<String>) {
    let environment = task.name();
    let look = format!("cargo xtask status {environment}");
    let same = again(task).to_owned();
    if task.cause == Some(Cause::NeedsHuman) {
        let told = told_next(task);
        let commands = if told.is_empty() { vec![look, format!("cargo xtask rollback {environment}")] } else { told };
        return (
            format!("{environment} needs manual intervention: some services are in an unintended state"),
            commands,
        );
    }
    if task.cause == Some(Cause::RolledBack) {
        return (format!("{RESTORED} and verified: fix the cause, then deploy again"), vec![look, same]);
    }
    (find(task, "why it failed, and what runs now"), vec![look, same])
}

fn smoke(task: &TaskSummary) -> (String, Vec<String>) {
    let environment = task.name();
    let commands = ["status", "smoke"].map(|verb| format!("cargo xtask {verb} {environment}")).to_vec();
    if task.cause == Some(Cause::RolledBack) {
        return (format!("{RESTORED}: {}, and fix them", find(task, "which services did not work")), commands);
    }
    let back = format!("cargo xtask rollback {environment}");
    let commands = commands.into_iter().chain([back]).collect();
    (format!("{}: fix them, or roll back", find(task, "which services do not work")), commands)
}

fn stopped(stage: &StageSummary, task: &TaskSummary) -> (String, Vec<String>) {
    let told = told_next(task);
    if told.is_empty() {
        return ("it was stopped before it had a result: run it again".to_owned(), vec![whole(stage)]);
    }
    ("it was stopped halfway: resume it, or roll back".to_owned(), told)
}

/// The next commands that a deployment has reported.
fn told_next(task: &TaskSummary) -> Vec<String> {
    let tables = task.tables.iter().filter(|table| table.title == TYPE_NEXT);
    tables.flat_map(|table| &table.rows).filter_map(|row| row.first().cloned()).collect()
}

/// The command for the whole stage, as the user would type it.
fn whole(stage: &StageSummary) -> String {
    if stage.subcommand.is_empty() { String::new() } else { format!("cargo xtask {}", stage.subcommand) }
}

/// The first of these names, and how many more of all there are.
fn some(names: &[&str], all: usize) -> String {
    let mut shown: Vec<String> = names.iter().take(NAMES).map(|&name| name.to_owned()).collect();
    if let Some(more) = all.checked_sub(shown.len()).filter(|more| *more > 0) {
        shown.push(format!("{more} more"));
    }
    text::list(shown)
}

#[cfg(test)]
mod tests;
