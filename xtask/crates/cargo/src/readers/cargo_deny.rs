//! Reads `cargo deny --format json check`: JSON lines on standard error that end in a summary.
//!
//! Its exit code is a set of bits (1 advisories, 2 bans, 4 licences, 8 sources), but 1 also when it could not look at
//! all; so the summary decides, and the code only has to agree with it.

use super::findings::{Findings, finding};
use super::waivers::Waiver;
use super::waivers::Waivers;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use xtask_core::command::{Exit, Stream};
use xtask_core::outcome::Outcome;
use xtask_core::reader::complaints::Complaints;
use xtask_core::reader::{Read, environment_error, guard, headline, text};
use xtask_core::reading::{Binary, Finding, Reading, Severity};
use xtask_core::text::{count, list};

const TOOL: &str = "cargo-deny";

#[derive(Deserialize)]
#[serde(tag = "type", content = "fields", rename_all = "kebab-case")]
enum Line {
    Diagnostic(Diagnostic),
    Log(Log),
    Summary(BTreeMap<String, Sums>),
}

#[derive(Deserialize)]
struct Diagnostic {
    severity: String,
    message: String,
    code: Option<String>,
    advisory: Option<Advisory>,
    #[serde(default)]
    graphs: Vec<Graph>,
    #[serde(default)]
    labels: Vec<Label>,
}

#[derive(Deserialize)]
struct Advisory {
    id: String,
}

#[derive(Deserialize)]
struct Graph {
    #[serde(rename = "Krate")]
    krate: Option<Krate>,
}

#[derive(Deserialize)]
struct Krate {
    name: String,
    version: String,
}

#[derive(Deserialize)]
struct Label {
    #[serde(default)]
    message: String,
    #[serde(default)]
    span: String,
}

#[derive(Deserialize)]
struct Log {
    level: String,
    message: String,
}

#[derive(Deserialize)]
struct Sums {
    errors: usize,
}

/// What cargo-deny has said so far.
#[derive(Clone, Debug)]
pub struct CargoDeny {
    waivers: Waivers,
    /// What it checks: `bans and sources`.
    checks: String,
    unchecked: Option<String>,
    findings: Findings,
    /// Diagnostics of severity error, repeated ones included: as many as the summary says.
    errors: usize,
    summary: Option<usize>,
    logged: Option<String>,
    strange: Option<String>,
    complaints: Complaints,
}

impl CargoDeny {
    /// With advisories and other codes that do not count for now, what it checks, in words (`bans and sources`), and what
    /// it leaves unchecked, as a sentence.
    pub fn new(waivers: &[Waiver], checks: &str, unchecked: Option<String>) -> Self {
        Self {
            waivers: Waivers::new(waivers),
            checks: checks.to_owned(),
            unchecked,
            findings: Findings::default(),
            errors: 0,
            summary: None,
            logged: None,
            strange: None,
            complaints: Complaints::default(),
        }
    }

    fn diagnostic(&mut self, diagnostic: Diagnostic) {
        let severity = match diagnostic.severity.as_str() {
            "error" | "bug" => Severity::Error,
            "warning" => Severity::Warning,
            _ => Severity::Note,
        };
        self.errors += usize::from(severity == Severity::Error);
        let mut message = headline(&diagnostic.message);
        // What a licence check rejects is in its labels only.
        let rejected = diagnostic.labels.iter().filter(|label| label.message.starts_with("rejected"));
        let rejected: BTreeSet<String> = rejected.map(|label| headline(&label.span)).collect();
        if !rejected.is_empty() {
            message = format!("{message}: {}", list(rejected));
        }
        let code = diagnostic.advisory.map(|advisory| advisory.id).or(diagnostic.code);
        let krate = diagnostic.graphs.into_iter().find_map(|graph| graph.krate);
        let package = krate.map(|krate| format!("{} {}", krate.name, krate.version));
        let mut finding = Finding { code, package, ..finding(TOOL, severity, message) };
        self.waivers.apply(&mut finding);
        self.findings.add(finding);
    }

