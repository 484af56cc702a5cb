//! The result of a run, as data: `summary.json`, and the source of all reports.
//!
//! The format is an interface: it has a version and only grows. Knows nothing about how it is shown.

use serde::{Deserialize, Serialize};
use std::path::Path;
use xtask_core::cause::Cause;
use xtask_core::error::{Error, Result};
use xtask_core::event::{Counts, Kind};
use xtask_core::ids::{StageId, TaskId};
use xtask_core::outcome::{Outcome, Policy, TestCounts};
use xtask_core::purpose::Purpose;
use xtask_core::reading::{Binary, Coverage, FailedTest, Finding, Image, Table};

/// A run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The version of this format.
    pub version: u32,
    /// The run's id.
    pub run: String,
    /// The event that caused it: `pull-request` or `push`.
    pub event: String,
    /// The commit, with `-dirty` behind it when files differ.
    pub commit: Option<String>,
    /// `passed`, `failed`, `interrupted`, `environment-error`, `timed-out`, `nothing-to-do`; `running` in a summary
    /// made before the end.
    pub verdict: String,
    /// The process's exit code; `None` when the process ended before it could record one.
    pub exit_code: Option<u8>,
    /// When it started, RFC 3339.
    pub started: String,
    /// How long it took, or had taken when it was last heard of.
    pub duration_ms: u64,
    /// Its stages, in the plan's order.
    pub stages: Vec<StageSummary>,
    /// Tests of all stages.
    pub tests: TestCounts,
    /// The coverage of the tests, when it was measured.
    pub coverage: Option<Coverage>,
    /// Images built.
    pub images: Vec<Image>,
    /// The command line that started it.
    #[serde(default)]
    pub command: String,
    /// The services that it was about.
    #[serde(default)]
    pub services: Vec<String>,
    /// The counts as of the run's last event. Tasks that end once the run is being stopped are not done.
    #[serde(default)]
    pub counts: Counts,
    /// Why it was stopped, when it was: `interrupted (Ctrl-C)`.
    #[serde(default)]
    pub interrupted: Option<String>,
    /// The stages that have not ended, in a summary made before the end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<StageId>,
    /// Problems besides those of the run's tasks.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// A stage of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageSummary {
    /// Its id.
    pub id: StageId,
    /// How its failure is judged.
    pub policy: Policy,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, in one line; `None` when it simply passed.
    pub because: Option<String>,
    /// The same for programs, where advice depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// From its first task's start to its last one's end.
    pub duration_ms: u64,
    /// The subcommand that runs it alone.
    #[serde(default)]
    pub subcommand: String,
    /// Its tasks, in the order in which they ended.
    pub tasks: Vec<TaskSummary>,
}

/// A task of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskSummary {
    /// Its id.
    pub id: TaskId,
    /// Its purpose.
    #[serde(default)]
    pub purpose: Purpose,
    /// The package that it was about.
    pub service: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// The code that its process exited with.
    pub exit_code: Option<i32>,
    /// How long it ran.
    pub duration_ms: u64,
    /// Its log, relative to the run's directory.
    pub log: Option<String>,
    /// Its tests; `None` for a task that runs none.
    pub tests: Option<TestCounts>,
    /// Why, in one line; `None` when it simply passed.
    #[serde(default)]
    pub because: Option<String>,
    /// The same for programs, where advice depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// The command to type to run it again, at the workspace's root.
    #[serde(default)]
    pub repeat: String,
    /// The tests that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_tests: Vec<FailedTest>,
    /// The findings of a linter or an auditor.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// The last lines of its output when it ended badly.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tail: Vec<String>,
    /// The programs that cargo built.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub binaries: Vec<Binary>,
    /// Tables for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<Table>,
    /// Notes worth a line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Summary {
    /// All tasks, each with its stage.
    pub fn tasks(&self) -> impl Iterator<Item = (&StageSummary, &TaskSummary)> {
        self.stages.iter().flat_map(|stage| stage.tasks.iter().map(move |task| (stage, task)))
    }

    /// The tasks that went wrong by themselves: those that were stopped with the run are no failures.
    pub fn failures(&self) -> impl Iterator<Item = (&StageSummary, &TaskSummary)> {
        self.tasks().filter(|(_, task)| task.outcome.is_bad() && task.outcome != Outcome::Cancelled)
    }

    /// As pretty JSON with a final line end.
    ///
    /// # Panics
    ///
    /// Never: its keys are text, and everything in it can be written as JSON.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a summary holds nothing that JSON cannot");
        text.push('\n');
        text
    }

    /// Writes `summary.json`, whole or not at all.
    pub fn write(&self, path: &Path) -> Result<()> {
        xtask_core::files::write_atomic(path, self.to_json().as_bytes())
    }

    /// Reads a `summary.json`, of a newer program too as far as this one understands it.
    pub fn read(path: &Path) -> Result<Self> {
        let what = || Error::environment(format!("read {}", path.display()));
        let text = std::fs::read(path).map_err(|e| what().because(e))?;
        serde_json::from_slice(&text).map_err(|e| what().because(e))
    }
}

impl TaskSummary {
    /// Its name within its stage.
    pub fn name(&self) -> &str {
        self.id.name()
    }

    /// How many tests failed, those that are only counted included.
    pub fn failed(&self) -> usize {
        let counted = self.tests.map_or(0, |tests| usize::try_from(tests.failed).unwrap_or(usize::MAX));
        counted.max(self.failed_tests.len())
    }

    /// The summary in an event that ends a task, with its stage; `None` for any other event. Only the fold needs it:
    /// everything else asks the fold for the task.
    pub(super) fn of(kind: &Kind) -> Option<(&StageId, Self)> {
        let Kind::TaskFinished { task, stage, purpose, service, exit_code, duration_ms, log, reading, tail, repeat } =
            kind
        else {
            return None;
        };
        let summary = Self {
            id: task.clone(),
            purpose: *purpose,
            service: service.clone(),
            outcome: reading.outcome,
            exit_code: *exit_code,
            duration_ms: *duration_ms,
            log: log.clone(),
            tests: reading.tests,
            because: reading.because.clone(),
            cause: reading.cause.clone(),
            repeat: repeat.clone(),
            failed_tests: reading.failed_tests.clone(),
            findings: reading.findings.clone(),
            tail: tail.clone(),
            binaries: reading.binaries.clone(),
            tables: reading.tables.clone(),
            notes: reading.notes.clone(),
        };
        Some((stage, summary))
    }

    /// A task of which nothing but its start is known.
    pub(super) fn unfinished(id: TaskId, service: Option<String>, because: &str) -> Self {
        Self {
            id,
            purpose: Purpose::Unknown,
            service,
            outcome: Outcome::Cancelled,
            exit_code: None,
            duration_ms: 0,
            log: None,
            tests: None,
            because: Some(because.to_owned()),
            cause: None,
            repeat: String::new(),
            failed_tests: Vec::new(),
            findings: Vec::new(),
            tail: Vec::new(),
            binaries: Vec::new(),
            tables: Vec::new(),
            notes: Vec::new(),
        }
    }
}
