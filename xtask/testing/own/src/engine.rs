//! A Docker engine for the tests, where none answers and this process may start one.
//!
//! It has its own directory, socket and images, and ends with the tests.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use xtask_app::Session;
use xtask_cargo::tools::{Places, probe};
use xtask_core::command::Command;
use xtask_core::error::{Error, Result};
use xtask_process::process::{
    Background, Child, LINE_CAP, Signal, Stop, Surroundings, signal, spawn_background, stop_asking,
};

/// How long it may take to answer, and to end.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is asked meanwhile.
const PAUSE: Duration = Duration::from_millis(200);

/// A running engine. Dropped, it ends, and its images are gone.
pub(super) struct Engine {
    /// The value of `DOCKER_HOST`.
    pub host: String,
    server: Arc<Mutex<Option<Server>>>,
    _signals: signal::Listener,
}

/// The process, and then the directory, which the process must have released first.
struct Server {
    process: Background,
    _folder: tempfile::TempDir,
}

impl Engine {
    /// Starts `dockerd` and waits until it answers; the log is in `log`.
    pub(super) fn start(session: &Session, places: &Places, log: &Path) -> Result<Self> {
        let what = || Error::environment("start a Docker engine for the tests");
        let directory =
            tempfile::Builder::new().prefix("xtask-engine-").tempdir().map_err(|error| what().because(error))?;
        let at = |name: &str| directory.path().join(name).display().to_string();
        let host = format!("unix://{}", at("docker.sock"));
        // If this process is killed, the kernel ends the engine: no other process will.
        let command = Command::new("setpriv", directory.path()).args([
            "--pdeathsig",
            "TERM",
            "dockerd",
            "--data-root",
            &at("data"),
            "--exec-root",
            &at("exec"),
            "--pidfile",
            &at("pid"),
            "--host",
            &host,
        ]);
        session.printer.say(&format!("running {command}"));
        let process = spawn_background(&Child {
            command: &command,
            surroundings: &Surroundings::default(),
            marker: &format!("tests-{}:engine", std::process::id()),
            log,
            log_cap: 16 * 1024 * 1024,
            line_cap: LINE_CAP,
            every_line: false,
            timeout: Duration::MAX,
            grace: PATIENCE,
            stop: &Stop::new(),
            user: None,
            jobserver: None,
        })?;
        let server = Arc::new(Mutex::new(Some(Server { process, _folder: directory })));
        // Its users end first, then the engine.
        let ours = Arc::clone(&server);
        let signals = signal::listen(move |signal| {
            stop_asking();
            end(&ours);
            signal::die(signal);
        })?;
        let engine = Self { host, server, _signals: signals };
        engine.wait(places)?;
        Ok(engine)
    }

    fn wait(&self, places: &Places) -> Result<()> {
        let started = Instant::now();
        let ask = ["--host", &self.host, "version", "--format", "{{.Server.Version}}"];
        let clients = places.on_path("docker");
        loop {
            if clients.iter().any(|client| probe::ask(client, &ask, places).is_ok()) {
                return Ok(());
            }
            let server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
            let alive = server.as_ref().is_some_and(|server| server.process.is_alive());
            if !alive || started.elapsed() > PATIENCE {
                let tail = server.as_ref().map(|server| server.process.tail()).unwrap_or_default().join("\n");
                return Err(Error::environment("start a Docker engine for the tests").detail(tail));
            }
            drop(server);
            std::thread::sleep(PAUSE);
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        end(&self.server);
    }
}

fn end(server: &Mutex<Option<Server>>) {
    let server = server.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(server) = server {
        // Whatever it returns, anything that is left after its grace period is killed.
        let _ = server.process.stop(Signal::TERM, PATIENCE);
    }
}
