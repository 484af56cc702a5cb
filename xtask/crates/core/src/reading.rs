//! What a task's output says, as data: what the parsers of `stages` produce and what reports are made from.

use crate::cause::Cause;
use crate::outcome::{Outcome, TestCounts};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// A server that can no longer be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Why, in one line: `PostgreSQL died during the tests: exit code 1`.
    pub because: String,
    /// The last lines of its log, fit for a terminal; none of a server that xtask did not start.
    pub tail: Vec<String>,
    /// Its log in the directory of logs; `None` of a server that xtask did not start.
    pub log: Option<String>,
}

/// Said of a failed deployment or smoke test when the previous version runs again.
pub const RESTORED: &str = "the previous state is restored";
/// What is said of a failed deployment when it does not.
pub const MANUAL_INTERVENTION: &str = "manual intervention is needed";
/// The title of a deployment's table of commands.
pub const TYPE_NEXT: &str = "What to type next";

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// To be looked at; does not fail the task.
    Warning,
    /// Fails the task.
    Error,
}

/// One thing that a tool found: a lint, a file that is not formatted, an advisory, a denied licence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The tool that found it: `rustfmt`, `clippy`, `cargo-audit`, `cargo-deny`.
    pub tool: String,
    /// How bad it is.
    pub severity: Severity,
    /// The tool's own name for it: `clippy::needless_return`, `RUSTSEC-2023-0001`.
    pub code: Option<String>,
    /// What it is, in one line.
    pub message: String,
    /// The file, relative to the workspace's root.
    pub file: Option<String>,
    /// The line in that file, from 1.
    pub line: Option<u32>,
    /// The column in that line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// The last line that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_line: Option<u32>,
    /// The column after its end, in the last line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_column: Option<u32>,
    /// The package and version that it is about.
    pub package: Option<String>,
    /// Why it does not count, when a waiver of the configuration covers it.
    pub waived: Option<String>,
}

/// A test that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedTest {
    /// Its whole path, as libtest prints it.
    pub name: String,
    /// What it printed, the last lines when there were many.
    pub output: String,
    /// The command that runs just this test again, quoted for a shell.
    pub repeat: String,
}

/// An executable that cargo has built.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binary {
    /// The cargo package id it belongs to.
    pub package: String,
    /// The target's name: `auth_service`, `integration`.
    pub target: String,
    /// The target's kind: `lib`, `bin`, `test`, `proc-macro`.
    pub kind: String,
    /// Whether it is a test executable: a package's binary is built once as itself and once with its unit tests.
    #[serde(default)]
    pub test: bool,
    /// Where it is.
    pub path: PathBuf,
    /// Its size in bytes; 0 until it is measured.
    pub bytes: u64,
    /// The digest that a release program had when its build ended: `sha256:…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// What people call it: `auth_service (lib)`.
impl fmt::Display for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.target, self.kind)
    }
}

/// An image that was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The service in it.
    pub service: String,
    /// Its digest: `sha256:…`.
    pub digest: String,
    /// The download size without any of it in place, in bytes; 0 when it comes from a list of others that lacks it.
    #[serde(default)]
    pub bytes: u64,
    /// Where it was pushed to and read back from: `registry.example.org/shop/auth-service`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The tags that it has there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// Lines that tests reached, in percent with two decimals, rounded down: the number that is shown is the one compared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// Over all services.
    pub line_percent: f64,
    /// Per service.
    pub services: BTreeMap<String, f64>,
}

/// A small table for people, in reports and on the terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows, each with a cell per column.
    pub rows: Vec<Vec<String>>,
}

/// What build scripts set for the programs that are built with them; not recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scripts {
    /// Variables, by cargo's package id: those that the script has set, and its `OUT_DIR`.
    pub env: BTreeMap<String, BTreeMap<String, String>>,
    /// Directories in which they have put libraries.
    pub libraries: Vec<PathBuf>,
    /// Directories in which cargo has put shared libraries of its own.
    pub shared: Vec<PathBuf>,
}

