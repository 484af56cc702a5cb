//! What the tests share: a directory, the limits, and `bash` as a child that runs a script.

use std::path::PathBuf;
use std::sync::{Once, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;
use tempfile::TempDir;
use xtask_core::command::Command;
use xtask_core::command::Stream;
use xtask_core::error::Result;
use xtask_process::process::{self, Child, Ended, Stop, Surroundings};

/// Longer than any test takes: a limit of this length is one that is not reached.
pub(crate) const NEVER: Duration = Duration::from_secs(300);

/// Tests that count what is open or alive in this process run alone.
static ALONE: RwLock<()> = RwLock::new(());
static SUBREAPER: Once = Once::new();

pub(crate) fn alone() -> RwLockWriteGuard<'static, ()> {
    ALONE.write().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// What a child is run with; a test changes what it is about.
pub(crate) struct Bench {
    pub(crate) directory: TempDir,
    pub(crate) surroundings: Surroundings,
    pub(crate) marker: String,
    pub(crate) log: PathBuf,
    pub(crate) log_cap: u64,
    pub(crate) timeout: Duration,
    pub(crate) grace: Duration,
    pub(crate) stop: Stop,
    pub(crate) user: Option<(u32, u32)>,
    pub(crate) jobserver: Option<jobserver::Client>,
    _together: Option<RwLockReadGuard<'static, ()>>,
}

/// A child that was run, and all that it said.
pub(crate) struct Ran {
    pub(crate) ended: Ended,
    pub(crate) stdout: Vec<String>,
    pub(crate) stderr: Vec<String>,
    pub(crate) log: Vec<u8>,
}

impl Bench {
    /// A bench that runs beside others.
    pub(crate) fn new() -> Self {
        let together = ALONE.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        Self { _together: Some(together), ..Self::within() }
    }

    /// A bench for a test that holds [`alone`].
    pub(crate) fn within() -> Self {
        SUBREAPER.call_once(|| process::become_subreaper().expect("Linux has sub-reapers"));
        let directory = tempfile::tempdir().expect("a temporary directory");
        let name = directory.path().file_name().expect("it has a name").to_string_lossy().into_owned();
        Self {
            surroundings: Surroundings::default(),
            marker: format!("run-{name}:stage/task"),
            log: directory.path().join("task.log"),
            log_cap: 1 << 20,
            timeout: NEVER,
            grace: NEVER,
            stop: Stop::new(),
            user: None,
            jobserver: None,
            _together: None,
            directory,
        }
    }

    pub(crate) fn command(&self, script: &str) -> Command {
        Command::new("bash", self.directory.path()).args(["-c", script])
    }

    pub(crate) fn child<'a>(&'a self, command: &'a Command) -> Child<'a> {
        Child {
            command,
            surroundings: &self.surroundings,
            marker: &self.marker,
            log: &self.log,
            log_cap: self.log_cap,
            line_cap: process::LINE_CAP,
            every_line: true,
            timeout: self.timeout,
            grace: self.grace,
            stop: &self.stop,
            user: self.user,
            jobserver: self.jobserver.as_ref(),
        }
    }

    /// Runs a command, calling `on_line` with each line of it.
    pub(crate) fn run_with(&self, command: &Command, mut on_line: impl FnMut(&str)) -> Result<Ran> {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let ended = process::run(&self.child(command), &mut |stream, line| {
            let line = String::from_utf8_lossy(line).into_owned();
            on_line(&line);
            match stream {
                Stream::Stdout => stdout.push(line),
                Stream::Stderr => stderr.push(line),
            }
        })?;
        Ok(Ran { ended, stdout, stderr, log: std::fs::read(&self.log).unwrap_or_default() })
    }

    /// Runs a script in bash.
    pub(crate) fn bash(&self, script: &str) -> Ran {
        self.run_with(&self.command(script), |_| ()).expect("bash starts")
    }

    /// Runs a script in bash, and calls `when_ready` when it prints `ready`.
    pub(crate) fn bash_ready(&self, script: &str, when_ready: impl Fn()) -> Ran {
        self.run_with(&self.command(script), |line| {
            if line == "ready" {
                when_ready();
            }
        })
        .expect("bash starts")
    }
}

/// Whether a process runs, where one that waits to be reaped does not.
pub(crate) fn runs(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['Z', 'X'])))
}
