//! The work of a slot on one task: run it as its action says, pass every line to its reader, and return the reader's
//! result. A panic in here is returned as well, so that the loop never waits for a lost task.

use super::built::Built;
use super::heard::{Heard, Hearing};
use super::message::Message;
use super::servers;
use crate::cache::{Cache, Memory};
use crate::job::{Desk, Finished, Inputs, Shown};
use crate::plan::Task;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::mpsc::SyncSender;
use std::time::Duration;
use xtask_core::command::{Command, Stream};
use xtask_core::error::Result;
use xtask_core::outcome::Outcome;
use xtask_core::reader::{Installation, Read};
use xtask_core::reading::{Binary, Reading};
use xtask_core::text;
use xtask_process::process::{self, Child, End, Ended};

/// The most that a log keeps: enough to read, but not enough to fill a disk.
const LOG_CAP: u64 = 16 * 1024 * 1024;
/// The longest document that a task reads as a whole: cargo's metadata for several thousand packages.
const DOCUMENT_CAP: usize = 256 * 1024 * 1024;

/// Performs the task whose index in the plan is `index`.
pub fn perform(task: &Task, index: usize, inputs: &Inputs, cache: &Cache, sender: &SyncSender<Message>) -> Finished {
    let work = || Worker::new(task, index, inputs, sender).perform(cache);
    let attempt = AssertUnwindSafe(|| process::as_task(&inputs.marker, work));
    std::panic::catch_unwind(attempt).unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_else(|| "a panic without a message".to_owned());
        let mut finished = Finished::new(Reading::because(Outcome::EnvironmentError, "xtask has a bug"));
        finished.panic = Some(message);
        finished
    })
}

struct Worker<'a> {
    task: &'a Task,
    index: usize,
    inputs: &'a Inputs,
    sender: &'a SyncSender<Message>,
    heard: Heard,
    has_log: bool,
}

impl<'a> Worker<'a> {
    fn new(task: &'a Task, index: usize, inputs: &'a Inputs, sender: &'a SyncSender<Message>) -> Self {
        let heard = Heard::new(task.reader.as_ref(), &inputs.root, built(inputs));
        Self { task, index, inputs, sender, heard, has_log: false }
    }

    /// Does the task's job, unless it has passed before with the same inputs.
    fn perform(mut self, cache: &Cache) -> Finished {
        let Self { task, inputs, sender, .. } = self;
        if task.cache.is_none() {
            return task.job.perform(&mut self);
        }
        // The variables that other tasks set for it are inputs too.
        let seen = Task { command: self.command(), ..task.clone() };
        match cache.look_up(&seen) {
            Memory::Hit(reading) => return Finished::new(*reading),
            Memory::Miss(Some(because)) => {
                let (task, stage) = (task.id.clone(), task.stage.clone());
                let _ = sender.send(Message::NotCached { task, stage, because });
            }
            Memory::Miss(None) => {}
        }
        // If its inputs change from here on, the result is not remembered.
        cache.snapshot();
        let finished = task.job.perform(&mut self);
        if let Err(error) = cache.remember(&seen, &inputs.run, &finished.reading) {
            let message = format!("passed results are not cached: {}; the verdict is not affected", error.line());
            let _ = sender.try_send(Message::Warning(message));
        }
        finished
    }

    fn supervise(&mut self, command: &Command, timeout: Duration) -> Result<Ended> {
        let first = !std::mem::replace(&mut self.has_log, true);
        let log = if first { self.inputs.log.clone() } else { self.inputs.log.with_extension("part") };
        let child = Child {
            command,
            surroundings: &self.inputs.surroundings,
            marker: &self.inputs.marker,
            log: &log,
            log_cap: LOG_CAP,
            line_cap: if self.heard.document.is_some() { DOCUMENT_CAP } else { process::LINE_CAP },
            every_line: self.heard.wants_every_line(),
            timeout,
            grace: self.inputs.grace,
            stop: &self.inputs.stop,
            user: None,
            jobserver: command.program.ends_with("cargo").then_some(self.inputs.jobserver.as_ref()).flatten(),
        };
        let Self { task, index, inputs, sender, heard, .. } = self;
        let mut show = |stream, line| {
            // A display that lags behind misses a line rather than blocking the child.
            let _ = sender.try_send(Message::Output { task: *index, stream, line });
        };
        let ended = process::listen(&child, &mut Hearing::new(heard, &mut show));
        if !first && let Err(error) = append(&log, &inputs.log) {
            let _ = sender.try_send(Message::Warning(format!("the log of {} is incomplete: {error}", task.id)));
        }
        ended
    }
}

