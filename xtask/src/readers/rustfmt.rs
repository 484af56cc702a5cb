//! Reads `cargo fmt --check`: a finding for each place that is not formatted, and for each file that cannot be parsed.

use super::complaints::Complaints;
use super::findings::{Findings, finding};
use super::{Read, environment_error, guard, headline, relative, text};
use crate::command::{Exit, Stream};
use crate::outcome::Outcome;
use crate::reading::{Binary, Finding, Reading, Severity};
use crate::text::{count, list};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The most files that are told apart in the count.
const MOST_FILES: usize = 10_000;

/// What rustfmt has said so far.
#[derive(Clone, Debug, Default)]
pub struct Rustfmt {
    root: PathBuf,
    findings: Findings,
    unformatted: BTreeSet<String>,
    unparsed: BTreeSet<String>,
    /// The hunk whose first changed line has not come yet.
    hunk: Option<(String, u32)>,
    /// A parse error whose place has not come yet: its code and text.
    error: Option<(Option<String>, String)>,
    complaints: Complaints,
}

impl Rustfmt {
    fn stdout(&mut self, line: &str) {
        if let Some((file, line)) = line.strip_prefix("Diff in ").and_then(diff_place) {
            self.end_hunk();
            self.hunk = Some((relative(file, &self.root), line));
        } else if let Some(file) = line.strip_prefix("Incorrect newline style in ") {
            self.end_hunk();
            self.unformatted(relative(file, &self.root), None, "the line ends are not as configured");
        } else if line.starts_with(['-', '+']) {
            self.end_hunk();
        } else if let Some((_, at)) = &mut self.hunk {
            // A hunk opens with lines of context: the finding is about the first line behind them.
            *at = at.saturating_add(1);
        }
    }

    fn end_hunk(&mut self) {
        if let Some((file, line)) = self.hunk.take() {
            self.unformatted(file, Some(line), "not formatted");
        }
    }

    fn unformatted(&mut self, file: String, line: Option<u32>, message: &str) {
        note(&mut self.unformatted, &file);
        let finding = finding("rustfmt", Severity::Error, message);
        self.findings.add(Finding { file: Some(file), line, ..finding });
    }

    fn stderr(&mut self, line: &str) {
        self.complaints.see(line);
        if let Some(error) = parse_error(line) {
            self.error = Some(error);
        } else if let Some(place) = line.trim_start().strip_prefix("--> ")
            && let Some((code, message)) = self.error.take()
        {
            let mut parts = place.rsplitn(3, ':').skip(1);
            let line = parts.next().and_then(|line| line.parse().ok());
            let file = relative(parts.next().unwrap_or(place), &self.root);
            self.unparsed(Finding { code, file: Some(file), line, ..finding("rustfmt", Severity::Error, message) });
        } else if let Some((module, rest)) =
            line.strip_prefix("Error writing files: failed to resolve mod `").and_then(|rest| rest.split_once("`: "))
        {
            let file = rest.strip_suffix(" does not exist").map(|file| relative(file, &self.root));
            let message = format!("module `{module}` cannot be resolved");
            self.unparsed(Finding { file, ..finding("rustfmt", Severity::Error, message) });
        }
    }

    fn unparsed(&mut self, finding: Finding) {
        note(&mut self.unparsed, finding.file.as_deref().unwrap_or_default());
        self.findings.add(finding);
    }

    /// `1 file cannot be parsed and 2 files are not formatted`.
    fn because(&self) -> String {
        let files = |n: usize, one: &str, many: &str| {
            (n > 0).then(|| format!("{} {}", count(n, "file"), if n == 1 { one } else { many }))
        };
        list(files(self.unparsed.len(), "cannot be parsed", "cannot be parsed").into_iter().chain(files(
            self.unformatted.len(),
            "is not formatted",
            "are not formatted",
        )))
    }
}

impl Read for Rustfmt {
    fn start(&self, root: &Path, _: &[Binary]) -> Box<dyn Read> {
        Box::new(Self { root: root.to_owned(), ..self.clone() })
    }

    fn line(&mut self, stream: Stream, line: &[u8]) {
        let line = text(line);
        match stream {
            Stream::Stdout => self.stdout(&line),
            Stream::Stderr => self.stderr(&line),
        }
    }

    fn finish(mut self: Box<Self>, exit: Exit, cut: bool) -> Reading {
        self.end_hunk();
        let found = self.findings.counted(Severity::Error) > 0;
        let mut reading = match exit {
            Exit::Signal(_) => environment_error(format!("rustfmt {exit}")),
            _ if found => Reading::because(Outcome::Failed, self.because()),
            Exit::Code(0) => Reading::passed(),
            Exit::Code(_) => match self.complaints.any() {
                Some(error) => environment_error(format!("rustfmt could not look: {error}")),
                None => environment_error(format!("rustfmt {exit} and did not say why")),
            },
        };
        self.findings.into_reading(&mut reading);
        guard(reading, cut)
    }
}

/// Remembers a file for the count, within a limit.
fn note(files: &mut BTreeSet<String>, file: &str) {
    if files.len() < MOST_FILES {
        files.insert(file.to_owned());
    }
}

/// `/w/src/lib.rs:31:` as file and line; older versions say `/w/src/lib.rs at line 31:`.
fn diff_place(place: &str) -> Option<(&str, u32)> {
    let place = place.strip_suffix(':')?;
    let (file, line) = place.rsplit_once(" at line ").or_else(|| place.rsplit_once(':'))?;
    Some((file, line.parse().ok()?))
}

/// `error[E0765]: text` as code and text.
fn parse_error(line: &str) -> Option<(Option<String>, String)> {
    let rest = line.strip_prefix("error")?;
    let (code, message) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once("]: ").map(|(code, message)| (Some(code.to_owned()), message))?,
        None => (None, rest.strip_prefix(": ")?),
    };
    Some((code, headline(message)))
}

#[cfg(test)]
mod tests;
