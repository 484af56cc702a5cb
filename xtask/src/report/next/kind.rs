//! What kind of failure a task is.

use super::super::summary::TaskSummary;
use crate::outcome::Outcome;
use crate::plan::pipeline;
use crate::reading::SERVER_DIED;

/// What can go wrong.
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
    /// What has gone wrong with a task of this stage, by their names and by what came of it.
    pub(super) fn of(stage: &str, task: &TaskSummary) -> Self {
        let name = task.name();
        let deploys = |stage: &str| stage.starts_with("deploy-") || stage.starts_with("rollback-");
        let of_registry = stage == pipeline::BUILD_AND_PUSH && (name == "login" || name.ends_with(":push"));
        match (task.outcome, stage) {
            (Outcome::Cancelled, _) => Self::Cancelled,
            (Outcome::TimedOut, _) => Self::TimedOut,
            (_, pipeline::NOTIFY) => Self::Notify,
            (Outcome::EnvironmentError, _) if task.service.is_none() && name.starts_with("server-") => Self::Servers,
            (Outcome::EnvironmentError, _) if of_registry => Self::Login,
            (_, stage) if deploys(stage) => Self::Deploy,
            (Outcome::EnvironmentError, _) if task.because.as_ref().is_some_and(|it| it.contains(SERVER_DIED)) => {
                Self::ServerDied
            }
            (Outcome::EnvironmentError, _) => Self::Environment,
            (_, pipeline::FORMAT_AND_LINT) if name == pipeline::FMT => Self::Format,
            (_, pipeline::FORMAT_AND_LINT) => Self::Lint,
            _ if !task.failed_tests.is_empty() => Self::Tests,
            (_, pipeline::TEST_SERVICES | pipeline::INTEGRATION_TESTS) if task.tests.is_some() => Self::Tests,
            (_, pipeline::TEST_SERVICES | pipeline::INTEGRATION_TESTS | pipeline::BUILD_RELEASE) => Self::Compile,
            (_, pipeline::CODE_COVERAGE) if is_gate(task) => Self::Coverage,
            (_, pipeline::SECURITY_AUDIT) => Self::Audit,
            (_, pipeline::BUILD_AND_PUSH) if of_registry => Self::Push,
            (_, pipeline::BUILD_AND_PUSH) if task.service.is_some() => Self::Image,
            (_, pipeline::BUILD_AND_PUSH) if matches!(name, "release" | "compile") => Self::Compile,
            (_, pipeline::SMOKE_TEST) => Self::Smoke,
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

/// Whether coverage was measured and is too low, as opposed to a program that does not compile.
fn is_gate(task: &TaskSummary) -> bool {
    task.because.as_deref().is_some_and(|because| because.contains("is under"))
}
