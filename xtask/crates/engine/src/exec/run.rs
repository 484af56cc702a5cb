//! The loop of a run. It lives on the calling thread and only reads messages; the tasks run on the slots of a pool,
//! and only send them.
//!
//! 1. Start whatever the schedule allows to start.
//! 2. Wait for a message: a line of output, the end of a task, a signal; or for the run's time to be up.
//! 3. Emit the events, let the schedule draw the consequences, and repeat until every stage has ended.
//!
//! A run in which nothing runs and nothing may start is over. Stages that have not ended then are a bug of xtask: the
//! run reports it and ends, as no message would ever arrive.
//!
//! Everything that a task keeps running, servers above all, stays until the last task that takes its environment from
//! it has ended. Whatever happens, including a panic in here, the children are stopped before this function returns.

use super::context::Context;
use super::message::{Message, Stopped, millis, shown};
use super::redact;
use super::schedule::{Change, Schedule};
use super::verdict::verdict;
use super::work;
use crate::job::{Events, Finished, Inputs, Kept};
use crate::plan::{Links, Plan, Task};
use silence::Silences;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;
use xtask_core::error::{Error, Exit, Result};
use xtask_core::event::{Counts, Event, Kind, PlannedStage};
use xtask_core::outcome::{Outcome, Policy, Verdict};
use xtask_core::reading::Reading;
use xtask_core::text;
use xtask_process::environment::Clock;
use xtask_process::process::signal::Signal;
use xtask_process::process::{Level, Stop, awake};

pub mod silence;

/// How the run ended.
pub struct Over {
    /// The last event's verdict and exit code.
    pub verdict: Verdict,
    /// The panic of a worker, when there was one.
    pub bug: Option<String>,
}

/// Runs the plan to its end and passes every event to `emit`. `Err` means that the slots could not be created, or that
/// the planner has a bug.
pub fn run(
    plan: &Plan,
    context: &Context,
    clock: &Clock,
    (sender, messages): (&SyncSender<Message>, &Receiver<Message>),
    emit: &mut dyn FnMut(&Event),
) -> Result<Over> {
    let links = Links::of(plan).map_err(|bug| Error::new(Exit::Bug, "run the plan").detail(bug))?;
    let slots = super::pool::slots(context.slots)?;
    let stop = context.stop.clone();
    // The scope waits for every worker, even when the loop panics; the guard makes sure that they end then.
    Ok(slots.in_place_scope(|scope| {
        let _guard = StopOnDrop(stop.clone());
        let spawn = |job: Job| {
            let sender = sender.clone();
            scope.spawn(move |_| job(&sender));
        };
        Run {
            plan,
            context,
            clock,
            emit,
            emitted: Events::default(),
            stop: stop.clone(),
            schedule: Schedule::new(plan, &links, context.slots, context.fail_fast),
            tasks: plan.tasks().map(|task| Arc::new(task.clone())).collect(),
            users: links.users(),
            readings: vec![None; links.stage_of.len()],
            kept: HashMap::new(),
            links: &links,
            tearing_down: 0,
            silences: Silences::new(context.patience),
            counts: Counts { total: plan.tasks().count(), ..Counts::default() },
            started: HashMap::new(),
            stage_started: vec![None; plan.stages.len()],
            endings: vec![None; plan.stages.len()],
            stopped: None,
            bug: None,
            exit: None,
            spawn: &spawn,
        }
        .play(messages)
    }))
}

/// Work for a slot.
type Job = Box<dyn FnOnce(&SyncSender<Message>) + Send>;

struct StopOnDrop(Stop);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.raise(Level::Kill);
        }
    }
}

struct Run<'a> {
    plan: &'a Plan,
    context: &'a Context,
    clock: &'a Clock,
    emit: &'a mut dyn FnMut(&Event),
    emitted: Events,
    stop: Stop,
    schedule: Schedule,
    tasks: Vec<Arc<Task>>,
    links: &'a Links,
    /// For each task its reading, once it has ended.
    readings: Vec<Option<Arc<Reading>>>,
    /// For each task how many tasks that have not ended take their environment from it.
    users: Vec<usize>,
    kept: HashMap<usize, Box<dyn Kept>>,
    tearing_down: usize,
    silences: Silences,
    counts: Counts,
    /// When tasks and stages started, by the clock that only counts while xtask is awake.
    started: HashMap<usize, Duration>,
    stage_started: Vec<Option<Duration>>,
    endings: Vec<Option<Outcome>>,
    stopped: Option<Stopped>,
    bug: Option<String>,
    /// The exit code that a blocking task has asked for.
    exit: Option<Exit>,
    spawn: &'a dyn Fn(Job),
}

