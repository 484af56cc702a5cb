//! The context of one start: the request, its directory, the stop request, and how commands are run for it.
//!
//! Supervision is [`xtask_process::process`]'s business; this file only fills in the parts that are the same for every call.

use super::Request;
use super::scratch::Scratch;
use super::spec::StopSignal;
use std::cell::{Cell, OnceCell, RefCell};
use std::path::Path;
use std::time::Duration;
use xtask_core::command::Command;
use xtask_core::command::Stream;
use xtask_core::error::{Error, Result};
use xtask_process::process::{self, Background, Child, End, Level, Signal, Stop, Surroundings, View};

/// The most that is kept of a client's standard output, in bytes: an id, a port, a version.
const ANSWER_CAP: usize = 64 * 1024;

/// The most that is kept of a log, in bytes.
const LOG_CAP: u64 = 4 * 1024 * 1024;

/// How long `docker info` may take: a running engine answers at once.
const ENGINE_LIMIT: Duration = Duration::from_secs(5);

/// The interval between two checks of a server.
pub(super) const PAUSE: Duration = Duration::from_millis(30);

/// The context of one start.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) request: Request,
    pub(super) scratch: Scratch,
    /// The run's while servers start, a separate one while they stop: teardown must not be cancelled.
    stop: RefCell<Stop>,
    engine: OnceCell<Result<(), String>>,
    started: Cell<u32>,
}

/// A command that has ended.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) success: bool,
    /// Its standard output, without the final newline.
    pub(super) stdout: String,
    how: String,
    tail: Vec<String>,
}

impl Ran {
    /// How it ended and its last lines.
    pub(super) fn complaint(&self) -> String {
        std::iter::once(&self.how).chain(&self.tail).map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

/// A server process.
#[derive(Debug)]
pub(super) struct Server {
    process: Background,
    first: Signal,
    grace: Duration,
}

impl Context {
    pub(super) fn new(request: Request, scratch: Scratch, stop: Stop) -> Self {
        Self { request, scratch, stop: RefCell::new(stop), engine: OnceCell::new(), started: Cell::new(0) }
    }

    /// From here on, commands run even when the run is being stopped.
    pub(super) fn begin_teardown(&self) {
        self.stop.replace(Stop::new());
    }

    /// Runs something that must not be cancelled even though the run is.
    pub(super) fn undisturbed<T>(&self, work: impl FnOnce(&Self) -> T) -> T {
        let stop = self.stop.replace(Stop::new());
        let done = work(self);
        self.stop.replace(stop);
        done
    }

    /// An error once the run is being stopped.
    pub(super) fn check(&self) -> Result<()> {
        if self.stop.borrow().level() > Level::None {
            return Err(Error::environment("start the servers of the integration tests").detail("the run was stopped"));
        }
        Ok(())
    }

    /// Waits a moment between two checks.
    pub(super) fn pause(&self) -> Result<()> {
        std::thread::sleep(PAUSE);
        self.check()
    }

    /// Runs a command to its end.
    pub(super) fn run(&self, command: &Command, user: Option<(u32, u32)>, limit: Duration) -> Result<Ran> {
        let marker = self.marker("client");
        let log = self.scratch.path().join("client.log");
        let mut stdout: Vec<u8> = Vec::new();
        let stop = self.stop.borrow().clone();
        let (command, surroundings) = self.split(command);
        let child = self.child((&command, &surroundings), &marker, &log, &stop);
        let ended = process::run(&Child { user, timeout: limit, ..child }, &mut |stream, line| {
            if stream == Stream::Stdout && stdout.len() + line.len() < ANSWER_CAP {
                stdout.extend_from_slice(line);
                stdout.push(b'\n');
            }
        })?;
        if ended.end == End::Cancelled {
            self.check()?;
        }
        let stdout = String::from_utf8_lossy(&stdout).trim_end().to_owned();
        Ok(Ran { success: ended.end == End::Exited(0), stdout, how: format!("it {}", ended.end), tail: ended.tail })
    }

    /// Starts a server.
    pub(super) fn serve(
        &self,
        name: &str,
        command: &Command,
        user: Option<(u32, u32)>,
        first: StopSignal,
    ) -> Result<Server> {
        let marker = self.marker(name);
        let directory = self.request.logs.as_deref().unwrap_or(self.scratch.path());
        let log = directory.join(log_file(name));
        let stop = self.stop.borrow().clone();
        let (command, surroundings) = self.split(command);
        let child = self.child((&command, &surroundings), &marker, &log, &stop);
        let process = process::spawn_background(&Child { user, every_line: false, ..child })?;
        let first = match first {
            StopSignal::Term => Signal::TERM,
            StopSignal::Int => Signal::INT,
            StopSignal::Quit => Signal::QUIT,
        };
        Ok(Server { process, first, grace: self.request.grace })
    }

    /// `docker`, if it is installed.
    pub(super) fn docker(&self) -> Option<Command> {
        let program = which::which_in("docker", Some(&self.request.path), "/").ok()?;
        Some(Command::new(program.to_string_lossy(), "/"))
    }

    /// Whether a Docker engine answers; asked once.
    pub(super) fn engine(&self) -> Result<(), String> {
        let ask = || {
            let docker = self.docker().ok_or("no `docker` on PATH")?;
            let info = docker.args(["info", "--format", "{{.ServerVersion}}"]);
            match self.run(&info, None, ENGINE_LIMIT) {
                Ok(ran) if ran.success => Ok(()),
                Ok(ran) => Err(format!("no engine answers: {}", ran.complaint())),
                Err(error) => Err(error.to_string()),
            }
        };
        self.engine.get_or_init(ask).clone()
    }

    /// A unique marker for every child: when one ends, a server must not be taken for something that it left behind.
    fn marker(&self, what: &str) -> String {
        self.started.set(self.started.get() + 1);
        format!("{}/{what}-{}-{}", self.request.marker, self.scratch.token(), self.started.get())
    }

    /// A variable that a command sets to the empty string must not be inherited.
    fn split(&self, command: &Command) -> (Command, Surroundings) {
        let mut surroundings = self.request.surroundings.clone();
        surroundings
            .remove
            .extend(command.env.iter().filter(|(_, value)| value.is_empty()).map(|(key, _)| key.clone()));
        let mut command = command.clone();
        command.env.retain(|_, value| !value.is_empty());
        (command, surroundings)
    }

    fn child<'a>(
        &self,
        (command, surroundings): (&'a Command, &'a Surroundings),
        marker: &'a str,
        log: &'a Path,
        stop: &'a Stop,
    ) -> Child<'a> {
        Child {
            command,
            surroundings,
            marker,
            log,
            log_cap: LOG_CAP,
            line_cap: process::LINE_CAP,
            every_line: true,
            timeout: Duration::MAX,
            grace: self.request.grace,
            stop,
            user: None,
            jobserver: None,
        }
    }
}

impl Server {
    /// How it ended, once it has.
    pub(super) fn ended(&self) -> Option<String> {
        self.process.try_status().map(|end| end.to_string())
    }

    /// The part of it that can be watched from elsewhere.
    pub(super) fn view(&self) -> View {
        self.process.view()
    }

    /// Stops it, and returns the last lines of its log.
    pub(super) fn stop(self) -> Vec<String> {
        match self.process.stop(self.first, self.grace) {
            Ok(ended) => ended.tail,
            Err(error) => vec![error.to_string()],
        }
    }
}

/// The log of a server, in the directory of logs.
pub(super) fn log_file(server: &str) -> String {
    format!("server.{server}.log")
}
