//! The summary as Markdown: `report.md`, and what GitHub shows as the step's summary.
//!
//! Everything from outside is escaped, lists are limited, and the whole stays below what GitHub takes.

mod escape;
mod sections;

use super::Summary;
use super::display::Display;
use super::verdict;
use crate::error::{Error, Result};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

/// GitHub refuses a step's summary above 1 MiB as a whole; what other steps wrote is counted apart.
const LIMIT: usize = 900 * 1024;

/// The report.
pub fn render(summary: &Summary) -> String {
    render_with(summary, &[])
}

/// The report with further facts beneath its title, each in a few words.
pub fn render_with(summary: &Summary, facts: &[String]) -> String {
    let style = Display::default().style();
    let title = escape::prose(&verdict::line(summary, style));
    let mut text = format!("# {} {title}\n\n{}\n", verdict::mark(summary), origin(summary));
    if !facts.is_empty() {
        let facts: Vec<String> = facts.iter().map(|fact| escape::prose(fact)).collect();
        text.extend(["\n", &facts.join(" · "), "\n"]);
    }
    let mut left_out = 0;
    for section in sections::all(summary) {
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
        let sections = crate::text::count(left_out, "section");
        text.extend(["\n", &sections, " left out for their size: see `summary.json` of the run.\n"]);
    }
    text
}

/// Appends the report to the file that GitHub shows; other steps write to the same file.
pub fn append(path: &Path, report: &str) -> Result<()> {
    let attempt = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
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
