//! The kinds of failure of a task.

use super::super::summary::TaskSummary;
use xtask_core::cause::Cause;
use xtask_core::outcome::Outcome;
use xtask_core::purpose::Purpose;
use xtask_core::reading::Severity;

/// How a task can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Format,
    Lint,
    Tests,
    Compile,
    Coverage,
    Audit,
    Servers,
    ServerDied,
    Image,
    Push,
    Login,
    Deploy,
    Smoke,
    Notify,
    TimedOut,
    Environment,
    Cancelled,
    Job,
    Other,
}

impl Kind {
    /// Returns how a task failed, by its purpose and its outcome.
    pub(super) fn of(task: &TaskSummary) -> Self {
        match (task.outcome, task.purpose) {
            (Outcome::Cancelled, _) => Self::Cancelled,
            (Outcome::TimedOut, _) => Self::TimedOut,
            (_, Purpose::Notify) => Self::Notify,
            (Outcome::EnvironmentError, Purpose::Servers) => Self::Servers,
            (Outcome::EnvironmentError, Purpose::LogIn | Purpose::Push) => Self::Login,
            (_, Purpose::Deploy) => Self::Deploy,
            (Outcome::EnvironmentError, _) if task.cause == Some(Cause::ServerDied) => Self::ServerDied,
            (Outcome::EnvironmentError, _) => Self::Environment,
            (_, Purpose::Format) => Self::Format,
            (_, Purpose::Lint) if has_findings(task) => Self::Lint,
            _ if !task.failed_tests.is_empty() => Self::Tests,
            (_, Purpose::Tests) if task.tests.is_some() => Self::Tests,
            (_, Purpose::Coverage) if matches!(task.cause, Some(Cause::BelowMinimum | Cause::BelowFloor)) => {
                Self::Coverage
            }
            (_, Purpose::Lint | Purpose::Tests | Purpose::Compile) => Self::Compile,
            (_, Purpose::Audit) => Self::Audit,
            (_, Purpose::Push) => Self::Push,
            (_, Purpose::Image) => Self::Image,
            (_, Purpose::Smoke) => Self::Smoke,
            _ => Self::Other,
        }
    }

    /// The word for programs.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Lint => "lint",
            Self::Tests => "tests",
            Self::Compile => "compile",
            Self::Coverage => "coverage",
            Self::Audit => "audit",
            Self::Servers | Self::ServerDied => "servers",
            Self::Image => "image",
            Self::Push => "push",
            Self::Login => "registry",
            Self::Deploy => "deploy",
            Self::Smoke => "smoke",
            Self::Notify => "notify",
            Self::TimedOut => "timed-out",
            Self::Environment => "environment",
            Self::Cancelled => "cancelled",
            Self::Job => "job",
            Self::Other => "other",
        }
    }
}

/// Whether the compiler has found something that clippy may repair. The output of a build script does not count.
fn has_findings(task: &TaskSummary) -> bool {
    task.findings.iter().any(|finding| finding.severity == Severity::Error)
}
