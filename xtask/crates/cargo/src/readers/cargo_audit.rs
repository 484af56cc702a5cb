//! Reads `cargo audit --json`: vulnerabilities, and what the advisory database warns of.

use super::findings::{Findings, finding};
use super::json::Document;
use super::waivers::Waiver;
use super::waivers::Waivers;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use xtask_core::cause::Cause;
use xtask_core::command::{Exit, Stream};
use xtask_core::outcome::Outcome;
use xtask_core::reader::complaints::Complaints;
use xtask_core::reader::{Read, environment_error, guard, headline, text};
use xtask_core::reading::{Binary, Finding, Reading, Severity};
use xtask_core::text::count;

const TOOL: &str = "cargo-audit";

#[derive(Deserialize)]
struct Report {
    database: Database,
    lockfile: Lockfile,
    vulnerabilities: Vulnerabilities,
    warnings: BTreeMap<String, Vec<Item>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Database {
    advisory_count: usize,
    last_commit: Option<String>,
    last_updated: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Lockfile {
    dependency_count: usize,
}

#[derive(Deserialize)]
struct Vulnerabilities {
    count: usize,
    list: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    /// Yanked versions have none.
    advisory: Option<Advisory>,
    package: Package,
}

#[derive(Deserialize)]
struct Advisory {
    id: String,
    title: String,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

/// What cargo-audit has said so far.
#[derive(Clone, Debug)]
pub struct CargoAudit {
    waivers: Waivers,
    /// The age of a database that was passed in, known beforehand.
    database: Option<String>,
    document: Document,
    complaints: Complaints,
}

impl CargoAudit {
    /// With advisories that do not count for now; `database` is the age of a database that was passed in, known
    /// beforehand.
    pub fn new(waivers: &[Waiver], database: Option<&str>) -> Self {
        Self {
            waivers: Waivers::new(waivers),
            database: database.map(str::to_owned),
            document: Document::default(),
            complaints: Complaints::default(),
        }
    }

    /// The reading of a report that can be trusted.
    fn reading(&mut self, report: Report, exit: Exit) -> Reading {
        let Database { advisory_count, last_commit, last_updated } = report.database;
        let mut findings = Findings::default();
        let mut add = |severity, kind: &str, item: Item| {
            let Package { name, version } = item.package;
            let (code, title) = item.advisory.map_or_else(
                || (None, format!("{name} {version} is {kind}")),
                |advisory| (Some(advisory.id), headline(&advisory.title)),
            );
            // A yanked version has no advisory: its kind is used instead.
            let code = Some(code.unwrap_or_else(|| kind.to_owned()));
            let mut finding =
                Finding { code, package: Some(format!("{name} {version}")), ..finding(TOOL, severity, title) };
            self.waivers.apply(&mut finding);
            findings.add(finding);
        };
        for item in report.vulnerabilities.list {
            add(Severity::Error, "vulnerable", item);
        }
        for (kind, items) in report.warnings {
            for item in items {
                add(Severity::Warning, &kind, item);
            }
        }
        let (errors, warnings) = (findings.counted(Severity::Error), findings.counted(Severity::Warning));
        let silent = findings.is_empty();
        let mut reading = match exit {
            _ if errors > 0 => Reading::because(Outcome::Failed, count(errors, "vulnerability")),
            Exit::Code(1) if silent => environment_error("cargo-audit exited with code 1 and found nothing"),
            _ => Reading::passed(),
        };
        if warnings > 0 {
            reading.notes.push(count(warnings, "warning"));
        }
        // A directory that is not a git checkout has no date of its own.
        let age = last_updated.or(last_commit).map(|date| format!("of {date}")).or_else(|| self.database.take());
        let age = age.unwrap_or_else(|| "of unknown age".to_owned());
        reading.notes.push(format!("advisory database: {}, {age}", count(advisory_count, "advisory")));
        self.waivers.note_unused(true, &mut reading);
        findings.into_reading(&mut reading);
        reading
    }
}

impl Read for CargoAudit {
    fn start(&self, _: &Path, _: &[Binary]) -> Box<dyn Read> {
        Box::new(self.clone())
    }

    fn is_for_people(&self, stream: Stream) -> bool {
        stream == Stream::Stderr
    }

    fn line(&mut self, stream: Stream, line: &[u8]) {
        match stream {
            Stream::Stdout => self.document.line(line),
            Stream::Stderr => self.complaints.see(&text(line)),
        }
    }

    fn finish(mut self: Box<Self>, exit: Exit, cut: bool) -> Reading {
        if !matches!(exit, Exit::Code(0 | 1)) || self.document.is_empty() {
            let why = self.complaints.any().unwrap_or_else(|| format!("cargo-audit {exit}"));
            return not_checked(&why);
        }
        let report: Report = match self.document.parse() {
            Ok(report) => report,
            Err(error) => {
                return not_checked(&format!("the answer of cargo-audit cannot be read: {error}"));
            }
        };
        if let Some(doubt) = doubt(&report) {
            return not_checked(&doubt);
        }
        guard(self.reading(report, exit), cut)
    }
}

fn not_checked(why: &str) -> Reading {
    let reading = environment_error(format!("advisories were not checked: {why}"));
    let cause = reading.cause.clone().unwrap_or(Cause::NoAdvisories);
    reading.caused_by(cause)
}

/// Why a report that can be read still says nothing.
fn doubt(report: &Report) -> Option<String> {
    let Vulnerabilities { count, list } = &report.vulnerabilities;
    if report.database.advisory_count == 0 {
        Some("the advisory database is empty".to_owned())
    } else if report.lockfile.dependency_count == 0 {
        Some("the lock file holds no packages".to_owned())
    } else if *count != list.len() {
        Some(format!("it counted {count} and listed {}", xtask_core::text::count(list.len(), "vulnerability")))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, same, waiver};
    use super::*;

    /// cargo-audit 0.22.2 on old dependencies, descriptions left out; the yanked one is written after its source.
    const REPORT: &str = include_str!("testdata/audit.json");

    fn audit(waivers: &[Waiver], stdout: &str, exit: i32) -> Reading {
        read(&CargoAudit::new(waivers, None), stdout, "", Exit::Code(exit))
    }

    fn without_findings() -> serde_json::Value {
        serde_json::json!({"database": {"advisory-count": 625, "last-commit": null, "last-updated": null},
            "lockfile": {"dependency-count": 2}, "vulnerabilities": {"found": false, "count": 0, "list": []},
            "warnings": {}})
    }

    #[test]
    fn vulnerabilities_fail_and_warnings_are_told() {
        let reading = audit(&[], REPORT, 1);
        same(&reading, Outcome::Failed, "2 vulnerabilities");
        let short = |f: &Finding| format!("{:?} {:?} {:?}", f.severity, f.code, f.package);
        let found: Vec<String> = reading.findings.iter().map(short).collect();
        let wanted = [
            "Error Some(\"RUSTSEC-2021-0003\") Some(\"smallvec 0.6.13\")",
            "Error Some(\"RUSTSEC-2020-0071\") Some(\"time 0.1.43\")",
            "Warning Some(\"RUSTSEC-2020-0077\") Some(\"memmap 0.7.0\")",
            "Warning Some(\"RUSTSEC-2023-0045\") Some(\"memoffset 0.5.6\")",
            "Warning Some(\"yanked\") Some(\"itoa 1.0.8\")",
        ];
        assert_eq!(found, wanted);
        assert_eq!(reading.findings[4].message, "itoa 1.0.8 is yanked");
        assert_eq!(reading.notes, ["3 warnings", "advisory database: 625 advisories, of unknown age"]);
    }

    #[test]
    fn the_age_of_the_database_is_told() {
        let how = CargoAudit::new(&[], Some("3 days old"));
        let report = without_findings();
        let reading = read(&how, &report.to_string(), "", Exit::Code(0));
        assert_eq!(reading.notes, ["advisory database: 625 advisories, 3 days old"]);
        let dated = report.to_string().replace("\"last-updated\":null", "\"last-updated\":\"2026-01-02T03:04:05Z\"");
        let reading = read(&how, &dated, "", Exit::Code(0));
        assert_eq!(reading.notes, ["advisory database: 625 advisories, of 2026-01-02T03:04:05Z"]);
    }

    #[test]
    fn waivers_hold_until_they_expire() {
        let both = |expired| vec![waiver("RUSTSEC-2021-0003", false), waiver("RUSTSEC-2020-0071", expired)];
        let reading = audit(&both(false), REPORT, 1);
        assert_eq!((reading.outcome, reading.because), (Outcome::Passed, None));
        assert_eq!(reading.findings[0].waived.as_deref(), Some("accepted until 2026-01-31"));
        let reading = audit(&both(true), REPORT, 1);
        same(&reading, Outcome::Failed, "1 vulnerability");
        let message = "Potential segfault in the time crate (its waiver ended on 2026-01-31: accepted)";
        assert_eq!((&*reading.findings[1].message, &reading.findings[1].waived), (message, &None));
        let unused = vec![waiver("RUSTSEC-0000-0000", false), waiver("banned", false)];
        let reading = audit(&unused, &without_findings().to_string(), 0);
        assert_eq!(reading.notes[1..], ["the waiver of RUSTSEC-0000-0000 covers nothing here"]);
    }

    #[test]
    fn a_tool_that_could_not_look_did_not_find_nothing() {
        assert_eq!(audit(&[], &without_findings().to_string(), 0).outcome, Outcome::Passed);
        let stderr = "error: error loading advisory database: I/O operation failed\nCaused by:\n  -> no such directory";
        let reading = read(&CargoAudit::new(&[], None), "", stderr, Exit::Code(1));
        let because =
            "advisories were not checked: error loading advisory database: I/O operation failed: no such directory";
        same(&reading, Outcome::EnvironmentError, because);
        let reading = audit(&[], "", 0);
        same(&reading, Outcome::EnvironmentError, "advisories were not checked: cargo-audit exited with code 0");
        for (pointer, value) in
            [("/database/advisory-count", 0), ("/lockfile/dependency-count", 0), ("/vulnerabilities/count", 3)]
        {
            let mut report = without_findings();
            *report.pointer_mut(pointer).expect("it is there") = value.into();
            assert_eq!(audit(&[], &report.to_string(), 0).outcome, Outcome::EnvironmentError, "{pointer}");
        }
        assert_eq!(audit(&[], &without_findings().to_string(), 1).outcome, Outcome::EnvironmentError);
        assert_eq!(audit(&[], "{\"format\":\"new\"}", 0).outcome, Outcome::EnvironmentError);
        assert_eq!(audit(&[], &REPORT[..REPORT.len() / 2], 1).outcome, Outcome::EnvironmentError);
    }
}
