//! Events in, the state of the run out: a pure fold, the same for a run that is watched and for a record that is read.
//!
//! It is the only book of a run. Displays and reports look at it and keep none of their own, so no two of them can
//! disagree.

mod running;
mod stage;

pub use running::{Begun, Moment, Running};
pub use stage::{End, Ended, Stage};

use super::counted;
use super::summary::{StageSummary, Summary, TaskSummary};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use xtask_core::event::{Counts, Event, Kind, PlannedStage, RECORD_VERSION};
use xtask_core::ids::{StageId, TaskId};
use xtask_core::outcome::Policy;
use xtask_core::reading::{Image, Reading};
use xtask_core::text;

/// The state of a run, folded from its events so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fold {
    /// Everything that is known of the run besides its stages, its images and what is computed from them.
    summary: Summary,
    version: Option<u32>,
    stages: Vec<Stage>,
    index: HashMap<StageId, usize>,
    /// The tasks that run, the oldest first.
    running: Vec<Arc<Running>>,
    /// The latest image that each stage has made of a service.
    images: Vec<(StageId, Image)>,
    longest_id: usize,
    closed: bool,
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

    /// Applies one event.
    pub fn on(&mut self, event: &Event) {
        // A task that ends because the run is stopped is not done.
        let is_stopping = self.summary.interrupted.is_some();
        let done = if is_stopping { self.summary.counts.done } else { event.counts.done };
        self.summary.counts = Counts { done, ..event.counts };
        self.summary.duration_ms = event.elapsed_ms;
        match &event.kind {
            Kind::RunStarted { .. } => self.run_started(event),
            Kind::PreviousInterrupted { run, tasks, cleaned } => self.warn(previous(run, tasks, cleaned)),
            Kind::StageStarted { .. } | Kind::TaskSilent { .. } | Kind::TaskBlocked { .. } => {}
            Kind::TaskStarted { task, stage, service, command } => {
                self.stage_mut(stage);
                self.running.push(Arc::new(Running {
                    task: task.clone(),
                    stage: stage.clone(),
                    service: service.clone(),
                    since_ms: event.elapsed_ms,
                    begun: Begun { command: command.clone(), not_cached: None },
                    last_line: String::new(),
                    parts: Vec::new(),
                }));
            }
            Kind::TaskOutput { task, .. } | Kind::TaskPart { task, .. } | Kind::TaskNotCached { task, .. } => {
                if let Some(running) = self.running.iter_mut().find(|running| running.task == *task) {
                    Arc::make_mut(running).on(&event.kind);
                }
            }
            Kind::TaskFinished { stage, reading, .. } => {
                self.keep_results(stage, reading);
                self.task_finished(&event.kind);
            }
            Kind::StageFinished { stage, policy, outcome, because, cause, duration_ms } => {
                let (because, cause) = (because.clone(), cause.clone());
                let stage = self.stage_mut(stage);
                stage.planned.policy = *policy;
                stage.end = Some(End { outcome: *outcome, because, cause, duration_ms: *duration_ms });
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

    /// The run at this moment.
    pub fn moment(&self) -> Moment {
        Moment {
            counts: self.summary.counts,
            running: self.running.clone(),
            stopping: self.summary.interrupted.is_some(),
            elapsed_ms: self.summary.duration_ms,
        }
    }

    /// The tasks that run, the oldest first.
    pub fn running(&self) -> impl Iterator<Item = &Running> {
        self.running.iter().map(|running| &**running)
    }

    /// The stages that the run has announced, in their order.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// A stage so far; `None` if no event has named it.
    pub fn stage(&self, id: &StageId) -> Option<&Stage> {
        self.index.get(id).map(|position| &self.stages[*position])
    }

    /// A task that has ended, with the policy of its stage.
    pub fn ended(&self, stage: &StageId, task: &TaskId) -> Option<(&TaskSummary, Policy)> {
        let stage = self.stage(stage)?;
        let ended = stage.ended.iter().rfind(|ended| ended.task.id == *task)?;
        Some((&ended.task, stage.planned.policy))
    }

    /// The summary of a stage so far, for the line that is shown when it ends.
    pub fn stage_so_far(&self, id: &StageId) -> Option<StageSummary> {
        self.stage(id).map(|stage| self.summary_of(stage))
    }

    /// The latest image of each service that tasks of a stage have made.
    pub fn images_of(&self, stage: &StageId) -> impl Iterator<Item = &Image> {
        self.images.iter().filter(move |(of, _)| of == stage).map(|(_, image)| image)
    }

    /// The commit of the run.
    pub fn commit(&self) -> Option<&str> {
        self.summary.commit.as_deref()
    }

    /// The length of the longest id of a task in the plan, in bytes.
    pub fn longest_id(&self) -> usize {
        self.longest_id
    }

    /// Whether the run has ended and said so; one that was killed never does.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// The version of the record, once the run has started.
    pub fn version(&self) -> Option<u32> {
        self.version
    }

    /// Returns the result of the run. A run without its last event was killed: the verdict is `interrupted`, running
    /// tasks are `cancelled`, and tasks that had not started are `skipped`.
    pub fn finish(&self) -> Summary {
        let verdict = if self.closed { self.summary.verdict.clone() } else { "interrupted".to_owned() };
        let stages = self.stages.iter().map(|stage| self.summary_of(stage)).collect();
        self.total(Summary { verdict, stages, ..self.summary.clone() })
    }

    /// Returns the result of the run so far, for a report that is written while it is running: stages that have not
    /// ended are pending, and the verdict is `running`.
    pub fn so_far(&self) -> Summary {
        if self.closed {
            return self.finish();
        }
        let (ended, pending): (Vec<&Stage>, Vec<&Stage>) = self.stages.iter().partition(|stage| stage.end.is_some());
        self.total(Summary {
            verdict: "running".to_owned(),
            stages: ended.into_iter().map(|stage| self.summary_of(stage)).collect(),
            pending: pending.into_iter().map(|stage| stage.planned.id.clone()).collect(),
            ..self.summary.clone()
        })
    }

    fn run_started(&mut self, event: &Event) {
        let Kind::RunStarted { version, run, command, cause, commit, slots: _, services, stages } = &event.kind else {
            return;
        };
        self.version = Some(*version);
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
            *self.announce(planned.clone()) = Stage::new(planned.clone());
        }
        let ids = stages.iter().flat_map(|stage| &stage.tasks).map(|task| task.as_str().len());
        self.longest_id = ids.max().unwrap_or(0);
    }

    /// Keeps the results of a task that are about the run as a whole.
    fn keep_results(&mut self, stage: &StageId, reading: &Reading) {
        if let Some(coverage) = &reading.coverage {
            self.summary.coverage = Some(coverage.clone());
        }
        if let Some(image) = &reading.image {
            self.images.retain(|(of, known)| of != stage || known.service != image.service);
            self.images.push((stage.clone(), image.clone()));
        }
    }

    fn task_finished(&mut self, kind: &Kind) {
        let Some((stage, task)) = TaskSummary::of(kind) else { return };
        let position = self.running.iter().position(|running| running.task == task.id);
        let begun = position.map(|position| self.running.remove(position).begun.clone());
        self.stage_mut(stage).ended.push(Ended { task, begun });
    }

    /// The stage of this id. One that no plan has announced (its line of the record was unreadable) is created as
    /// informative: it decides nothing.
    fn stage_mut(&mut self, id: &StageId) -> &mut Stage {
        self.announce(PlannedStage {
            id: id.clone(),
            subcommand: String::new(),
            policy: Policy::Info,
            tasks: Vec::new(),
        })
    }

    fn announce(&mut self, planned: PlannedStage) -> &mut Stage {
        let position = *self.index.entry(planned.id.clone()).or_insert(self.stages.len());
        if position == self.stages.len() {
            self.stages.push(Stage::new(planned));
        }
        &mut self.stages[position]
    }

    fn summary_of(&self, stage: &Stage) -> StageSummary {
        stage.summary(self.running().filter(|running| running.stage == stage.planned.id))
    }

    fn total(&self, mut summary: Summary) -> Summary {
        // A later image of a service replaces an earlier one, whichever stages they are of.
        let latest: BTreeMap<&str, &Image> =
            self.images.iter().map(|(_, image)| (image.service.as_str(), image)).collect();
        summary.images = latest.into_values().cloned().collect();
        summary.tests = counted::total(&summary);
        summary
    }
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
