//! A stage of a run so far: how it was announced, its ended tasks, and its end.

use super::super::summary::{StageSummary, TaskSummary};
use super::running::{Begun, Running};
use xtask_core::cause::Cause;
use xtask_core::event::PlannedStage;
use xtask_core::outcome::Outcome;

/// A stage so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// As the run has announced it.
    pub planned: PlannedStage,
    /// Its tasks that have ended, in that order.
    pub ended: Vec<Ended>,
    /// Its end, once it has ended.
    pub end: Option<End>,
}

/// A task that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// Its result.
    pub task: TaskSummary,
    /// How it began; `None` if it never started.
    pub begun: Option<Begun>,
}

/// The end of a stage.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// How it ended.
    pub outcome: Outcome,
    /// Why, in one line; `None` when it simply passed.
    pub because: Option<String>,
    /// The same for programs.
    pub cause: Option<Cause>,
    /// From its first task's start to its last one's end.
    pub duration_ms: u64,
}

impl Stage {
    pub(super) fn new(planned: PlannedStage) -> Self {
        Self { planned, ended: Vec::new(), end: None }
    }

    /// Its result so far. If it has not ended, it counts as interrupted, and so do those of its tasks that are `running`.
    pub(super) fn summary<'a>(&self, running: impl Iterator<Item = &'a Running>) -> StageSummary {
        let mut tasks: Vec<TaskSummary> = self.ended.iter().map(|ended| ended.task.clone()).collect();
        tasks.extend(running.map(|running| {
            let (id, service) = (running.task.clone(), running.service.clone());
            TaskSummary::unfinished(id, service, "it was running when the run was interrupted")
        }));
        let End { outcome, because, cause, duration_ms } =
            self.end.clone().unwrap_or_else(|| End::interrupted(!tasks.is_empty()));
        StageSummary {
            id: self.planned.id.clone(),
            policy: self.planned.policy,
            outcome,
            because,
            cause,
            duration_ms,
            subcommand: self.planned.subcommand.clone(),
            tasks,
        }
    }
}

impl End {
    fn interrupted(begun: bool) -> Self {
        let (outcome, because) = if begun {
            (Outcome::Cancelled, "the run was interrupted")
        } else {
            (Outcome::Skipped, "the run was interrupted before it started")
        };
        Self { outcome, because: Some(because.to_owned()), cause: None, duration_ms: 0 }
    }
}
