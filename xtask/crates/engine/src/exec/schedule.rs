//! Which task may start when, and how the end of one affects the others: a state machine without clock, thread or
//! I/O. [`Schedule::finish`] makes every transition; nothing else changes a state.
//!
//! A stage opens when the stages it needs have ended well enough; within an open stage a task starts when the tasks it
//! needs have gone well, its universe is free, and neither the stage nor the run is at its limit.

mod reason;

use crate::plan::task::Universe;
use crate::plan::{Links, Plan};
use reason::{Part, reason};
use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use xtask_core::cause::Cause;
use xtask_core::ids::{StageId, TaskId};
use xtask_core::outcome::{Outcome, Policy};

/// A consequence of a transition, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A task will never start.
    TaskSkipped {
        /// Its index among the plan's tasks.
        task: usize,
        /// `Skipped`; or `EnvironmentError` when a need could not do its work, such as a tool's installation.
        outcome: Outcome,
        /// Why.
        because: String,
        /// The same for programs, where advice depends on it.
        cause: Option<Cause>,
    },
    /// A stage is over.
    StageEnded {
        /// Its index among the plan's stages.
        stage: usize,
        /// How.
        outcome: Outcome,
        /// Why, unless everything in it went well.
        because: Option<String>,
        /// The same for programs, where something depends on it.
        cause: Option<Cause>,
    },
}

/// The state of a run.
pub struct Schedule {
    stages: Vec<Stage>,
    tasks: Vec<Task>,
    /// Tasks that could start as far as needs go, in the plan's order.
    queue: VecDeque<usize>,
    busy: BTreeSet<Universe>,
    running: usize,
    slots: usize,
    fail_fast: bool,
    /// Why nothing new starts any more, and whether that applies to reporting stages too.
    stopped: Option<(String, bool)>,
}

struct Stage {
    id: StageId,
    policy: Policy,
    needs: Vec<usize>,
    needed_by: Vec<usize>,
    limit: usize,
    running: usize,
    tasks: Vec<usize>,
    unfinished: usize,
    left_out: Option<(Outcome, String)>,
    open: bool,
    ended: Option<Outcome>,
}

struct Task {
    id: TaskId,
    stage: usize,
    universe: Option<Universe>,
    needed_by: Vec<usize>,
    unmet: usize,
    /// Why it will be skipped when its stage opens.
    hopeless: Option<(Outcome, Why)>,
    state: State,
    because: Option<String>,
}

/// Why a task is skipped.
#[derive(Clone)]
struct Why {
    because: String,
    cause: Option<Cause>,
}

