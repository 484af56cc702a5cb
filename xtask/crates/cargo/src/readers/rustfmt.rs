//! Reads `cargo fmt --check`: a finding for each place that is not formatted, and for each file that cannot be parsed.

use super::findings::{Findings, finding};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use xtask_core::command::{Exit, Stream};
use xtask_core::outcome::Outcome;
use xtask_core::reader::complaints::Complaints;
use xtask_core::reader::{Read, environment_error, guard, headline, relative, text};
use xtask_core::reading::{Binary, Finding, Reading, Severity};
use xtask_core::text::{count, list};

/// The most files that are distinguished in the count.
const MOST_FILES: usize = 10_000;

/// What rustfmt has said so far.
#[derive(Clone, Debug, Default)]
pub struct Rustfmt {
    root: PathBuf,
    findings: Findings,
    unformatted: BTreeSet<String>,
    unparsed: BTreeSet<String>,
    /// The hunk that is being read.
    hunk: Option<Hunk>,
    /// A parse error whose place has not come yet: its code and text.
    error: Option<(Option<String>, String)>,
    complaints: Complaints,
}

/// A part of a file as rustfmt would change it.
#[derive(Clone, Debug)]
struct Hunk {
    file: String,
    /// The line that comes next in the file as it is.
    next: u32,
    /// The first line that changes and the last one that is removed.
    changed: Option<(u32, u32)>,
}

impl Hunk {
    /// Takes a line of context, one that is removed, or one that is added.
    fn line(&mut self, line: &str) {
        let (goes, comes) = (line.starts_with('-'), line.starts_with('+'));
        if goes || comes {
            let (_, last) = self.changed.get_or_insert((self.next, self.next));
            *last = if goes { self.next } else { *last };
        }
        self.next = self.next.saturating_add(u32::from(!comes));
    }
}

impl Rustfmt {
    fn stdout(&mut self, line: &str) {
        if let Some((file, line)) = line.strip_prefix("Diff in ").and_then(diff_place) {
            self.end_hunk();
            self.hunk = Some(Hunk { file: relative(file, &self.root), next: line, changed: None });
        } else if let Some(file) = line.strip_prefix("Incorrect newline style in ") {
            self.end_hunk();
            self.unformatted(relative(file, &self.root), None, "the line ends are not as configured");
        } else if let Some(hunk) = &mut self.hunk {
            hunk.line(line);
        }
    }

    fn end_hunk(&mut self) {
        if let Some(Hunk { file, next, changed }) = self.hunk.take() {
            self.unformatted(file, Some(changed.unwrap_or((next, next))), "not formatted");
        }
    }

    fn unformatted(&mut self, file: String, lines: Option<(u32, u32)>, message: &str) {
        note(&mut self.unformatted, &file);
        let finding = finding("rustfmt", Severity::Error, message);
        let (line, end_line) = lines.unzip();
        self.findings.add(Finding { file: Some(file), line, end_line, ..finding });
    }

    fn stderr(&mut self, line: &str) {
        self.complaints.see(line);
        if let Some(error) = parse_error(line) {
            self.error = Some(error);
        } else if let Some(place) = line.trim_start().strip_prefix("--> ")
            && let Some((code, message)) = self.error.take()
        {
            let mut parts = place.rsplitn(3, ':');
            let column = parts.next().and_then(|column| column.parse().ok());
            let line = parts.next().and_then(|line| line.parse().ok());
            let file = relative(parts.next().unwrap_or(place), &self.root);
            let finding = finding("rustfmt", Severity::Error, message);
            self.unparsed(Finding { code, file: Some(file), line, column, ..finding });
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
                Some(error) => environment_error(format!("rustfmt could not check: {error}")),
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
