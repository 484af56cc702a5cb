//! The sections of the report, each empty when there is nothing to say.

use super::super::counted;
use super::super::failure::place;
use super::super::next::{self, Step};
use super::super::summary::{StageSummary, Summary, TaskSummary};
use super::super::verdict::mark_of as mark;
use super::super::words;
use super::escape::{block, code, html, prose};
use std::collections::BTreeMap;
use std::fmt::Display;
use xtask_core::outcome::{Outcome, Policy, TestCounts};
use xtask_core::reading::{Binary, Finding, Image, Severity, Table};
use xtask_core::text;

/// Rows of a table.
const ROWS: usize = 200;
/// Findings of one tool.
const FINDINGS: usize = 50;
/// How many failed tasks are reported in full, and how many failed tests of each.
const FAILURES: usize = 20;
/// Lines of output of one failed test.
const LINES: usize = 60;
/// Slowest tasks.
const SLOWEST: usize = 10;

/// All sections in their order.
pub(super) fn all(summary: &Summary) -> Vec<String> {
    let mut sections = vec![stages(summary), next_steps(summary), failures(summary), gates(summary), tests(summary)];
    sections.extend([coverage(summary), findings(summary)]);
    sections.extend(summary.tasks().flat_map(|(_, task)| &task.tables).map(tool_table));
    sections.extend([binaries(summary), images(summary), skipped(summary), slowest(summary), notes(summary)]);
    sections
}

/// Failures and findings, and what to do about them.
pub(super) fn failures_and_findings(summary: &Summary) -> Vec<String> {
    let mut sections = vec![next_steps(summary), failures(summary), findings(summary)];
    // A failed deployment has its commands to type in a table.
    sections.extend(summary.failures().flat_map(|(_, task)| &task.tables).map(tool_table));
    sections
}

fn stages(summary: &Summary) -> String {
    let rows = summary.stages.iter().map(|stage| {
        [
            mark(stage.outcome, stage.policy).to_owned(),
            code(stage.id.as_str()),
            stage.policy.word().to_owned(),
            words::outcome(stage.outcome).to_owned(),
            words::time_if_any(stage.outcome, stage.duration_ms),
            prose(&told(stage)),
        ]
    });
    let pending = summary
        .pending
        .iter()
        .map(|id| [String::new(), code(id.as_str()), String::new(), "not ended".into(), String::new(), String::new()]);
    table("Stages", ["", "stage", "policy", "outcome", "time", "what to know"], rows.chain(pending).collect())
}

/// Details of a stage besides its outcome, which has its own column.
fn told(stage: &StageSummary) -> String {
    let words = words::stage(stage);
    let outcome = words::outcome(stage.outcome);
    let rest = words.strip_prefix(outcome).and_then(|rest| rest.strip_prefix(": ").or(rest.is_empty().then_some("")));
    rest.unwrap_or(&words).to_owned()
}

fn next_steps(summary: &Summary) -> String {
    let steps = next::steps(summary);
    let line = |step: &Step| {
        let commands: Vec<String> = step.commands.iter().map(|command| format!("  - {}\n", code(command))).collect();
        format!("- {}: {}\n{}", code(&step.about), prose(&step.what), commands.concat())
    };
    let lines: String = steps.iter().take(FAILURES).map(line).collect();
    titled("What to do next", &paragraphs(vec![lines, more(steps.len(), FAILURES, "thing")]))
}

fn gates(summary: &Summary) -> String {
    let blocking = summary.stages.iter().filter(|stage| stage.policy == Policy::Blocking);
    let rows = blocking.map(|stage| {
        let state = match stage.outcome {
            Outcome::Cancelled => "not decided",
            outcome if outcome.is_bad() => "closed",
            Outcome::Skipped => "not reached",
            Outcome::NothingToDo => "nothing to check",
            _ => "open",
        };
        [mark(stage.outcome, stage.policy).to_owned(), code(stage.id.as_str()), state.to_owned(), prose(&told(stage))]
    });
    table("Gates", ["", "gate", "state", "measured"], rows.collect())
}