impl Why {
    /// A task or a stage that it needs ended in this `way`.
    fn need(id: &impl fmt::Display, way: &str) -> Self {
        Self { because: format!("needs `{id}`, which {way}"), cause: Some(Cause::Need { id: id.to_string() }) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Running,
    Ended(Outcome),
}

impl Schedule {
    /// A run of this plan, with these links and this many slots. `fail_fast`: nothing new starts after a blocking
    /// failure.
    pub fn new(plan: &Plan, links: &Links, slots: usize, fail_fast: bool) -> Self {
        let task = |(task, stage): (&crate::plan::Task, &usize)| Task {
            id: task.id.clone(),
            stage: *stage,
            universe: task.universe,
            needed_by: Vec::new(),
            unmet: 0,
            hopeless: None,
            state: State::Waiting,
            because: None,
        };
        let mut tasks: Vec<Task> = plan.tasks().zip(&links.stage_of).map(task).collect();
        for (own, needs) in links.needs.iter().enumerate() {
            for need in needs {
                tasks[*need].needed_by.push(own);
                tasks[own].unmet += 1;
            }
        }
        let of_stage = |stage: usize| (0..tasks.len()).filter(move |&task| links.stage_of[task] == stage);
        let stage = |(index, stage): (usize, &crate::plan::StagePlan)| Stage {
            id: stage.id.clone(),
            policy: stage.policy,
            needs: links.stage_needs[index].clone(),
            needed_by: Vec::new(),
            limit: stage.max_parallel.unwrap_or(usize::MAX),
            running: 0,
            tasks: of_stage(index).collect(),
            unfinished: stage.tasks.len(),
            left_out: stage.left_out.clone(),
            open: false,
            ended: None,
        };
        let mut stages: Vec<Stage> = plan.stages.iter().enumerate().map(stage).collect();
        for stage in 0..stages.len() {
            for need in stages[stage].needs.clone() {
                stages[need].needed_by.push(stage);
            }
        }
        Self {
            stages,
            tasks,
            queue: VecDeque::new(),
            busy: BTreeSet::new(),
            running: 0,
            slots: slots.max(1),
            fail_fast,
            stopped: None,
        }
    }

    /// Opens the stages that need nothing. To be called once, before the first [`ready`](Self::ready).
    pub fn begin(&mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        for stage in 0..self.stages.len() {
            self.look_at_stage(stage, &mut changes);
        }
        changes
    }

    /// The tasks that start now; they count as running from here on.
    pub fn ready(&mut self) -> Vec<usize> {
        let mut started = Vec::new();
        let mut kept = VecDeque::new();
        while let Some(task) = self.queue.pop_front() {
            if self.running < self.slots && self.may_start(task) {
                self.start(task);
                started.push(task);
            } else {
                kept.push_back(task);
            }
        }
        self.queue = kept;
        started
    }

    fn may_start(&self, task: usize) -> bool {
        let Task { stage, universe, .. } = &self.tasks[task];
        let stage = &self.stages[*stage];
        stage.running < stage.limit && universe.is_none_or(|universe| !self.busy.contains(&universe))
    }

    fn start(&mut self, task: usize) {
        let state = &mut self.tasks[task];
        state.state = State::Running;
        self.busy.extend(state.universe);
        self.stages[state.stage].running += 1;
        self.running += 1;
    }

    /// Records that a running task has ended, and why if it did not go well.
    pub fn finish(&mut self, task: usize, outcome: Outcome, because: Option<String>) -> Vec<Change> {
        let state = &mut self.tasks[task];
        debug_assert_eq!(state.state, State::Running, "{} ended without having started", state.id);
        if let Some(universe) = state.universe {
            self.busy.remove(&universe);
        }
        let stage = state.stage;
        self.stages[stage].running -= 1;
        self.running -= 1;
        let mut changes = Vec::new();
        if self.fail_fast && outcome.is_bad() && self.stages[stage].policy == Policy::Blocking && self.stopped.is_none()
        {
            let why = format!("`{}` failed, and the run stops at the first failure", self.tasks[task].id);
            self.stopped = Some((why, false));
        }
        self.end_task(task, outcome, because, &mut changes);
        self.skip_what_stopped(&mut changes);
        changes
    }

    /// Starts nothing new of any kind: the run is being stopped.
    pub fn stop(&mut self, because: &str) -> Vec<Change> {
        let mut changes = Vec::new();
        self.stopped = Some((because.to_owned(), true));
        self.skip_what_stopped(&mut changes);
        changes
    }

    /// The stages that have not ended.
    pub fn unfinished(&self) -> Vec<usize> {
        (0..self.stages.len()).filter(|&stage| self.stages[stage].ended.is_none()).collect()
    }

    fn end_task(&mut self, task: usize, outcome: Outcome, because: Option<String>, changes: &mut Vec<Change>) {
        self.mark_ended(task, outcome, because);
        self.settle_dependents(task, outcome, changes);
        self.look_at_stage(self.tasks[task].stage, changes);
    }

    fn mark_ended(&mut self, task: usize, outcome: Outcome, because: Option<String>) {
        let state = &mut self.tasks[task];
        state.state = State::Ended(outcome);
        state.because = because;
        self.stages[state.stage].unfinished -= 1;
    }

    fn settle_dependents(&mut self, task: usize, outcome: Outcome, changes: &mut Vec<Change>) {
        for dependent in self.tasks[task].needed_by.clone() {
            if self.tasks[dependent].state != State::Waiting {
                continue;
            }
            self.tasks[dependent].unmet -= 1;
            if !outcome.meets_a_need() {
                let why = Why::need(&self.tasks[task].id, outcome.verb());
                let skipped = if outcome == Outcome::EnvironmentError { outcome } else { Outcome::Skipped };
                if self.stages[self.tasks[dependent].stage].open {
                    self.skip(vec![dependent], skipped, &why, changes);
                } else {
                    // Its stage may have a better reason, and reports it once it knows how its own needs have ended.
                    self.tasks[dependent].hopeless.get_or_insert((skipped, why));
                }
            } else if self.tasks[dependent].unmet == 0 && self.stages[self.tasks[dependent].stage].open {
                self.queue.push_back(dependent);
            }
        }
    }

    /// Skips tasks for one reason. All are marked before any dependent is notified, so that none of them is given a
    /// more roundabout reason.
    fn skip(&mut self, tasks: Vec<usize>, outcome: Outcome, why: &Why, changes: &mut Vec<Change>) {
        self.queue.retain(|queued| !tasks.contains(queued));
        for &task in &tasks {
            let Why { because, cause } = why.clone();
            self.mark_ended(task, outcome, Some(because.clone()));
            changes.push(Change::TaskSkipped { task, outcome, because, cause });
        }
        for &task in &tasks {
            self.settle_dependents(task, outcome, changes);
        }
        for task in tasks {
            self.look_at_stage(self.tasks[task].stage, changes);
        }
    }

    fn skip_all(&mut self, stage: usize, why: &Why, changes: &mut Vec<Change>) {
        let tasks = self.stages[stage].tasks.iter().copied();
        let waiting = tasks.filter(|&task| self.tasks[task].state == State::Waiting).collect();
        self.skip(waiting, Outcome::Skipped, why, changes);
    }

    fn skip_what_stopped(&mut self, changes: &mut Vec<Change>) {
        let Some((because, everything)) = self.stopped.clone() else { return };
        let why = Why { because, cause: None };
        for stage in 0..self.stages.len() {
            if everything || self.stages[stage].policy != Policy::Reporting {
                self.skip_all(stage, &why, changes);
            }
        }
    }

    /// Opens, skips or ends a stage as far as its needs and its tasks allow.
    fn look_at_stage(&mut self, stage: usize, changes: &mut Vec<Change>) {
        if self.stages[stage].ended.is_some() {
            return;
        }
        if let Some((outcome, because)) = self.stages[stage].left_out.clone() {
            return self.end_stage(stage, outcome, Some(because), changes);
        }
        if !self.stages[stage].open && self.stages[stage].unfinished > 0 {
            if self.stages[stage].needs.iter().any(|&need| self.stages[need].ended.is_none()) {
                return;
            }
            let unmet = self.stages[stage].needs.iter().find(|&&need| !self.is_met(need)).copied();
            match unmet.filter(|_| self.stages[stage].policy != Policy::Reporting) {
                Some(need) => {
                    let how = self.stages[need].ended.map_or("did not end", Outcome::verb);
                    let why = Why::need(&self.stages[need].id, how);
                    // The last of its tasks ends the stage, through here.
                    return self.skip_all(stage, &why, changes);
                }
                None => self.open(stage, changes),
            }
        }
        // Opening it may have skipped the last of its tasks, and ended it.
        if self.stages[stage].unfinished == 0 && self.stages[stage].ended.is_none() {
            let (outcome, because) = self.verdict(stage);
            self.end_stage(stage, outcome, because, changes);
        }
    }

    fn open(&mut self, stage: usize, changes: &mut Vec<Change>) {
        self.stages[stage].open = true;
        for task in self.stages[stage].tasks.clone() {
            if self.tasks[task].state != State::Waiting {
                continue;
            }
            if let Some((outcome, why)) = self.tasks[task].hopeless.take() {
                self.skip(vec![task], outcome, &why, changes);
            } else if self.tasks[task].unmet == 0 {
                self.queue.push_back(task);
            }
        }
    }

    fn end_stage(&mut self, stage: usize, outcome: Outcome, because: Option<String>, changes: &mut Vec<Change>) {
        self.stages[stage].ended = Some(outcome);
        // A stage of the plan without any tasks ends this way, too; only a requested one is skipped.
        let left_out = self.stages[stage].left_out.is_some() && outcome == Outcome::Skipped;
        changes.push(Change::StageEnded { stage, outcome, because, cause: left_out.then_some(Cause::LeftOut) });
        for dependent in self.stages[stage].needed_by.clone() {
            self.look_at_stage(dependent, changes);
        }
    }

    /// Whether a stage that has ended lets its dependents proceed.
    fn is_met(&self, stage: usize) -> bool {
        let Stage { ended, policy, left_out, .. } = &self.stages[stage];
        left_out.is_some() || *policy != Policy::Blocking || ended.is_some_and(Outcome::meets_a_need)
    }

    /// The outcome of a stage whose tasks have all ended: the worst of theirs. A task that others of the stage need is
    /// only a preparation: when all is well, the stage has the outcome of the others, as a compile that passed is not a
    /// test that did.
    fn verdict(&self, stage: usize) -> (Outcome, Option<String>) {
        let outcome_of = |task: &&Task| match task.state {
            State::Ended(outcome) => outcome,
            State::Waiting | State::Running => Outcome::Cancelled,
        };
        let tasks: Vec<&Task> = self.stages[stage].tasks.iter().map(|&task| &self.tasks[task]).collect();
        let prepares = |task: &Task| task.needed_by.iter().any(|&dependent| self.tasks[dependent].stage == stage);
        let policy = self.stages[stage].policy;
        let all = Outcome::of_stage(policy, tasks.iter().map(outcome_of));
        let own = Outcome::of_stage(policy, tasks.iter().filter(|task| !prepares(task)).map(outcome_of));
        let worst = if all.is_some_and(Outcome::meets_a_need) { own } else { all }.unwrap_or(Outcome::NothingToDo);
        let parts = tasks.iter().copied().map(|task| Part {
            name: task.id.name(),
            outcome: outcome_of(&task),
            because: task.because.as_deref(),
            prepares: prepares(task),
        });
        (worst, reason(worst, &parts.collect::<Vec<_>>()))
    }
}

#[cfg(test)]
mod tests;