impl Desk for Worker<'_> {
    fn inputs(&self) -> &Inputs {
        self.inputs
    }

    fn command(&self) -> Command {
        self.equip(self.task.command.clone(), BTreeMap::new())
    }

    fn equip(&self, mut command: Command, below: BTreeMap<String, String>) -> Command {
        command.env = below;
        // The variables of a task for the whole workspace are keyed by the stage's name.
        let owner = self.task.service.as_deref().unwrap_or(self.task.stage.as_str());
        for reading in &self.inputs.env_from {
            command.env.extend(reading.env.clone());
            command.env.extend(reading.service_env.get(owner).cloned().unwrap_or_default());
        }
        // The plan takes precedence over everything.
        command.env.extend(self.task.command.env.clone());
        command
    }

    fn run(&mut self, command: &Command) -> Finished {
        if let Some(report) = self.task.reader.report() {
            // The report of an earlier run must not be taken for this one's.
            let _ = std::fs::remove_file(report);
        }
        let built = Built::begin(self.task, &self.inputs.root);
        let mut finished = match self.supervise(command, self.task.timeout) {
            Ok(ended) => self.finish(&ended),
            Err(error) => Finished::error(&error),
        };
        if let Some(built) = built {
            built.end(&mut finished.reading);
        }
        finished
    }

    fn ask(&mut self, command: &Command) -> (Finished, Vec<u8>) {
        self.heard = Heard::new(&Installation::default(), &self.inputs.root, &[]);
        self.heard.document = Some(Vec::new());
        let finished = self.run(command);
        (finished, self.heard.document.take().unwrap_or_default())
    }

    fn listen(&mut self, command: &Command, timeout: Duration) -> Result<Ended> {
        self.supervise(command, timeout)
    }

    fn reader(&mut self) -> &mut dyn Read {
        self.heard.reader.as_mut()
    }

    fn timeout(&self) -> Duration {
        self.task.timeout
    }

    fn finish(&mut self, ended: &Ended) -> Finished {
        if let Some(report) = self.task.reader.report() {
            // A file that cannot be read is an empty report, and up to the reader to judge.
            let report = std::fs::read(report).unwrap_or_default();
            report.split(|&byte| byte == b'\n').for_each(|line| self.heard.reader.line(Stream::Stdout, line));
        }
        let limit = humantime::format_duration(self.task.timeout);
        let stage = &self.task.stage;
        let mut reading = match ended.end {
            End::TimedOut => {
                let key = format!("[workspace.metadata.xtask.stages.{stage}] timeout");
                Reading::because(Outcome::TimedOut, format!("it took longer than {limit} ({key})"))
            }
            End::Cancelled => Reading::because(Outcome::Cancelled, "the run was stopped"),
            End::Exited(_) | End::Signaled(_) => own_part(self.task, self.heard.read(ended)),
        };
        if !ended.leaked.is_empty() {
            let names = text::list(&ended.leaked);
            reading.notes.push(format!("it left processes behind, which were killed: {names}"));
        }
        // For a run without a directory for logs, that has already been reported once.
        if self.inputs.log.parent().is_some_and(Path::is_dir) {
            reading.notes.extend(ended.notes.iter().cloned());
        }
        for binary in &mut reading.binaries {
            binary.bytes = binary.path.metadata().map_or(0, |metadata| metadata.len());
        }
        let mut tail = self.heard.tail.lines();
        servers::blame(&mut reading, &mut tail, self.inputs);
        Finished {
            reading,
            exit_code: match ended.end {
                End::Exited(code) => Some(code),
                End::Signaled(_) | End::TimedOut | End::Cancelled => None,
            },
            tail,
            kept: None,
            exit: None,
            panic: None,
        }
    }

    fn show(&self, shown: Shown) {
        let message = match shown {
            Shown::Line(stream, line) => Message::Output { task: self.index, stream, line },
            Shown::Part { part, line, done } => Message::Part { task: self.index, part, line, done },
        };
        // The loop outlives every worker.
        let _ = self.sender.send(message);
    }
}

/// A call for one package has that package's results.
fn own_part(task: &Task, mut reading: Reading) -> Reading {
    let part = task.service.as_ref().and_then(|package| reading.parts.remove(package));
    part.filter(|_| !reading.outcome.is_bad()).unwrap_or(reading)
}

/// The programs that another task has built for this one.
fn built(inputs: &Inputs) -> &[Binary] {
    inputs.compiled.as_ref().map_or(&[], |reading| &reading.binaries)
}

/// Appends the log of a further binary to those of the ones before.
fn append(part: &Path, whole: &Path) -> std::io::Result<()> {
    let mut whole = std::fs::OpenOptions::new().append(true).open(whole)?;
    std::io::copy(&mut std::fs::File::open(part)?, &mut whole)?;
    std::fs::remove_file(part)
}