    /// Why the output proves nothing, if so.
    fn doubt(&self, exit: Exit) -> Option<String> {
        let reason = || {
            let diagnostic = self.findings.errors().next().map(|finding| finding.message.clone());
            diagnostic.or_else(|| self.logged.clone()).or_else(|| self.complaints.any())
        };
        match (exit, self.summary, &self.strange) {
            (Exit::Signal(_), ..) => Some(format!("cargo-deny {exit}")),
            (_, None, _) => {
                let why = reason().unwrap_or_else(|| format!("cargo-deny {exit} without a summary"));
                Some(format!("{} were not checked: {why}", self.checks))
            }
            (_, _, Some(strange)) => Some(strange.clone()),
            (_, Some(sum), _) if sum != self.errors => {
                Some(format!("cargo-deny counted {} and showed {}", count(sum, "error"), self.errors))
            }
            (Exit::Code(code), Some(sum), _) if (code == 0) != (sum == 0) => {
                Some(format!("cargo-deny {exit} and counted {}", count(sum, "error")))
            }
            _ => None,
        }
    }

    /// `4 findings (banned, rejected and RUSTSEC-2020-0071)`.
    fn because(&self) -> String {
        let codes: BTreeSet<&str> = self.findings.errors().filter_map(|finding| finding.code.as_deref()).collect();
        let shown = list(codes.iter().take(4));
        let more = if codes.len() > 4 { ", …" } else { "" };
        format!("{} ({shown}{more})", count(self.findings.counted(Severity::Error), "finding"))
    }
}

impl Read for CargoDeny {
    fn start(&self, _: &Path, _: &[Binary]) -> Box<dyn Read> {
        Box::new(self.clone())
    }

    fn is_for_people(&self, stream: Stream) -> bool {
        stream == Stream::Stdout
    }

    fn line(&mut self, stream: Stream, line: &[u8]) {
        if stream == Stream::Stdout {
            return;
        }
        if !line.starts_with(b"{") {
            return self.complaints.see(&text(line));
        }
        match serde_json::from_slice(line) {
            Ok(Line::Diagnostic(diagnostic)) => self.diagnostic(diagnostic),
            Ok(Line::Summary(sums)) => {
                self.summary = Some(sums.values().fold(0, |sum, check| sum.saturating_add(check.errors)));
            }
            Ok(Line::Log(log)) if log.level == "ERROR" => {
                self.logged.get_or_insert_with(|| headline(&log.message));
            }
            Ok(Line::Log(_)) => {}
            Err(error) => self.strange = Some(format!("a line of cargo-deny cannot be read: {error}")),
        }
    }

    fn finish(mut self: Box<Self>, exit: Exit, cut: bool) -> Reading {
        let mut reading = match self.doubt(exit) {
            Some(doubt) => environment_error(doubt),
            None if self.findings.counted(Severity::Error) > 0 => Reading::because(Outcome::Failed, self.because()),
            None => Reading::passed(),
        };
        let warnings = self.findings.counted(Severity::Warning);
        if warnings > 0 {
            reading.notes.push(count(warnings, "warning"));
        }
        if self.summary.is_some() {
            reading.notes.extend(self.logged.take());
            self.waivers.note_unused(false, &mut reading);
        }
        match self.unchecked.take() {
            // For a check that found nothing, what it left out belongs beside the result.
            Some(unchecked) if reading.outcome == Outcome::Passed => reading.because = Some(unchecked),
            unchecked => reading.notes.extend(unchecked),
        }
        self.findings.into_reading(&mut reading);
        guard(reading, cut)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, same, waiver};
    use super::*;

    /// cargo-deny 0.20.2 on old dependencies, descriptions left out.
    const OUTPUT: &str = include_str!("testdata/deny.json");
    const CLEAN: &str = r#"{"fields":{"bans":{"errors":0,"helps":0,"notes":0,"warnings":0}},"type":"summary"}"#;

    fn deny(waivers: &[Waiver], stderr: &str, exit: i32) -> Reading {
        read(&CargoDeny::new(waivers, "all", None), "", stderr, Exit::Code(exit))
    }

