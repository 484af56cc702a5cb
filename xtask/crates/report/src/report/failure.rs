//! How a failed task is shown, on a terminal and in a log: at once with everything that helps, and in short again at
//! the end. Knows nothing about when and where it is printed.

use super::display::{Display, Style, clean, clean_lines};
use super::summary::TaskSummary;
use super::{next, words};
use xtask_core::outcome::{Outcome, Policy};
use xtask_core::reading::{FailedTest, Finding, Severity};
use xtask_core::text;

/// Failed tests whose output is shown, of one task.
const TESTS: usize = 10;
/// Lines of output shown of one test.
const LINES: usize = 20;
/// Findings shown of one task.
const FINDINGS: usize = 20;
/// Failed tests named of one task in the short form.
const NAMES: usize = 5;

/// A failed task, with the policy of its stage and the path of its log.
#[derive(Clone, Copy)]
pub struct Failure<'a> {
    /// The task.
    pub task: &'a TaskSummary,
    /// How a failure of its stage is judged.
    pub policy: Policy,
    /// The run's directory as a user would type it.
    pub run_dir: &'a str,
}

impl Failure<'_> {
    /// Everything that helps to fix it: why, each failing test with its output and its command, findings or else the
    /// last lines, the log, and the command that runs it again.
    pub fn whole(&self, display: Display) -> String {
        let style = display.style();
        let mut lines = vec![self.headline(style)];
        for test in self.task.failed_tests.iter().take(TESTS) {
            lines.extend(failed_test(test, self.task.log.is_some(), style));
        }
        lines.extend(rest(self.failed_tests(), TESTS, "failed test", style));
        let open: Vec<&Finding> = self.task.findings.iter().filter(|f| f.waived.is_none()).collect();
        lines.extend(open.iter().take(FINDINGS).map(|finding| format!("    {}", found(finding, style))));
        lines.extend(rest(open.len(), FINDINGS, "finding", style));
        // When a task could not work, its failed tests are not the reason: the last lines are.
        let no_reason = self.task.failed_tests.is_empty() && open.is_empty();
        if no_reason || self.task.outcome == Outcome::EnvironmentError {
            lines.extend(quoted(self.task.tail.iter().map(|line| clean(line)), self.task.log.is_some(), style));
        }
        lines.extend(self.whereabouts(style, true));
        lines.join("\n")
    }

    /// The short form for the end of a run: why, the names, the command.
    pub fn short(&self, display: Display) -> String {
        let style = display.style();
        let mut lines = vec![format!("  {}", self.headline(style))];
        for test in self.task.failed_tests.iter().take(NAMES) {
            lines.push(format!("      {}", clean(&test.name)));
        }
        lines.extend(rest(self.failed_tests(), NAMES, "failed test", style).map(|line| format!("  {line}")));
        lines.extend(self.whereabouts(style, false).into_iter().map(|line| format!("  {line}")));
        lines.join("\n")
    }

    /// How many tests failed; none when they are not what is shown.
    fn failed_tests(&self) -> usize {
        if self.task.failed_tests.is_empty() { 0 } else { self.task.failed() }
    }

    fn headline(&self, style: Style) -> String {
        let TaskSummary { id, outcome, because, duration_ms, .. } = self.task;
        let mark = style.mark(*outcome, self.policy);
        let id = style.bold(&clean(id.as_str()));
        let time = words::time_if_any(*outcome, *duration_ms);
        let after = if time.is_empty() { String::new() } else { format!(" after {time}") };
        let word = words::outcome(*outcome);
        match because.as_deref().map(clean) {
            None => format!("{mark} {id} {word}{after}"),
            Some(why) if why.starts_with(word) => format!("{mark} {id} {why}"),
            Some(why) => format!("{mark} {id} {word}{after}: {why}"),
        }
    }

    /// The path of the log, in the full form, and the command to type.
    fn whereabouts(&self, style: Style, with_log: bool) -> Vec<String> {
        let mut lines = Vec::new();
        if with_log && let Some(log) = &self.task.log {
            let dir = self.run_dir.trim_end_matches('/');
            let path = if dir.is_empty() { log.clone() } else { format!("{dir}/{log}") };
            lines.push(format!("    {} {}", style.dim("log:"), clean(&path)));
        }
        // In the short form, the only failed test is the one to run again; in full, it has its own line.
        let repeat = if with_log { &self.task.repeat } else { next::again(self.task) };
        if !repeat.is_empty() {
            lines.push(format!("    {} {}", style.dim("run again:"), clean(repeat)));
        }
        lines
    }
}

/// `src/lib.rs:3 clippy::needless_return: unneeded return`, the mark before it in the colour of its severity.
pub fn found(finding: &Finding, style: Style) -> String {
    let severity = match finding.severity {
        Severity::Error => style.bad("error"),
        Severity::Warning => style.warn("warning"),
        Severity::Note => style.dim("note"),
    };
    let code = finding.code.as_ref().map(|code| format!(" {}", clean(code))).unwrap_or_default();
    let place = place(finding).map(|place| format!(" {}", style.dim(&format!("({place})")))).unwrap_or_default();
    format!("{severity}{code}: {}{place}", clean(&finding.message))
}

/// Where a finding is: `src/lib.rs:3`, or the package that it is about.
pub fn place(finding: &Finding) -> Option<String> {
    match (&finding.file, finding.line) {
        (Some(file), Some(line)) => Some(format!("{}:{line}", clean(file))),
        (Some(file), None) => Some(clean(file)),
        (None, _) => finding.package.as_deref().map(clean),
    }
}

/// Whether the end of a task is shown as a failure.
pub fn is_one(outcome: Outcome) -> bool {
    outcome.is_bad() && outcome != Outcome::Cancelled
}

fn failed_test(test: &FailedTest, has_log: bool, style: Style) -> Vec<String> {
    let mut lines = vec![format!("    {}", style.bad(&clean(&test.name)))];
    if !test.output.trim().is_empty() {
        lines.extend(quoted(clean_lines(&test.output), has_log, style).into_iter().map(|line| format!("  {line}")));
    }
    if !test.repeat.is_empty() {
        lines.push(format!("      {} {}", style.dim("run again:"), clean(&test.repeat)));
    }
    lines
}

/// The last lines of a child's output, each behind a bar.
fn quoted(lines: impl Iterator<Item = String>, has_log: bool, style: Style) -> Vec<String> {
    let all: Vec<String> = lines.collect();
    let left_out = all.len().saturating_sub(LINES);
    let mut quoted = Vec::new();
    if left_out > 0 {
        let more = format!("{} {}", style.ellipsis(), words::left_out(left_out, has_log));
        quoted.push(format!("    {}", style.dim(&more)));
    }
    let bar = style.dim(style.bar());
    quoted.extend(all[left_out..].iter().map(|line| format!("    {bar}{line}").trim_end().to_owned()));
    quoted
}

fn rest(all: usize, shown: usize, noun: &str, style: Style) -> Option<String> {
    let more = all.checked_sub(shown).filter(|more| *more > 0)?;
    Some(style.dim(&format!("    {} and {}", style.ellipsis(), text::count(more, &format!("more {noun}")))))
}

#[cfg(test)]
mod tests;
