//! What a slot does with one task: run it as its action says, hand every line to its reader, and bring back what the
//! reader made of it. A panic in here is brought back as well, so that the loop never waits for a lost task.

use super::built::Built;
use super::context::Inputs;
use super::heard::{Heard, Hearing};
use super::message::{Finished, Message};
use super::{as_cargo, deploy, images, servers};
use crate::cache::Memory;
use crate::command::Command;
use crate::command::Exit;
use crate::command::Stream;
use crate::image::bill;
use crate::image::spec::BillSpec;
use crate::outcome::Outcome;
use crate::plan::task::PackageEnv;
use crate::plan::{Action, Task};
use crate::process::{self, Child, End, Ended};
use crate::readers::Installation;
use crate::reading::{Binary, Reading};
use crate::text;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

/// The most that a log keeps: enough to look at, and not what fills a disk.
const LOG_CAP: u64 = 16 * 1024 * 1024;
/// The longest document that a task reads as a whole: what cargo knows of several thousand packages.
const DOCUMENT_CAP: usize = 256 * 1024 * 1024;

/// Performs the task whose index in the plan is `index`.
pub fn perform(task: &Task, index: usize, inputs: &Inputs, sender: &SyncSender<Message>) -> Finished {
    let attempt = AssertUnwindSafe(|| match &task.action {
        Action::Spawn => Worker::new(task, index, inputs, sender).spawn(),
        Action::RunTests { package, integration, args, .. } => {
            Worker::new(task, index, inputs, sender).run_tests(package, *integration, args)
        }
        Action::TakePart { package, .. } => Finished::new(part(package, inputs)),
        Action::StartServers { .. } => servers::start(task, inputs),
        Action::PackImage { image, .. } => images::pack(image, inputs),
        Action::WriteContext(context) => images::write_context(context, inputs),
        Action::WriteBills { bills, time } => {
            Worker::new(task, index, inputs, sender).write_bills(bills, time.as_deref())
        }
        Action::Deploy(request) => deploy::deploy(request, task, &deploy::Teller::new(index, inputs, sender)),
        Action::Smoke(request) => deploy::smoke(request, task, &deploy::Teller::new(index, inputs, sender)),
    });
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

    /// Spawns the command, unless it has passed before with the same inputs.
    fn spawn(self) -> Finished {
        let Self { task, inputs, sender, .. } = self;
        if task.cache.is_none() {
            return self.really_spawn();
        }
        // What other tasks set for it is an input too.
        let command = self.with_environment(task.command.clone(), BTreeMap::new());
        let seen = Task { command, ..task.clone() };
        match inputs.cache.look_up(&seen) {
            Memory::Hit(reading) => return Finished::new(*reading),
            Memory::Miss(Some(because)) => {
                let (task, stage) = (task.id.clone(), task.stage.clone());
                let _ = sender.send(Message::NotCached { task, stage, because });
            }
            Memory::Miss(None) => {}
        }
        // Inputs that change from here on make the result one that is not remembered.
        inputs.cache.snapshot();
        let finished = self.really_spawn();
        if let Err(error) = inputs.cache.remember(&seen, &inputs.run, &finished.reading) {
            let message = format!("what has passed is not remembered: {}; the verdict is not affected", error.line());
            let _ = sender.try_send(Message::Warning(message));
        }
        finished
    }

    fn really_spawn(mut self) -> Finished {
        if let Some(report) = self.task.reader.report() {
            // The report of an earlier run must not pass for this one's.
            let _ = std::fs::remove_file(report);
        }
        let command = self.with_environment(self.task.command.clone(), BTreeMap::new());
        let built = Built::begin(self.task, &self.inputs.root);
        let mut finished = match self.supervise(&command, self.task.timeout) {
            Ok(ended) => self.finish(&ended),
            Err(error) => Finished::error(&error),
        };
        if let Some(built) = built {
            built.end(&mut finished.reading);
        }
        finished
    }

    /// Spawns the `cargo metadata` that knows what depends on what, and writes the bills of materials from its answer.
    fn write_bills(mut self, bills: &[BillSpec], time: Option<&str>) -> Finished {
        self.heard = Heard::new(&Installation, &self.inputs.root, &[]);
        self.heard.document = Some(Vec::new());
        let ended = match self.supervise(&self.task.command.clone(), self.task.timeout) {
            Ok(ended) => ended,
            Err(error) => return Finished::error(&error),
        };
        let document = self.heard.document.take().unwrap_or_default();
        let finished = self.finish(&ended);
        if finished.reading.outcome.is_bad() {
            return finished;
        }
        bill::write(&document, bills, time).map_or_else(|error| images::failed(&error), |()| finished)
    }

    /// Runs the package's binaries one after the other; the worst end is the task's.
    fn run_tests(mut self, package: &PackageEnv, integration: bool, args: &[String]) -> Finished {
        let compiled = self.inputs.compiled.clone();
        let binaries = compiled.iter().flat_map(|reading| &reading.binaries);
        let is_meant = |binary: &&Binary| binary.test && (binary.kind == "test") == integration;
        let own: Vec<_> = binaries.filter(|it| it.package == package.id && is_meant(it)).cloned().collect();
        let started = process::awake();
        let mut worst: Option<Ended> = None;
        for binary in own {
            let mut command = Command::new(binary.path.to_string_lossy(), &package.dir).args(args.iter().cloned());
            command.env.clone_from(&self.task.command.env);
            let Inputs { runtime, surroundings, .. } = self.inputs;
            let below =
                compiled.iter().flat_map(|all| as_cargo::variables(&binary, package, all, runtime, surroundings));
            let below = below.collect();
            let command = self.with_environment(command, below);
            let left = self.task.timeout.saturating_sub(process::awake().saturating_sub(started));
            self.heard.reader.next_binary(&binary);
            let ended = match self.supervise(&command, left) {
                Ok(ended) => ended,
                Err(error) => return Finished::error(&error),
            };
            self.heard.reader.finish_binary(exit(ended.end));
            let stopped = matches!(ended.end, End::TimedOut | End::Cancelled);
            worst = Some(match worst.take() {
                Some(worse) if worse.end != End::Exited(0) && !stopped => worse,
                _ => ended,
            });
            if stopped {
                break;
            }
        }
        match worst {
            Some(ended) => self.finish(&ended),
            None => Finished::new(Reading::because(Outcome::NothingToDo, "no tests")),
        }
    }

    /// The command with what it takes from other tasks and from cargo; what the plan says outweighs both.
    fn with_environment(&self, mut command: Command, below: BTreeMap<String, String>) -> Command {
        let planned = std::mem::replace(&mut command.env, below);
        // What a task for the whole workspace has of its own goes by the stage's name.
        let owner = self.task.service.as_deref().unwrap_or(self.task.stage.as_str());
        for reading in &self.inputs.env_from {
            command.env.extend(reading.env.clone());
            command.env.extend(reading.service_env.get(owner).cloned().unwrap_or_default());
        }
        command.env.extend(planned);
        command
    }

    fn supervise(&mut self, command: &Command, timeout: Duration) -> crate::error::Result<Ended> {
        let marker = format!("{}:{}", self.inputs.run, self.task.id);
        let first = !std::mem::replace(&mut self.has_log, true);
        let log = if first { self.inputs.log.clone() } else { self.inputs.log.with_extension("part") };
        let child = Child {
            command,
            surroundings: &self.inputs.surroundings,
            marker: &marker,
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
            // A display that is behind misses a line rather than hold the child up.
            let _ = sender.try_send(Message::Output { task: *index, stream, line });
        };
        let ended = process::listen(&child, &mut Hearing::new(heard, &mut show));
        if !first && let Err(error) = append(&log, &inputs.log) {
            let _ = sender.try_send(Message::Warning(format!("the log of {} is incomplete: {error}", task.id)));
        }
        ended
    }

    fn finish(mut self, ended: &Ended) -> Finished {
        if let Some(report) = self.task.reader.report() {
            // What cannot be read is an empty report, and the reader's to judge.
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
            End::Exited(_) | End::Signaled(_) => {
                own_part(self.task, self.heard.reader.finish(exit(ended.end), ended.cut))
            }
        };
        if !ended.leaked.is_empty() {
            let names = text::list(&ended.leaked);
            reading.notes.push(format!("it left processes behind, which were killed: {names}"));
        }
        // Of a run without a directory for logs it has been said once that there are none.
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
            servers: None,
            exit: None,
            panic: None,
        }
    }
}

