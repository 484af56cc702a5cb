//! The summary as Markdown: `report.md`, and the step's summary on GitHub.
//!
//! Everything from outside is escaped, lists are limited, and the whole stays below GitHub's limit.

mod escape;
mod sections;

use super::Summary;
use super::display::Display;
use super::verdict;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use xtask_core::error::{Error, Result};

/// The longest report, in bytes.
const LIMIT: usize = 900 * 1024;
/// The longest summary of a step, in bytes: GitHub shows nothing of a longer one. Other steps are counted apart.
const STEP_LIMIT: u64 = 1024 * 1024;

/// Lines of an error that are shown.
const REFUSAL: usize = 60;

/// The report.
pub fn render(summary: &Summary) -> String {
    render_with(summary, &[])
}

/// Renders the report with further facts below its title, each in a few words.
pub fn render_with(summary: &Summary, facts: &[String]) -> String {
    assemble(summary, facts, sections::all(summary))
}

/// The failures and findings of a run, for a job that is one of many: a later one reports on all of them. `None` of a
/// green run without findings.
pub fn failures_and_findings(summary: &Summary) -> Option<String> {
    let found = summary.tasks().flat_map(|(_, task)| &task.findings).any(|finding| finding.waived.is_none());
    let is_quiet = summary.exit_code == Some(0) && summary.failures().next().is_none() && !found;
    (!is_quiet).then(|| assemble(summary, &[], sections::failures_and_findings(summary)))
}

/// A command that could not do its work, for the summary of its job: its output, and its exit code.
pub fn refusal(command: &str, said: &str, code: u8) -> String {
    format!("# ✗ {} · exit {code}\n\n{}", escape::code(command), escape::block(said, REFUSAL, true))
}

fn assemble(summary: &Summary, facts: &[String], sections: Vec<String>) -> String {
    let style = Display::default().style();
    let title = escape::prose(&verdict::line(summary, style));
    let mut text = format!("# {} {title}\n\n{}\n", verdict::mark(summary), origin(summary));
    if !facts.is_empty() {
        let facts: Vec<String> = facts.iter().map(|fact| escape::prose(fact)).collect();
        text.extend(["\n", &facts.join(" · "), "\n"]);
    }
    let mut left_out = 0;
    for section in sections {
        if section.is_empty() {
            continue;
        }
        if text.len() + section.len() > LIMIT {
            left_out += 1;
        } else {
            text.push('\n');
            text.push_str(&section);
        }
    }
    if left_out > 0 {
        let sections = xtask_core::text::count(left_out, "section");
        text.extend(["\n", &sections, " left out for their size: see `summary.json` of the run.\n"]);
    }
    text
}

/// Appends the report to the file that GitHub shows. Other commands of the step write to it, too: a report that would
/// make it too long is an error, so that theirs stay visible.
pub fn append(path: &Path, report: &str) -> Result<()> {
    let attempt = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        if file.metadata()?.len() + report.len() as u64 > STEP_LIMIT {
            return Err(std::io::Error::other("it would grow beyond 1 MiB, and GitHub would show nothing of it"));
        }
        file.write_all(report.as_bytes())
    };
    attempt().map_err(|e| Error::environment(format!("write the step's summary to {}", path.display())).because(e))
}

/// Which run this was.
fn origin(summary: &Summary) -> String {
    let mut facts = vec![escape::code(&summary.command)];
    if let Some(commit) = &summary.commit {
        facts.push(format!("commit {}", escape::code(commit)));
    }
    facts.push(format!("event {}", escape::code(&summary.event)));
    // Where no run has left a record, there is neither.
    if !summary.run.is_empty() {
        facts.push(format!("started {}", escape::prose(&summary.started)));
        facts.push(format!("run {}", escape::code(&summary.run)));
    }
    facts.join(" · ")
}

#[cfg(test)]
mod tests;
