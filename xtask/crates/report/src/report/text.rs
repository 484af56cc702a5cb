//! The summary at the end of a run, for people: tables of a stage that was run alone, a line per stage, failures in
//! short with the command to type, warnings once, and the verdict as the last line.

mod details;

use super::display::{Display, Verbosity, clean};
use super::failure::Failure;
use super::summary::{StageSummary, Summary};
use super::{verdict, words};
use std::time::Duration;
use xtask_core::ids::TaskId;
use xtask_core::outcome::Outcome;
use xtask_core::text;

/// How many failed tasks are repeated.
const FAILURES: usize = 20;

/// A line of a table: mark, name, time and words.
pub struct Row<'a> {
    /// The mark, coloured.
    pub mark: String,
    /// The name of a stage or a task.
    pub name: &'a str,
    /// How many columns names have.
    pub width: usize,
    /// How long it took.
    pub time: String,
    /// Further details.
    pub words: String,
}

impl Row<'_> {
    /// The line, cut where a terminal ends.
    pub fn line(&self, display: Display) -> String {
        let Self { mark, name, width, time, words } = self;
        let line = format!("{mark} {:<width$}  {time:>7}  {words}", clean(name));
        display.style().cut(line.trim_end(), display.limit())
    }
}

/// The line of a stage that has ended.
pub fn stage_line(stage: &StageSummary, width: usize, display: Display) -> String {
    let row = Row {
        mark: display.style().mark(stage.outcome, stage.policy),
        name: stage.id.as_str(),
        width,
        time: words::time_if_any(stage.outcome, stage.duration_ms),
        words: words::stage(stage),
    };
    row.line(display)
}

/// The line of a task that starts, for users who want to see every command.
pub fn start_line(task: &TaskId, command: &str, display: Display) -> String {
    display.style().dim(&format!("  {} $ {}", clean(task.as_str()), clean(command)))
}

/// Why a task runs although an earlier result is there, for users who want to see every command.
pub fn not_cached_line(task: &TaskId, because: &str, display: Display) -> String {
    display.style().dim(&format!("  {} is not cached: {}", clean(task.as_str()), clean(because)))
}

/// The status of a part of a task.
pub fn part_line(task: &TaskId, part: &str, line: &str) -> String {
    format!("  {}  {}: {}", clean(task.as_str()), clean(part), clean(line))
}

/// The line for a task that seems to hang, for a log in which nothing else moves.
pub fn silent_line(task: &TaskId, silent_ms: u64) -> String {
    let time = text::duration(Duration::from_millis(silent_ms));
    format!("{} has been running for {time} without output", clean(task.as_str()))
}

/// The line for a task that waits because another cargo works.
pub fn blocked_line(task: &TaskId, lock: &str) -> String {
    let (task, lock) = (clean(task.as_str()), clean(lock));
    format!(
        "{task} waits for cargo's lock on the {lock}: another cargo holds it, and this task continues when that ends"
    )
}

/// The message when a run is asked to stop.
pub fn stopping(because: &str, at_once: bool) -> String {
    let because = clean(because);
    if at_once {
        format!("{because}: killing the remaining tasks")
    } else if because.contains("Ctrl-C") {
        format!("{because}: stopping all tasks; once more kills them at once")
    } else {
        format!("{because}: stopping all tasks")
    }
}

/// How wide the names of these stages are.
pub fn width<'a>(names: impl Iterator<Item = &'a str>) -> usize {
    names.map(str::len).max().unwrap_or(0).min(24)
}

/// The whole summary. `run_dir` is the run's directory as a user would type it.
pub fn summary(summary: &Summary, display: Display, run_dir: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    if display.verbosity != Verbosity::Quiet {
        parts.push(details::tables(summary, display));
        parts.push(stages(summary, display));
        parts.push(failures(summary, display, run_dir));
        parts.push(skipped(summary));
        parts.push(warnings(summary, display));
    }
    parts.push(verdict_line(summary, display));
    parts.retain(|part| !part.is_empty());
    let text = parts.join("\n\n");
    if parts.len() > 1 { format!("\n{text}") } else { text }
}

fn stages(summary: &Summary, display: Display) -> String {
    let width = width(summary.stages.iter().map(|stage| stage.id.as_str()));
    let lines: Vec<String> = summary.stages.iter().map(|stage| stage_line(stage, width, display)).collect();
    lines.join("\n")
}

fn failures(summary: &Summary, display: Display, run_dir: &str) -> String {
    let all = summary.failures().count();
    if all == 0 {
        return String::new();
    }
    let mut lines = vec![display.style().bold("What went wrong")];
    for (stage, task) in summary.failures().take(FAILURES) {
        lines.push(Failure { task, policy: stage.policy, run_dir }.short(display));
    }
    if all > FAILURES {
        lines.push(format!("  {} and {}", display.style().ellipsis(), text::count(all - FAILURES, "more task")));
    }
    if !run_dir.is_empty() {
        lines.push(format!("  {} {}/report.md", display.style().dim("report:"), run_dir.trim_end_matches('/')));
    }
    lines.join("\n")
}

/// Tasks that were skipped inside of stages that were not; a skipped stage says so in its own line.
fn skipped(summary: &Summary) -> String {
    let lines = summary.stages.iter().filter(|stage| stage.outcome != Outcome::Skipped).flat_map(|stage| {
        words::skipped(stage)
            .into_iter()
            .map(move |(reason, times)| format!("{} of {} skipped: {reason}", text::count(times, "task"), stage.id))
    });
    lines.collect::<Vec<String>>().join("\n")
}

/// Notes of tasks and warnings of the run, each once.
fn warnings(summary: &Summary, display: Display) -> String {
    let style = display.style();
    let mut lines: Vec<String> = Vec::new();
    let notes = summary.tasks().flat_map(|(_, task)| &task.notes).map(|note| format!("note: {}", clean(note)));
    let warnings = summary.warnings.iter().map(|warning| format!("{} {}", style.warn("warning:"), clean(warning)));
    for line in notes.chain(warnings) {
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.join("\n")
}

fn verdict_line(summary: &Summary, display: Display) -> String {
    let style = display.style();
    let line = verdict::line(summary, style);
    let (word, rest) = line.split_at(line.find(':').unwrap_or(line.len()));
    let colour = |word: &str| match (verdict::is_good(summary), summary.exit_code) {
        (true, _) if word.starts_with("warning") => style.warn(word),
        (true, _) => style.good(word),
        (false, None) => style.warn(word),
        (false, Some(_)) => style.bad(word),
    };
    format!("{}{rest}", style.bold(&colour(word)))
}

#[cfg(test)]
mod tests;