/// What a task's output and exit said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// How the task ended.
    pub outcome: Outcome,
    /// Why, in one line; always there unless it passed, and then what was measured, if something was.
    pub because: Option<String>,
    /// The same for programs, where advice depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// Tests counted, for tasks that run tests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<TestCounts>,
    /// The tests that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_tests: Vec<FailedTest>,
    /// What a linter or an auditor found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// What cargo built.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub binaries: Vec<Binary>,
    /// What the tests reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Coverage>,
    /// The image that was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
    /// Tables for the report.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<Table>,
    /// Variables for the tasks that take their environment from this one; not recorded, because they may hold
    /// passwords.
    #[serde(skip)]
    pub env: BTreeMap<String, String>,
    /// Variables for one service's tasks only, by the service's name: its own database. Not recorded either.
    #[serde(skip)]
    pub service_env: BTreeMap<String, BTreeMap<String, String>>,
    /// The commit that release programs were built from, which their images are labelled with; both commits where it
    /// changed during the build. Not recorded.
    #[serde(skip)]
    pub revision: Option<String>,
    /// What the build scripts that ran for this compilation set for the programs.
    #[serde(skip)]
    pub scripts: Scripts,
    /// The results of single packages, by name, of a task that ran the tests of several; each is another task's result.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<String, Self>,
    /// Things worth a line in the summary: the age of an advisory database, a leaked process.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Reading {
    /// A task that passed and has nothing else to report.
    pub fn passed() -> Self {
        Self::ended(Outcome::Passed, None)
    }

    /// A task that ended otherwise, and why.
    pub fn because(outcome: Outcome, why: impl Into<String>) -> Self {
        Self::ended(outcome, Some(why.into()))
    }

    /// A task that could not do its work, and why. The system's own message for a full disk is a cause.
    pub fn environment(why: impl Into<String>) -> Self {
        let why = why.into();
        let full = why.to_ascii_lowercase().contains("no space left on");
        Self { cause: full.then_some(Cause::DiskFull), ..Self::because(Outcome::EnvironmentError, why) }
    }

    /// The same with its cause.
    #[must_use]
    pub fn caused_by(self, cause: Cause) -> Self {
        Self { cause: Some(cause), ..self }
    }

    /// Passes every text that is for people to `change`. Names, paths and digests, by which tasks find what others
    /// made, are not among them.
    pub fn for_each_text(&mut self, change: &mut impl FnMut(&mut String)) {
        // Every field is named, so that a new one has to decide.
        let Self {
            because,
            failed_tests,
            findings,
            tables,
            notes,
            parts,
            outcome: _,
            cause: _,
            tests: _,
            binaries: _,
            coverage: _,
            image: _,
            env: _,
            service_env: _,
            scripts: _,
            revision: _,
        } = self;
        because.iter_mut().chain(notes).for_each(&mut *change);
        for part in parts.values_mut() {
            part.for_each_text(change);
        }
        for FailedTest { name, output, repeat } in failed_tests {
            [name, output, repeat].into_iter().for_each(&mut *change);
        }
        for finding in findings {
            let Finding { code, message, file, package, waived, .. } = finding;
            [code, file, package, waived].into_iter().flatten().chain([message]).for_each(&mut *change);
        }
        for Table { title, columns, rows } in tables {
            columns.iter_mut().chain(rows.iter_mut().flatten()).chain([title]).for_each(&mut *change);
        }
    }

    fn ended(outcome: Outcome, because: Option<String>) -> Self {
        Self {
            outcome,
            because,
            cause: None,
            tests: None,
            failed_tests: Vec::new(),
            findings: Vec::new(),
            binaries: Vec::new(),
            coverage: None,
            image: None,
            tables: Vec::new(),
            env: BTreeMap::new(),
            service_env: BTreeMap::new(),
            revision: None,
            scripts: Scripts::default(),
            parts: BTreeMap::new(),
            notes: Vec::new(),
        }
    }
}