fn tests(summary: &Summary) -> String {
    let packages = counted::by_package(summary);
    let row = |(name, tests): (Option<&str>, TestCounts)| self::row(code(name.unwrap_or("(workspace)")), tests);
    let mut rows: Vec<[String; 4]> = packages.into_iter().map(row).collect();
    if rows.len() > 1 {
        rows.insert(0, self::row("**all**".to_owned(), summary.tests));
    }
    table("Tests", ["service", "passed", "failed", "ignored"], rows)
}

fn row(name: String, tests: TestCounts) -> [String; 4] {
    [name, tests.passed.to_string(), tests.failed.to_string(), tests.ignored.to_string()]
}

fn coverage(summary: &Summary) -> String {
    let Some(coverage) = &summary.coverage else { return String::new() };
    let mut rows = vec![["**all**".to_owned(), words::percent(coverage.line_percent)]];
    rows.extend(coverage.services.iter().map(|(name, percent)| [code(name), words::percent(*percent)]));
    table("Coverage", ["service", "lines"], rows)
}

fn failures(summary: &Summary) -> String {
    let mut told: Vec<String> = summary.failures().take(FAILURES).map(|(stage, task)| failure(stage, task)).collect();
    told.push(more(summary.failures().count(), FAILURES, "task"));
    titled("What went wrong", &paragraphs(told))
}

fn failure(stage: &StageSummary, task: &TaskSummary) -> String {
    let mut parts = vec![format!(
        "<details open><summary>{} <code>{}</code> {}</summary>",
        mark(task.outcome, stage.policy),
        html(task.id.as_str()),
        html(&words::task(task)),
    )];
    for test in task.failed_tests.iter().take(FAILURES) {
        parts.push(code(&test.name));
        if !test.output.trim().is_empty() {
            parts.push(block(&test.output, LINES, task.log.is_some()));
        }
        parts.push(again(&test.repeat));
    }
    let failed = if task.failed_tests.is_empty() { 0 } else { task.failed() };
    parts.push(more(failed, FAILURES, "failed test"));
    let no_reason = task.failed_tests.is_empty() && task.findings.is_empty();
    if (no_reason || task.outcome == Outcome::EnvironmentError) && !task.tail.is_empty() {
        parts.push(block(&task.tail.join("\n"), LINES, task.log.is_some()));
    }
    parts.extend(task.log.as_ref().map(|log| format!("Log: {}", code(log))));
    parts.extend([again(&task.repeat), "</details>".to_owned()]);
    paragraphs(parts)
}

fn again(command: &str) -> String {
    if command.is_empty() { String::new() } else { format!("Run again: {}", code(command)) }
}

/// Paragraphs with one empty line between them.
fn paragraphs(mut parts: Vec<String>) -> String {
    parts.retain(|part| !part.trim().is_empty());
    parts.iter().map(|part| part.trim_end()).collect::<Vec<_>>().join("\n\n")
}

fn findings(summary: &Summary) -> String {
    let mut tools: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in summary.tasks().flat_map(|(_, task)| &task.findings) {
        tools.entry(&finding.tool).or_default().push(finding);
    }
    let mut parts = Vec::new();
    for (tool, mut findings) in tools {
        // The worst first; those that are waived at the end.
        findings.sort_by_key(|finding| (finding.waived.is_some(), std::cmp::Reverse(finding.severity)));
        let rows: Vec<[String; 4]> = findings.iter().take(FINDINGS).map(|finding| found(finding)).collect();
        let title = format!("{}: {}", prose(tool), text::count(findings.len(), "finding"));
        parts.push(format!("### {title}"));
        parts.push(grid(["severity", "code", "message", "where"], &rows));
        parts.push(more(findings.len(), FINDINGS, "finding"));
    }
    titled("Findings", &paragraphs(parts))
}

fn found(finding: &Finding) -> [String; 4] {
    let severity = match (&finding.waived, finding.severity) {
        (Some(why), _) => format!("waived: {}", prose(why)),
        (None, Severity::Error) => "error".to_owned(),
        (None, Severity::Warning) => "warning".to_owned(),
        (None, Severity::Note) => "note".to_owned(),
    };
    let place = place(finding).map(|place| code(&place)).unwrap_or_default();
    [severity, code(finding.code.as_deref().unwrap_or_default()), prose(&finding.message), place]
}