/// A call for one package has that package's results.
fn own_part(task: &Task, mut reading: Reading) -> Reading {
    let part = task.service.as_ref().and_then(|package| reading.parts.remove(package));
    part.filter(|_| !reading.outcome.is_bad()).unwrap_or(reading)
}

/// What another task has built for this one.
fn built(inputs: &Inputs) -> &[Binary] {
    inputs.compiled.as_ref().map_or(&[], |reading| &reading.binaries)
}

/// The results of one package among those of a task that ran the tests of several.
fn part(package: &str, inputs: &Inputs) -> Reading {
    let part = inputs.compiled.as_ref().and_then(|all| all.parts.get(package)).cloned();
    part.unwrap_or_else(|| Reading::because(Outcome::NothingToDo, "no tests"))
}

/// Moves the log of a further binary behind those of the ones before.
fn append(part: &Path, whole: &Path) -> std::io::Result<()> {
    let mut whole = std::fs::OpenOptions::new().append(true).open(whole)?;
    std::io::copy(&mut std::fs::File::open(part)?, &mut whole)?;
    std::fs::remove_file(part)
}

fn exit(end: End) -> Exit {
    match end {
        End::Exited(code) => Exit::Code(code),
        End::Signaled(signal) => Exit::Signal(signal),
        End::TimedOut | End::Cancelled => Exit::Signal(15),
    }
}
