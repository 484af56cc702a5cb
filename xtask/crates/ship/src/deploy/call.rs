//! Asking a tool one question and reading its whole answer: kubectl, aws, skopeo. Never through a shell.
//!
//! An answer is data and is passed on unchanged, secrets included: a rollback must restore exactly what was there.
//! Error messages of a tool are shown to people, so secrets are redacted here. No tool's output stays on disk.

use super::failure::{Failure, Kind, without_log_lines};
use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use xtask_core::command::{Command, Stream};
use xtask_core::error::{Error, Result};
use xtask_core::registry::Credentials;
use xtask_process::process::{self, Child, End, Level, Secrets, Stop, Surroundings};

/// How long a query that does not go to the cluster may take: one to AWS, or to a registry.
pub(super) const LIMIT: Duration = Duration::from_secs(60);
/// The most that a log of one call keeps, in bytes.
const LOG_CAP: u64 = 1024 * 1024;

/// The context that every call needs.
#[derive(Clone)]
pub struct Caller {
    /// The deployment's directory in the run's private directory: manifests, logins and the kubeconfig.
    pub directory: PathBuf,
    /// The changes to the environment that children inherit, without secrets: they would be redacted from answers.
    pub surroundings: Surroundings,
    /// Texts to redact.
    pub secrets: Secrets,
    /// The login for registries, if there is one.
    pub credentials: Option<Credentials>,
    /// The marker of the children of this run.
    pub marker: String,
    /// How long a child may take to end once it was asked to.
    pub grace: Duration,
    /// The stop request.
    pub stop: Stop,
}

impl Caller {
    /// A caller whose files are in `directory`, which only this user can read.
    pub fn new(
        directory: &Path,
        surroundings: &Surroundings,
        credentials: Option<&Credentials>,
        marker: &str,
        grace: Duration,
        stop: &Stop,
    ) -> Result<Self> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(directory);
        made.map_err(|error| Error::environment(format!("make the directory {}", directory.display())).because(error))?;
        let secrets = surroundings.secrets.clone();
        let surroundings = Surroundings { secrets: Secrets::default(), ..surroundings.clone() };
        let (directory, marker, stop) = (directory.to_owned(), marker.to_owned(), stop.clone());
        let credentials = credentials.cloned();
        Ok(Self { directory, surroundings, secrets, credentials, marker, grace, stop })
    }

    /// The same for calls that must be made even though the run was stopped.
    #[must_use]
    pub fn after_stop(&self) -> Self {
        Self { stop: Stop::new(), ..self.clone() }
    }

    /// Whether the run was stopped.
    pub fn is_stopped(&self) -> bool {
        self.stop.level() > Level::None
    }

    /// The standard output of a command, which has to answer within `limit`.
    pub fn call(&self, command: &Command, limit: Duration) -> Result<String, Failure> {
        let log = self.directory.join("last-call.log");
        let child = Child {
            command,
            surroundings: &self.surroundings,
            marker: &self.marker,
            log: &log,
            log_cap: LOG_CAP,
            line_cap: process::LINE_CAP,
            every_line: true,
            timeout: limit,
            grace: self.grace,
            stop: &self.stop,
            user: None,
            jobserver: None,
        };
        let (mut out, mut complaint) = (Vec::new(), Vec::new());
        let ended = process::run(&child, &mut |stream, line| {
            let lines = if stream == Stream::Stdout { &mut out } else { &mut complaint };
            lines.extend_from_slice(line);
            lines.push(b'\n');
        });
        let _ = std::fs::remove_file(&log);
        let failure = |kind, text: String| Failure::new(kind, command, self.secrets.hide(&text));
        let ended = ended.map_err(|error| failure(Kind::Tool, error.line()))?;
        match ended.end {
            // A truncated line is an answer that cannot be trusted.
            End::Exited(0) if ended.cut => Err(failure(Kind::Tool, "its answer is too long to be read".to_owned())),
            End::Exited(0) => Ok(String::from_utf8_lossy(&out).into_owned()),
            End::Cancelled => Err(failure(Kind::Stopped, "the run was stopped".to_owned())),
            End::TimedOut => {
                Err(failure(Kind::Transient, format!("no answer within {}", xtask_core::text::duration(limit))))
            }
            end @ End::Signaled(_) => Err(failure(Kind::Tool, format!("it {end}"))),
            end @ End::Exited(_) => {
                let text = String::from_utf8_lossy(&complaint).trim().to_owned();
                let text = if text.is_empty() { format!("it {end}") } else { text };
                Err(failure(Kind::of(&text), without_log_lines(&text)))
            }
        }
    }
}
