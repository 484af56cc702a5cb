//! Whether a server still runs, for the tasks that use it: when tests fail after a server died, that is the cause.
//!
//! A watch outlives the server and can be queried on any thread. It never starts or stops anything.

use super::context::log_file;
use super::{Running, Up, ready};
use std::time::Duration;
use xtask_core::reading::Lost;
use xtask_process::process::{Level, Stop, View, awake};

/// How long a server that refuses connections may need to exit: its sockets close first.
const PATIENCE: Duration = Duration::from_secs(5);

/// A watch on one server.
#[derive(Clone, Debug)]
pub struct Watch {
    title: String,
    host: String,
    port: u16,
    /// The process, or the client of the container; `None` for a server from the environment.
    process: Option<View>,
    log: String,
}

impl Watch {
    pub(super) fn on(up: &Up) -> Self {
        let process = match &up.running {
            Running::Given => None,
            Running::Container { attached: server, .. } | Running::Local(server) => Some(server.view()),
        };
        let place = &up.client.outside;
        let title = match process {
            Some(_) => up.spec.title.clone(),
            None => format!("the {} at {}", up.spec.title, place.address()),
        };
        Self { title, host: place.host.clone(), port: place.port, process, log: log_file(&up.spec.name) }
    }

    /// Why the server can no longer be used; `None` when it accepts connections, and when `stop` has been raised.
    ///
    /// A server of ours that is about to exit gets a moment to do so.
    pub fn lost(&self, stop: &Stop) -> Option<Lost> {
        let deadline = awake() + PATIENCE;
        while stop.level() == Level::None {
            let Some(process) = &self.process else {
                let error = ready::open(&self.host, self.port).err()?;
                let because = format!("{} no longer takes connections: {error}", self.title);
                return Some(Lost { because, tail: Vec::new(), log: None });
            };
            let because = match process.end() {
                Some(end) => Some(format!("{} died during the tests: it {end}", self.title)),
                None if ready::open(&self.host, self.port).is_ok() && !process.has_ended() => return None,
                None => (awake() >= deadline).then(|| format!("{} no longer takes connections", self.title)),
            };
            if let Some(because) = because {
                return Some(Lost { because, tail: process.tail(), log: Some(self.log.clone()) });
            }
            std::thread::sleep(super::context::PAUSE);
        }
        None
    }
}
