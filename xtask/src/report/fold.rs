//! Events in, summary out: a pure fold, the same for a run that is watched and for a record that is read.

use super::counted;
use super::summary::{StageSummary, Summary, TaskSummary};
use crate::cause::Cause;
use crate::event::{Event, Kind, PlannedStage, RECORD_VERSION};
use crate::ids::{StageId, TaskId};
use crate::outcome::{Outcome, Policy};
use crate::text;
use std::collections::HashMap;

/// The state of a run, folded from its events so far.
#[derive(Clone, Debug, Default)]
pub struct Fold {
    summary: Summary,
    stages: Vec<Stage>,
    index: HashMap<StageId, usize>,
    closed: bool,
}

#[derive(Clone, Debug)]
struct Stage {
    planned: PlannedStage,
    /// How it ended and why, once it has.
    end: Option<(Outcome, Option<String>)>,
    cause: Option<Cause>,
    duration_ms: u64,
    ended: Vec<TaskSummary>,
    /// The tasks that run, with the packages that they are about.
    running: Vec<(TaskId, Option<String>)>,
}

impl Fold {
    /// The fold of all these events.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut fold = Self::default();
        for event in events {
            fold.on(event);
        }
        fold
    }

    /// Handles one event.
    pub fn on(&mut self, event: &Event) {
        // A task that ends because the run is stopped is not done: the counts stay as they were then.
        if self.summary.interrupted.is_none() {
            self.summary.counts = event.counts;
        }
        self.summary.duration_ms = event.elapsed_ms;
        match &event.kind {
            Kind::RunStarted { version: _, run, command, cause, commit, slots: _, services, stages } => {
                self.summary = Summary {
                    version: RECORD_VERSION,
                    run: run.clone(),
                    event: cause.clone(),
                    commit: commit.clone(),
                    started: event.at.clone(),
                    command: command.clone(),
                    services: services.clone(),
                    ..std::mem::take(&mut self.summary)
                };
                for planned in stages {
                    *self.planned(planned.clone()) = Stage::new(planned.clone());
                }
            }
            Kind::PreviousInterrupted { run, tasks, cleaned } => self.warn(previous(run, tasks, cleaned)),
            Kind::StageStarted { .. }
            | Kind::TaskOutput { .. }
            | Kind::TaskSilent { .. }
            | Kind::TaskBlocked { .. }
            | Kind::TaskNotCached { .. }
            | Kind::TaskPart { .. } => {}
            Kind::TaskStarted { task, stage, service, .. } => {
                self.stage(stage).running.push((task.clone(), service.clone()));
            }
            Kind::TaskFinished { .. } => self.task_finished(&event.kind),
            Kind::StageFinished { stage, policy, outcome, because, cause, duration_ms } => {
                let stage = self.stage(stage);
                stage.planned.policy = *policy;
                stage.end = Some((*outcome, because.clone()));
                stage.cause.clone_from(cause);
                stage.duration_ms = *duration_ms;
            }
            Kind::Stopping { because, .. } => {
                self.summary.interrupted.get_or_insert_with(|| because.clone());
            }
            Kind::Warning { message } => self.warn(message.clone()),
            Kind::RunFinished { verdict, exit_code, duration_ms } => {
                self.summary.verdict.clone_from(verdict);
                self.summary.exit_code = Some(*exit_code);
                self.summary.duration_ms = *duration_ms;
                self.closed = true;
            }
        }
    }

    /// Adds a warning, unless it is there already.
    pub fn warn(&mut self, message: String) {
        if !self.summary.warnings.contains(&message) {
            self.summary.warnings.push(message);
        }
    }

    /// The summary of a stage so far, for the line that is shown when it ends.
    pub fn stage_so_far(&self, id: &StageId) -> Option<StageSummary> {
        let position = *self.index.get(id)?;
        Some(self.stages[position].clone().finish())
    }

    /// The stages that the run has announced.
    pub fn planned_stages(&self) -> impl Iterator<Item = &PlannedStage> {
        self.stages.iter().map(|stage| &stage.planned)
    }

    /// How a failure of the stage is judged.
    pub fn policy(&self, id: &StageId) -> Policy {
        self.index.get(id).map_or(Policy::Info, |position| self.stages[*position].planned.policy)
    }

    /// Returns the result of the run. A run without its last event was killed: the verdict is `interrupted`, running
    /// tasks are `cancelled`, and tasks that had not started are `skipped`.
    pub fn finish(mut self) -> Summary {
        if !self.closed {
            "interrupted".clone_into(&mut self.summary.verdict);
        }
        let stages = self.stages.into_iter().map(Stage::finish).collect();
        total(Summary { stages, ..self.summary })
    }

    /// Returns the result of the run so far, for a report that is written while it is running: stages that have not
    /// ended are pending, and the verdict is `running`.
    pub fn so_far(mut self) -> Summary {
        if self.closed {
            return self.finish();
        }
        "running".clone_into(&mut self.summary.verdict);
        let (ended, pending): (Vec<Stage>, Vec<Stage>) = self.stages.into_iter().partition(|s| s.end.is_some());
        let pending = pending.into_iter().map(|stage| stage.planned.id).collect();
        let stages = ended.into_iter().map(Stage::finish).collect();
        total(Summary { stages, pending, ..self.summary })
    }

    fn task_finished(&mut self, kind: &Kind) {
        let Some((stage, task)) = TaskSummary::of(kind) else { return };
        if let Kind::TaskFinished { reading, .. } = kind
            && let Some(coverage) = &reading.coverage
        {
            self.summary.coverage = Some(coverage.clone());
        }
        if let Kind::TaskFinished { reading, .. } = kind
            && let Some(image) = &reading.image
        {
            self.summary.images.retain(|known| known.service != image.service);
            self.summary.images.push(image.clone());
        }
        let stage = self.stage(stage);
        stage.running.retain(|(running, _)| *running != task.id);
        stage.ended.push(task);
    }

    /// The stage of this id. One that no plan has announced (its line of the record was unreadable) is created as
    /// informative: it decides nothing.
    fn stage(&mut self, id: &StageId) -> &mut Stage {
        self.planned(PlannedStage {
            id: id.clone(),
            subcommand: String::new(),
            policy: Policy::Info,
            tasks: Vec::new(),
        })
    }

    fn planned(&mut self, planned: PlannedStage) -> &mut Stage {
        let position = *self.index.entry(planned.id.clone()).or_insert(self.stages.len());
        if position == self.stages.len() {
            self.stages.push(Stage::new(planned));
        }
        &mut self.stages[position]
    }
}

