//! Reads `cargo update --dry-run --verbose`: which dependencies could be newer, as a table.

use super::findings::{Findings, finding};
use std::path::Path;
use xtask_core::command::{Exit, Stream};
use xtask_core::outcome::Outcome;
use xtask_core::reader::complaints::Complaints;
use xtask_core::reader::{Read, environment_error, guard, text};
use xtask_core::reading::{Binary, Finding, Reading, Severity, Table};
use xtask_core::text::count;

/// The most rows of the table.
const MOST: usize = 2_000;

/// What cargo has said so far.
#[derive(Clone, Debug, Default)]
pub struct Outdated {
    rows: Vec<Vec<String>>,
    findings: Findings,
    compatible: usize,
    newer: usize,
    /// Cargo has printed "Locking 3 packages to …", so the lines about packages are what we know.
    locking: bool,
    /// Cargo has printed the last line of a dry run.
    finished: bool,
    complaints: Complaints,
}

/// One line about one package.
struct Change<'a> {
    verb: &'a str,
    name: &'a str,
    from: &'a str,
    to: Option<&'a str>,
    /// The newest version, and what it needs: `2.0.0`, `2.0.0, requires Rust 1.99`.
    available: Option<&'a str>,
}

impl Outdated {
    fn add(&mut self, change: &Change<'_>) {
        let compatible = change.to.unwrap_or(change.from);
        let latest = change.available.unwrap_or(compatible);
        match (change.verb, change.to, change.available) {
            ("Updating" | "Downgrading", Some(_), _) => self.compatible += 1,
            ("Unchanged", _, Some(_)) => self.newer += 1,
            // Packages that come or go with the others are not out of date themselves.
            _ => return,
        }
        let message = match change.to {
            Some(to) => format!("{} can go from {} to {to}", change.name, change.from),
            None => format!("{} {} is behind {latest}", change.name, change.from),
        };
        let package = Some(format!("{} {}", change.name, change.from));
        self.findings.add(Finding { package, ..finding("cargo-update", Severity::Note, message) });
        if self.rows.len() < MOST {
            self.rows.push([change.name, change.from, compatible, latest].map(str::to_owned).to_vec());
        }
    }
}

impl Read for Outdated {
    fn start(&self, _: &Path, _: &[Binary]) -> Box<dyn Read> {
        Box::new(self.clone())
    }

    fn line(&mut self, stream: Stream, line: &[u8]) {
        let line = text(line);
        if stream == Stream::Stdout {
            return;
        }
        self.complaints.see(&line);
        if line.trim_start().starts_with("Locking ") {
            self.locking = true;
        } else if line == "warning: not updating lockfile due to dry run" {
            self.finished = true;
        } else if let Some(change) = change(&line) {
            self.add(&change);
        }
    }

    fn finish(self: Box<Self>, exit: Exit, cut: bool) -> Reading {
        if let Some(because) = trouble(exit, &self.complaints) {
            return because;
        }
        if !(self.locking && self.finished) {
            return environment_error("cargo update printed nothing that can be read");
        }
        let mut reading = Reading::passed();
        let columns = ["package", "current", "compatible", "latest"].map(str::to_owned).to_vec();
        reading.tables.push(Table { title: "Outdated dependencies".to_owned(), columns, rows: self.rows });
        if self.compatible + self.newer > 0 {
            let compatible = count(self.compatible, "compatible update");
            let newer = count(self.newer, "newer version");
            reading.notes.push(format!("{compatible}, {newer} outside the required range"));
        }
        self.findings.into_reading(&mut reading);
        guard(reading, cut)
    }
}

/// Why cargo could not answer, if so: what blocks the resolver is the code's fault, the rest is not.
pub(super) fn trouble(exit: Exit, complaints: &Complaints) -> Option<Reading> {
    if exit.is_ok() {
        return None;
    }
    let why = complaints.any().map_or_else(|| format!("cargo {exit}"), |error| format!("cargo {exit}: {error}"));
    let blamed = matches!(exit, Exit::Code(_)) && complaints.error().is_some() && !complaints.environment();
    Some(Reading::because(if blamed { Outcome::Failed } else { Outcome::EnvironmentError }, why))
}

