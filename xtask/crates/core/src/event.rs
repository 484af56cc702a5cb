//! The events of a run, as a closed set. Every display, record and report is made from these and from nothing else;
//! the executor knows none of them.
//!
//! An event carries its time, its ids and the run's counts, so that no consumer has to keep its own. As a line of
//! `events.ndjson` it is flat: `{"at":"…","elapsed_ms":12,"done":1,"running":2,"total":9,"event":"task-started",…}`.

use crate::cause::Cause;
use crate::command::Stream;
use crate::ids::{StageId, TaskId};
use crate::outcome::{Outcome, Policy};
use crate::purpose::Purpose;
use crate::reading::Reading;
use serde::{Deserialize, Serialize};

/// The version of the record that events and summaries are written in; it only grows.
pub const RECORD_VERSION: u32 = 1;

/// One event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When, RFC 3339 in UTC with milliseconds.
    pub at: String,
    /// Milliseconds since the run started, by a clock that never goes back.
    pub elapsed_ms: u64,
    /// The progress of the run after this event.
    #[serde(flatten)]
    pub counts: Counts,
    /// What happened.
    #[serde(flatten)]
    pub kind: Kind,
}

/// How many tasks of the run are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Tasks that have ended or were skipped.
    pub done: usize,
    /// Tasks that are running.
    pub running: usize,
    /// Tasks of the plan.
    pub total: usize,
}

/// A stage as the start of a run announces it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedStage {
    /// Its id.
    pub id: StageId,
    /// The subcommand that runs it.
    pub subcommand: String,
    /// How its failure affects the run.
    pub policy: Policy,
    /// Its tasks, in the plan's order.
    pub tasks: Vec<TaskId>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "snake_case")]
pub enum Kind {
    /// The run has begun; nothing has been spawned yet.
    RunStarted {
        /// The record's version.
        version: u32,
        /// The run's id, which sorts by time.
        run: String,
        /// The command line that started it, quoted for a shell.
        command: String,
        /// The event that caused it: `pull-request` or `push`.
        cause: String,
        /// The commit that is checked out, when there is one, with the suffix `-dirty` when files differ.
        commit: Option<String>,
        /// How many tasks may run at once.
        slots: usize,
        /// The services of the run.
        services: Vec<String>,
        /// The stages to run.
        stages: Vec<PlannedStage>,
    },
    /// An earlier run in this checkout ended without closing its record.
    PreviousInterrupted {
        /// Its id.
        run: String,
        /// The tasks that were running.
        tasks: Vec<TaskId>,
        /// Its leftovers that were removed: processes and directories.
        cleaned: Vec<String>,
    },
    /// The first task of a stage is about to start.
    StageStarted {
        /// The stage.
        stage: StageId,
    },
    /// A task is about to be spawned.
    TaskStarted {
        /// The task.
        task: TaskId,
        /// Its stage.
        stage: StageId,
        /// The package that it is about.
        service: Option<String>,
        /// The command, quoted for a shell in the workspace's root.
        command: String,
    },
    /// A task wrote a line; for displays only, may be dropped when they are slow, and is not recorded: it is in the
    /// log.
    TaskOutput {
        /// The task.
        task: TaskId,
        /// The stream.
        stream: Stream,
        /// The line, sanitised: no control characters, no colours.
        line: String,
    },
    /// A running task has printed nothing for a while; reported less and less often.
    TaskSilent {
        /// The task.
        task: TaskId,
        /// For how long.
        silent_ms: u64,
    },
    /// A task's cargo waits for a lock that another cargo holds.
    TaskBlocked {
        /// The task.
        task: TaskId,
        /// The locked resource, in cargo's words: `build directory`.
        lock: String,
    },
    /// The state of a part of a task, such as one of the services that are deployed together, has changed.
    TaskPart {
        /// The task.
        task: TaskId,
        /// The part.
        part: String,
        /// Its state, sanitised.
        line: String,
        /// Whether nothing more will be reported about it. In a record `done` is a count, as in every event.
        #[serde(rename = "part_done")]
        done: bool,
    },
    /// A task runs whose earlier result cannot be used.
    TaskNotCached {
        /// The task.
        task: TaskId,
        /// Its stage.
        stage: StageId,
        /// Why: the input that has changed, or what its result may depend on besides its inputs.
        because: String,
    },
    /// A task has ended, or was skipped without having started.
    TaskFinished {
        /// The task.
        task: TaskId,
        /// Its stage.
        stage: StageId,
        /// Its purpose.
        #[serde(default)]
        purpose: Purpose,
        /// The package that it is about.
        service: Option<String>,
        /// The code that its process exited with.
        exit_code: Option<i32>,
        /// How long it ran; 0 when it never started.
        duration_ms: u64,
        /// Its log, relative to the run's directory; `None` when none was written.
        log: Option<String>,
        /// The reading of its output.
        reading: Box<Reading>,
        /// The last lines of its output (at most 20, sanitised) when it ended badly.
        tail: Vec<String>,
        /// The command to type to run it again, quoted for a shell in the workspace's root.
        repeat: String,
    },
    /// All tasks of a stage have ended, or it was skipped as a whole.
    StageFinished {
        /// The stage.
        stage: StageId,
        /// How its failure affects the run.
        policy: Policy,
        /// How it ended.
        outcome: Outcome,
        /// Why it was skipped, or the problem in one line.
        because: Option<String>,
        /// The same for programs, where something depends on it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<Cause>,
        /// From its first task's start to its last one's end.
        duration_ms: u64,
    },
    /// The run is being stopped; nothing new starts.
    Stopping {
        /// Why: `interrupted (Ctrl-C)`, `terminated (SIGTERM)`, `the run's time is up (timeout)`.
        because: String,
        /// Whether the children are killed at once, without a grace period.
        at_once: bool,
    },
    /// Something beside the run went wrong or is worth knowing; the verdict does not change.
    Warning {
        /// The warning, in one line.
        message: String,
    },
    /// The run is over; the last event.
    RunFinished {
        /// `passed`, `failed`, `interrupted` or `environment-error`, `timed-out`, `nothing-to-do`.
        verdict: String,
        /// The process's exit code.
        exit_code: u8,
        /// How long it took.
        duration_ms: u64,
    },
}
