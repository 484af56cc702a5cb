//! Reads `cargo tree --duplicates --depth 0`: packages that are built in more than one version, as a table.

use super::findings::{Findings, finding};
use super::outdated::trouble;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use xtask_core::command::{Exit, Stream};
use xtask_core::reader::complaints::Complaints;
use xtask_core::reader::{Read, environment_error, guard, text};
use xtask_core::reading::{Binary, Finding, Reading, Severity, Table};
use xtask_core::text::{count, list};

/// The most packages that are kept.
const MOST: usize = 5_000;

/// What cargo has said so far.
#[derive(Clone, Debug, Default)]
pub struct Duplicates {
    versions: BTreeMap<String, BTreeSet<String>>,
    /// Cargo has said that there are none: silence alone does not say so.
    nothing: bool,
    strange: Option<String>,
    complaints: Complaints,
}

impl Read for Duplicates {
    fn start(&self, _: &Path, _: &[Binary]) -> Box<dyn Read> {
        Box::new(self.clone())
    }

    fn line(&mut self, stream: Stream, line: &[u8]) {
        let line = text(line);
        if stream == Stream::Stderr {
            self.nothing |= line.starts_with("warning: nothing to print");
            return self.complaints.see(&line);
        }
        // Roots are at the left margin; without `--depth 0` others would follow below them.
        if line.trim().is_empty() || line.starts_with([' ', '│', '├', '└', '[']) {
            return;
        }
        match package(&line) {
            Some((name, version)) if self.versions.len() < MOST => {
                self.versions.entry(name.to_owned()).or_default().insert(version.to_owned());
            }
            Some(_) => {}
            None => self.strange = Some(line.into_owned()),
        }
    }

    fn finish(self: Box<Self>, exit: Exit, cut: bool) -> Reading {
        if let Some(because) = trouble(exit, &self.complaints) {
            return because;
        }
        if let Some(strange) = self.strange {
            return environment_error(format!("cargo tree printed a line that cannot be read: {strange}"));
        }
        if self.versions.is_empty() && !self.nothing {
            return environment_error("cargo tree printed nothing that can be read");
        }
        let mut reading = Reading::passed();
        let mut findings = Findings::default();
        let mut rows = Vec::new();
        // A version that is built twice, for the host and with other features, is listed by cargo as well.
        for (name, versions) in self.versions.iter().filter(|(_, versions)| versions.len() > 1) {
            let message = format!("{name} is built in {}: {}", count(versions.len(), "version"), list(versions));
            let package = Some(name.clone());
            findings.add(Finding { package, ..finding("cargo-tree", Severity::Note, message) });
            rows.push(vec![name.clone(), versions.iter().map(String::as_str).collect::<Vec<_>>().join(", ")]);
        }
        if !rows.is_empty() {
            reading.notes.push(format!("{} in more than one version", count(rows.len(), "package")));
        }
        let columns = ["package", "versions"].map(str::to_owned).to_vec();
        reading.tables.push(Table { title: "Duplicate dependencies".to_owned(), columns, rows });
        findings.into_reading(&mut reading);
        guard(reading, cut)
    }
}

/// `syn v1.0.100 (proc-macro) (*)` as name and version, with the source when it is not the registry.
fn package(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_end().trim_end_matches(" (*)").trim_end_matches(" (proc-macro)");
    let (name, version) = line.split_once(" v")?;
    (!name.contains(' ') && version.starts_with(|c: char| c.is_ascii_digit())).then_some((name, version))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, same};
    use super::*;
    use xtask_core::outcome::Outcome;

    /// cargo 1.95; `quote` is there twice in one version, for the host and for the target.
    const TREE: &str = "itoa v0.4.8\n\nitoa v1.0.9\n\nquote v1.0.47\n\nquote v1.0.47\n\nserde_derive v1.0.1 (proc-macro)\n\n\
                        syn v1.0.100\n\nsyn v2.0.119 (*)\n\nsyn v3.0.10\n";

    #[test]
    fn packages_in_several_versions_become_a_table() {
        let reading = read(&Duplicates::default(), TREE, "", Exit::Code(0));
        assert_eq!(reading.tables[0].rows, [["itoa", "0.4.8, 1.0.9"], ["syn", "1.0.100, 2.0.119, 3.0.10"]]);
        assert_eq!(reading.notes, ["2 packages in more than one version"]);
        assert_eq!(reading.findings[0].message, "itoa is built in 2 versions: 0.4.8 and 1.0.9");
    }

    #[test]
    fn only_cargo_saying_so_means_nothing() {
        let reading = read(&Duplicates::default(), "", "warning: nothing to print.\n\nTo find", Exit::Code(0));
        assert_eq!(reading.outcome, Outcome::Passed);
        assert!(reading.tables[0].rows.is_empty());
        let silent = read(&Duplicates::default(), "", "", Exit::Code(0));
        same(&silent, Outcome::EnvironmentError, "cargo tree printed nothing that can be read");
        let strange = read(&Duplicates::default(), "what is this", "", Exit::Code(0));
        same(&strange, Outcome::EnvironmentError, "cargo tree printed a line that cannot be read: what is this");
    }
}