impl Stage {
    fn new(planned: PlannedStage) -> Self {
        Self { planned, end: None, cause: None, duration_ms: 0, ended: Vec::new(), running: Vec::new() }
    }

    fn finish(self) -> StageSummary {
        let mut tasks = self.ended;
        let begun = !tasks.is_empty() || !self.running.is_empty();
        tasks.extend(
            self.running.into_iter().map(|(id, service)| {
                TaskSummary::unfinished(id, service, "it was running when the run was interrupted")
            }),
        );
        let (outcome, because) = self.end.unwrap_or_else(|| {
            if begun {
                (Outcome::Cancelled, Some("the run was interrupted".to_owned()))
            } else {
                (Outcome::Skipped, Some("the run was interrupted before it started".to_owned()))
            }
        });
        StageSummary {
            id: self.planned.id,
            policy: self.planned.policy,
            outcome,
            because,
            cause: self.cause,
            duration_ms: self.duration_ms,
            subcommand: self.planned.subcommand,
            tasks,
        }
    }
}

fn total(mut summary: Summary) -> Summary {
    summary.images.sort_by(|a, b| a.service.cmp(&b.service));
    summary.tests = counted::total(&summary);
    summary
}

fn previous(run: &str, tasks: &[TaskId], cleaned: &[String]) -> String {
    let mut message = format!("the previous run {run} was interrupted");
    if !tasks.is_empty() {
        message = format!("{message} in {}", text::list(tasks));
    }
    if !cleaned.is_empty() {
        message = format!("{message}; cleaned up: {}", text::list(cleaned));
    }
    message
}

#[cfg(test)]
mod tests;