impl Run<'_> {
    fn play(mut self, messages: &Receiver<Message>) -> Over {
        let deadline = awake().checked_add(self.context.timeout);
        self.announce();
        let changes = self.schedule.begin();
        self.follow(changes);
        loop {
            for task in self.schedule.ready() {
                self.start(task);
            }
            if self.started.is_empty() && self.tearing_down == 0 {
                self.end_if_stuck();
                break;
            }
            self.emit_silences();
            let wake = deadline.filter(|_| self.stopped.is_none()).into_iter().chain(self.silences.next()).min();
            match messages.recv_timeout(wake.map_or(Duration::from_secs(3600), |wake| wake.saturating_sub(awake()))) {
                Ok(message) => self.hear(message),
                Err(RecvTimeoutError::Timeout)
                    if self.stopped.is_none() && deadline.is_some_and(|it| awake() >= it) =>
                {
                    let limit = humantime::format_duration(self.context.timeout);
                    self.halt(Stopped::TimedOut, &format!("the run's time is up (timeout = \"{limit}\")"));
                }
                Err(_) => {}
            }
        }
        let verdict = verdict(self.plan, &self.endings, self.stopped.as_ref()).with(self.exit);
        self.emit(Kind::RunFinished {
            verdict: verdict.word.to_owned(),
            exit_code: verdict.exit.code(),
            duration_ms: self.clock.elapsed_ms(),
        });
        Over { verdict, bug: self.bug }
    }

    /// Nothing runs and nothing may start, so no message can ever arrive: a stage that has not ended waits for itself.
    fn end_if_stuck(&mut self) {
        let waiting = self.schedule.unfinished();
        if waiting.is_empty() {
            return;
        }
        let names: Vec<String> = waiting.iter().map(|&stage| self.plan.stages[stage].id.to_string()).collect();
        let bug = format!("nothing runs and nothing can start, yet {} did not end", text::list(&names));
        self.bug.get_or_insert(bug.clone());
        self.halt(Stopped::Bug, &format!("xtask has a bug: {bug}"));
    }

    /// The only way out for an event, with secrets redacted.
    fn emit(&mut self, mut kind: Kind) {
        redact::redact(&mut kind, &self.context.surroundings.secrets);
        let event = Event { at: self.clock.now(), elapsed_ms: self.clock.elapsed_ms(), counts: self.counts, kind };
        (self.emit)(&event);
        if !matches!(event.kind, Kind::TaskOutput { .. }) {
            self.emitted.push(event);
        }
    }

    fn announce(&mut self) {
        let stages = self.plan.stages.iter().map(|stage| PlannedStage {
            id: stage.id.clone(),
            subcommand: stage.subcommand.clone(),
            policy: stage.policy,
            tasks: stage.tasks.iter().map(|task| task.id.clone()).collect(),
        });
        self.emit(Kind::RunStarted {
            version: xtask_core::event::RECORD_VERSION,
            run: self.context.run.clone(),
            command: self.context.command.clone(),
            cause: self.plan.event.word().to_owned(),
            commit: self.context.commit.clone(),
            slots: self.context.slots,
            services: self.plan.services.clone(),
            stages: stages.collect(),
        });
        for kind in self.context.first.clone() {
            self.emit(kind);
        }
    }

    fn start(&mut self, index: usize) {
        let task = Arc::clone(&self.tasks[index]);
        let stage = self.links.stage_of[index];
        if self.stage_started[stage].is_none() {
            self.stage_started[stage] = Some(awake());
            self.emit(Kind::StageStarted { stage: task.stage.clone() });
        }
        self.started.insert(index, awake());
        self.silences.start(index, awake());
        self.counts.running += 1;
        self.emit(Kind::TaskStarted {
            task: task.id.clone(),
            stage: task.stage.clone(),
            service: task.service.clone(),
            command: task.shown_from(&self.plan.root),
        });
        let inputs = self.inputs(index);
        let cache = Arc::clone(&self.context.cache);
        (self.spawn)(Box::new(move |sender| {
            let finished = Box::new(work::perform(&task, index, &inputs, &cache, sender));
            // The loop outlives every worker.
            let _ = sender.send(Message::Ended { task: index, finished });
        }));
    }

    fn inputs(&self, index: usize) -> Inputs {
        let task = &self.tasks[index];
        let reading = |task: &usize| self.readings[*task].clone();
        let env_from = &self.links.env_from[index];
        Inputs {
            run: self.context.run.clone(),
            marker: format!("{}:{}", self.context.run, task.id),
            root: self.plan.root.clone(),
            log: self.context.directory.join("logs").join(task.id.log_file()),
            private: self.context.private.clone(),
            surroundings: self.context.surroundings.clone(),
            runtime: Arc::clone(&self.context.runtime),
            user: self.context.user.clone(),
            temp: self.context.temp.clone(),
            given: self.context.given.clone(),
            confidential: self.context.confidential.clone(),
            events: self.emitted.clone(),
            grace: self.context.grace,
            stop: self.stop.clone(),
            jobserver: self.context.jobserver.clone(),
            env_from: env_from.iter().filter_map(reading).collect(),
            servers: env_from.iter().filter_map(|task| self.kept.get(task)).flat_map(|kept| kept.watches()).collect(),
            compiled: self.links.works_on[index].as_ref().and_then(reading),
        }
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::Output { task, stream, line } => self.hear_line(task, stream, line),
            Message::Part { task, part, line, done } => {
                self.silences.hear(task, awake());
                let task = self.tasks[task].id.clone();
                self.emit(Kind::TaskPart { task, part, line, done });
            }
            Message::NotCached { task, stage, because } => self.emit(Kind::TaskNotCached { task, stage, because }),
            Message::Ended { task, finished } => self.end(task, *finished),
            Message::Warning(message) => self.emit(Kind::Warning { message }),
            Message::TornDown(left) => {
                self.tearing_down -= 1;
                for what in left {
                    self.emit(Kind::Warning { message: format!("could not remove {what}") });
                }
            }
            Message::Signal(signal) => self.obey(signal),
        }
    }

    fn end(&mut self, index: usize, finished: Finished) {
        let task = Arc::clone(&self.tasks[index]);
        let Finished { reading, exit_code, tail, kept, exit, panic } = finished;
        if self.plan.stages[self.links.stage_of[index]].policy == Policy::Blocking {
            self.exit = self.exit.or(exit);
        }
        self.silences.end(index);
        let duration = self.started.remove(&index).map_or(Duration::ZERO, |start| awake().saturating_sub(start));
        if let Some(kept) = kept {
            self.kept.insert(index, kept);
        }
        let reading = Arc::new(reading);
        self.readings[index] = Some(Arc::clone(&reading));
        self.counts.running -= 1;
        self.count_as_done(index);
        self.emit(Kind::TaskFinished {
            task: task.id.clone(),
            stage: task.stage.clone(),
            purpose: task.purpose,
            service: task.service.clone(),
            exit_code,
            duration_ms: millis(duration),
            log: self.context.log_of(&task.id),
            reading: Box::new(shown(&task, &reading)),
            tail: if reading.outcome.is_bad() { tail } else { Vec::new() },
            repeat: task.repeat_from(&self.plan.root),
        });
        if let Some(panic) = panic {
            self.bug.get_or_insert(panic.clone());
            self.halt(Stopped::Bug, &format!("xtask has a bug: {panic}"));
        }
        let changes = self.schedule.finish(index, reading.outcome, reading.because.clone());
        self.follow(changes);
        self.release();
    }

    /// Emits the decisions of the schedule.
    fn follow(&mut self, changes: Vec<Change>) {
        for change in changes {
            match change {
                Change::TaskSkipped { task, outcome, because, cause } => {
                    self.count_as_done(task);
                    let task = Arc::clone(&self.tasks[task]);
                    self.emit(Kind::TaskFinished {
                        task: task.id.clone(),
                        stage: task.stage.clone(),
                        purpose: task.purpose,
                        service: task.service.clone(),
                        exit_code: None,
                        duration_ms: 0,
                        log: None,
                        reading: Box::new(Reading { cause, ..Reading::because(outcome, because) }),
                        tail: Vec::new(),
                        repeat: task.repeat_from(&self.plan.root),
                    });
                }
                Change::StageEnded { stage, outcome, because, cause } => {
                    self.endings[stage] = Some(outcome);
                    let planned = &self.plan.stages[stage];
                    self.emit(Kind::StageFinished {
                        stage: planned.id.clone(),
                        policy: planned.policy,
                        outcome,
                        because,
                        cause,
                        duration_ms: self.stage_started[stage].map_or(0, |start| millis(awake().saturating_sub(start))),
                    });
                }
            }
        }
    }

    fn count_as_done(&mut self, task: usize) {
        self.counts.done += 1;
        for &used in &self.links.env_from[task] {
            self.users[used] -= 1;
        }
    }

    /// Takes down whatever is no longer needed, on a slot: it takes a moment.
    fn release(&mut self) {
        let free: Vec<usize> = self.kept.keys().filter(|&&task| self.users[task] == 0).copied().collect();
        for task in free {
            let Some(kept) = self.kept.remove(&task) else { continue };
            self.tearing_down += 1;
            (self.spawn)(Box::new(move |sender| {
                let _ = sender.send(Message::TornDown(kept.stop()));
            }));
        }
    }

    /// The first signal asks, the second one kills.
    fn obey(&mut self, signal: Signal) {
        let name = signal.because();
        if self.stopped.is_none() {
            self.halt(Stopped::Signal(signal.number()), name);
        } else {
            self.stop.raise(Level::Kill);
            self.emit(Kind::Stopping { because: format!("{name} again"), at_once: true });
        }
    }

    fn halt(&mut self, stopped: Stopped, because: &str) {
        self.stopped = Some(stopped);
        self.stop.raise(Level::Terminate);
        self.emit(Kind::Stopping { because: because.to_owned(), at_once: false });
        let changes = self.schedule.stop(because);
        self.follow(changes);
    }
}

#[cfg(test)]
mod tests;