    #[test]
    fn errors_fail_and_warnings_are_told() {
        let reading = deny(&[], OUTPUT, 7);
        same(&reading, Outcome::Failed, "4 findings (RUSTSEC-2020-0071, RUSTSEC-2021-0003, banned and rejected)");
        let short = |f: &Finding| format!("{:?} {} {}", f.severity, f.package.as_deref().unwrap_or("-"), f.message);
        let found: Vec<String> = reading.findings.iter().map(short).collect();
        let wanted = [
            "Error smallvec 0.6.13 Buffer overflow in SmallVec::insert_many",
            "Error time 0.1.43 Potential segfault in the time crate",
            "Warning syn 1.0.100 found 2 duplicate entries for crate 'syn'",
            "Error winapi 0.3.9 crate 'winapi = 0.3.9' is explicitly banned",
            "Error unicode-ident 1.0.27 failed to satisfy license requirements: Apache-2.0 and Unicode-3.0",
        ];
        assert_eq!(found, wanted);
        assert_eq!(reading.notes, ["1 warning"]);
        assert_eq!(deny(&[], CLEAN, 0), Reading::passed());
    }

    #[test]
    fn what_was_not_checked_is_part_of_the_result() {
        let reader = CargoDeny::new(&[], "all", Some("not all".to_owned()));
        let passed = read(&reader, "", CLEAN, Exit::Code(0));
        assert_eq!((passed.outcome, passed.because.as_deref()), (Outcome::Passed, Some("not all")));
        let failed = read(&reader, "", OUTPUT, Exit::Code(7));
        assert_eq!(
            (failed.outcome, failed.notes),
            (Outcome::Failed, vec!["1 warning".to_owned(), "not all".to_owned()])
        );
    }

    #[test]
    fn waivers_cover_advisories_and_other_codes() {
        let waive = |ids: &[&str]| deny(&ids.iter().map(|id| waiver(id, false)).collect::<Vec<_>>(), OUTPUT, 7);
        let all = waive(&["RUSTSEC-2020-0071", "RUSTSEC-2021-0003", "banned", "rejected"]);
        assert_eq!((all.outcome, all.because), (Outcome::Passed, None));
        same(&waive(&["RUSTSEC-2020-0071", "RUSTSEC-2021-0003", "banned"]), Outcome::Failed, "1 finding (rejected)");
        let unused = deny(&[waiver("RUSTSEC-0000-0000", false), waiver("banned", false)], CLEAN, 0);
        assert_eq!(unused.notes, ["the waiver of banned covers nothing here"]);
        let expired = deny(&[waiver("banned", true)], OUTPUT, 7);
        assert!(expired.findings[3].message.ends_with("(its waiver ended on 2026-01-31: accepted)"));
        assert_eq!(expired.outcome, Outcome::Failed);
    }

    #[test]
    fn without_a_summary_nothing_was_checked() {
        let lines: Vec<&str> = OUTPUT.lines().collect();
        for end in 0..lines.len() {
            assert_eq!(deny(&[], &lines[..end].join("\n"), 7).outcome, Outcome::EnvironmentError, "{end} lines");
        }
        let fetch = r#"{"fields":{"level":"ERROR","message":"failed to fetch advisory database https://x with cli:\nfatal","timestamp":""},"type":"log"}"#;
        let because = "all were not checked: failed to fetch advisory database https://x with cli:";
        same(&deny(&[], fetch, 1), Outcome::EnvironmentError, because);
        let config = r#"{"fields":{"labels":[],"message":"advisory database url doesn't have a domain name","severity":"error"},"type":"diagnostic"}"#;
        let because = "all were not checked: advisory database url doesn't have a domain name";
        same(&deny(&[], config, 1), Outcome::EnvironmentError, because);
    }

    #[test]
    fn lost_lines_and_contradictions_are_noticed() {
        let lost: Vec<&str> = OUTPUT.lines().skip(1).collect();
        same(&deny(&[], &lost.join("\n"), 7), Outcome::EnvironmentError, "cargo-deny counted 4 errors and showed 3");
        same(&deny(&[], CLEAN, 2), Outcome::EnvironmentError, "cargo-deny exited with code 2 and counted 0 errors");
        same(&deny(&[], OUTPUT, 0), Outcome::EnvironmentError, "cargo-deny exited with code 0 and counted 4 errors");
    }
}