fn tool_table(table: &Table) -> String {
    let row = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let escaped = |cells: &[String]| row(&cells.iter().map(|cell| prose(cell)).collect::<Vec<_>>());
    if table.rows.is_empty() {
        return String::new();
    }
    let mut section = escaped(&table.columns) + &row(&vec!["---".to_owned(); table.columns.len()]);
    section.extend(table.rows.iter().take(ROWS).map(|cells| escaped(cells)));
    titled(prose(&table.title), &paragraphs(vec![section, more(table.rows.len(), ROWS, "row")]))
}

fn binaries(summary: &Summary) -> String {
    // Test programs are built too; the size that matters is that of the shipped ones.
    let shipped = |binary: &&Binary| binary.kind == "bin" && !binary.test && binary.bytes > 0;
    // A stage that makes images links them in another way, and they have another size there.
    let built =
        summary.tasks().flat_map(|(stage, task)| task.binaries.iter().filter(shipped).map(|it| (&stage.id, it)));
    let rows = built.map(|(stage, it)| [code(&it.target), code(stage.as_str()), text::bytes(it.bytes)]);
    table("Binaries", ["binary", "stage", "size"], rows.collect())
}

fn images(summary: &Summary) -> String {
    let tags = |image: &Image| image.tags.iter().map(|tag| code(tag)).collect::<Vec<_>>().join(" ");
    let rows = summary.images.iter();
    let rows = rows.map(|it| [code(&it.service), code(&it.digest), text::bytes(it.bytes), tags(it)]);
    table("Images", ["service", "digest", "size", "pushed as"], rows.collect())
}

fn skipped(summary: &Summary) -> String {
    let mut lines = Vec::new();
    for stage in &summary.stages {
        let id = code(stage.id.as_str());
        if stage.outcome == Outcome::Skipped {
            let why = stage.because.as_deref().unwrap_or("no reason was recorded");
            lines.push(format!("- {id}: {}\n", prose(why)));
        } else {
            for (reason, times) in words::skipped(stage) {
                lines.push(format!("- {} of {id}: {}\n", text::count(times, "task"), prose(&reason)));
            }
        }
    }
    titled("Skipped", &lines.concat())
}

fn slowest(summary: &Summary) -> String {
    let mut tasks: Vec<&TaskSummary> = summary.tasks().map(|(_, task)| task).filter(|t| t.duration_ms > 0).collect();
    tasks.sort_by_key(|task| std::cmp::Reverse(task.duration_ms));
    let rows = tasks.iter().take(SLOWEST).map(|task| [code(task.id.as_str()), words::time(task.duration_ms)]);
    table("Slowest tasks", ["task", "time"], rows.collect())
}

fn notes(summary: &Summary) -> String {
    let notes = summary.tasks().flat_map(|(_, task)| &task.notes);
    let mut lines: Vec<String> = Vec::new();
    for note in notes.chain(&summary.warnings) {
        let line = format!("- {}\n", prose(note));
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    titled("Notes and warnings", &lines.concat())
}

fn table<const N: usize>(title: &str, columns: [&str; N], mut rows: Vec<[String; N]>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let all = rows.len();
    rows.truncate(ROWS);
    titled(title, &paragraphs(vec![grid(columns, &rows), more(all, ROWS, "row")]))
}

fn grid<const N: usize>(columns: [&str; N], rows: &[[String; N]]) -> String {
    let row = |cells: &[String; N]| format!("| {} |\n", cells.join(" | "));
    let head = row(&columns.map(str::to_owned)) + &row(&columns.map(|_| "---".to_owned()));
    rows.iter().map(row).fold(head, |text, line| text + &line)
}

fn titled(title: impl Display, section: &str) -> String {
    if section.trim().is_empty() { String::new() } else { format!("## {title}\n\n{}\n", section.trim_end()) }
}

fn more(all: usize, shown: usize, noun: &str) -> String {
    match all.checked_sub(shown) {
        None | Some(0) => String::new(),
        Some(rest) => format!("…and {}", text::count(rest, &format!("more {noun}"))),
    }
}