/// `    Updating itoa v1.0.9 -> v1.0.19 (available: v2.0.0)`, also with a source in brackets after a version.
fn change(line: &str) -> Option<Change<'_>> {
    let (verb, rest) = line.trim_start().split_once(' ')?;
    if !["Updating", "Downgrading", "Unchanged", "Adding", "Removing"].contains(&verb) {
        return None;
    }
    let (rest, available) = match rest.split_once(" (available: v") {
        Some((rest, available)) => (rest, Some(available.strip_suffix(')')?)),
        None => (rest, None),
    };
    let (from, to) = match rest.split_once(" -> ") {
        Some((from, to)) => (from, Some(to.strip_prefix('v').unwrap_or(to))),
        None => (rest, None),
    };
    let (name, from) = from.split_once(" v")?;
    (!name.contains(' ')).then_some(Change { verb, name, from, to, available })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, same};
    use super::*;

    /// cargo 1.95.
    const UPDATES: &str = "    Updating crates.io index
     Locking 1 package to latest Rust 1.95.0 compatible version
    Removing atty v0.2.14
    Updating itoa v1.0.9 -> v1.0.19
    Updating kit v0.1.0 (https://example.org/kit#0a1b2c3d) -> #4e5f6a7b
   Unchanged itoa v0.4.8 (available: v1.0.19)
   Unchanged time v0.1.43 (available: v0.3.47, requires Rust 1.99)
note: to see how you depend on a package, run `cargo tree --invert <dep>@<ver>`
warning: not updating lockfile due to dry run
";
    const NOTHING: &str = "     Locking 0 packages to latest Rust 1.95.0 compatible versions
note: to see how you depend on a package, run `cargo tree --invert <dep>@<ver>`
warning: not updating lockfile due to dry run
";

    #[test]
    fn updates_become_a_table() {
        let reading = read(&Outdated::default(), "", UPDATES, Exit::Code(0));
        assert_eq!((reading.outcome, &reading.because), (Outcome::Passed, &None));
        let rows: Vec<String> = reading.tables[0].rows.iter().map(|row| row.join(" | ")).collect();
        let wanted = [
            "itoa | 1.0.9 | 1.0.19 | 1.0.19",
            "kit | 0.1.0 (https://example.org/kit#0a1b2c3d) | #4e5f6a7b | #4e5f6a7b",
            "itoa | 0.4.8 | 0.4.8 | 1.0.19",
            "time | 0.1.43 | 0.1.43 | 0.3.47, requires Rust 1.99",
        ];
        assert_eq!(rows, wanted);
        assert_eq!(reading.notes, ["2 compatible updates, 2 newer versions outside the required range"]);
        assert_eq!(reading.findings[0].message, "itoa can go from 1.0.9 to 1.0.19");
        assert!(reading.findings.iter().all(|finding| finding.severity == Severity::Note));
    }

    #[test]
    fn nothing_to_update_is_an_empty_table() {
        let reading = read(&Outdated::default(), "", NOTHING, Exit::Code(0));
        assert_eq!(reading.outcome, Outcome::Passed);
        assert!(reading.tables[0].rows.is_empty());
    }

    #[test]
    fn half_an_answer_and_no_network_are_no_answer() {
        let lines: Vec<&str> = UPDATES.lines().collect();
        for end in 0..lines.len() {
            let reading = read(&Outdated::default(), "", &lines[..end].join("\n"), Exit::Code(0));
            same(&reading, Outcome::EnvironmentError, "cargo update printed nothing that can be read");
        }
        let offline = "error: failed to get `itoa` as a dependency of package `m v0.1.0 (/w/m)`\n\nCaused by:\n  \
                       download of config.json failed\n\nCaused by:\n  [7] Could not connect to server";
        let because = "cargo exited with code 101: failed to get `itoa` as a dependency of package `m v0.1.0 (/w/m)`: \
                       [7] Could not connect to server";
        same(&read(&Outdated::default(), "", offline, Exit::Code(101)), Outcome::EnvironmentError, because);
        let unresolved = "error: failed to select a version for the requirement `x = \"=1\"`";
        let reading = read(&Outdated::default(), "", unresolved, Exit::Code(101));
        assert_eq!(reading.outcome, Outcome::Failed);
    }
}
