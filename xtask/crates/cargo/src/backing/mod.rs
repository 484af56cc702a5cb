//! PostgreSQL, Redis and any other server that the integration tests talk to: started, with a database for each service
//! created in them, and taken down again.
//!
//! A server comes from the first source that works: its URL is in the environment (`given`), a container (`docker`),
//! a program of this machine (`local`). A server is described by its [`spec::ServerSpec`]; no code here checks its
//! name. Nothing here knows stages, tasks or events.

mod builtin;
mod clean;
mod client;
mod context;
mod databases;
mod docker;
mod find;
mod given;
pub mod keys;
mod local;
mod names;
mod place;
mod ready;
mod request;
mod scratch;
mod source;
pub mod spec;
mod squatters;
mod table;
mod template;
mod url;
mod users;
mod watch;

pub use clean::clean_after;
pub use request::{Request, Source};
pub use url::secrets as url_secrets;
pub use watch::Watch;

use client::Client;
use context::{Context, Server};
use scratch::Scratch;
use spec::ServerSpec;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use xtask_core::error::Result;
use xtask_process::process::Stop;

/// The directory for temporary files that every user can reach.
const SHARED_TEMP: &str = "/tmp";

/// Servers that are ready to use. Dropping them stops them.
pub struct Servers {
    /// Variables for every test.
    pub env: BTreeMap<String, String>,
    /// Variables for one service's tests, by the service's name.
    pub service_env: BTreeMap<String, BTreeMap<String, String>>,
    /// A line for each server: `PostgreSQL 15.18 from /usr/lib/postgresql/15/bin on 127.0.0.1:41231`.
    pub description: Vec<String>,
    /// The leftovers of killed runs that were removed, one line each.
    pub cleaned: Vec<String>,
    up: Vec<Up>,
    /// `None` once everything has been stopped.
    context: Option<Context>,
}

/// A server that can be used.
#[derive(Debug)]
struct Up {
    spec: ServerSpec,
    client: Client,
    running: Running,
    description: String,
    /// The databases that were, or were about to be, created in it.
    databases: Vec<String>,
}

/// Who owns a server.
#[derive(Debug)]
enum Running {
    /// Someone else.
    Given,
    /// Ours, a container.
    Container {
        /// Its name.
        name: String,
        /// The client that carries its output.
        attached: Server,
    },
    /// Ours, this process.
    Local(Server),
}

impl Up {
    fn new(spec: &ServerSpec, client: Client, running: Running, description: String) -> Self {
        Self { spec: spec.clone(), client, running, description, databases: Vec::new() }
    }
}

/// Starts the servers one after the other and creates the databases. Once `stop` is raised, returns within about
/// 100 ms plus the time that teardown takes.
///
/// # Errors
///
/// When no source can provide a server, with the reason for each; servers already started are stopped again.
pub fn start(request: Request, stop: &Stop) -> Result<Servers> {
    let cleaned = clean::clean_after_all(&request.temp, &request.path);
    let scratch = Scratch::create(&temp_for(&request), &request.run)?;
    let specs = request.servers.clone();
    let context = Context::new(request, scratch, stop.clone());
    let mut servers = Servers {
        env: BTreeMap::new(),
        service_env: BTreeMap::new(),
        description: Vec::new(),
        cleaned,
        up: Vec::new(),
        context: Some(context),
    };
    match specs.iter().try_for_each(|spec| servers.bring_up(spec)) {
        Ok(()) => Ok(servers),
        Err(error) => {
            let left = servers.stop();
            Err(left.into_iter().fold(error, |error, left| error.detail(format!("could not remove {left}"))))
        }
    }
}

/// A directory that the servers' user can traverse, unlike a private one of root's.
fn temp_for(request: &Request) -> PathBuf {
    let other_user = rustix::process::geteuid().is_root()
        && request.servers.iter().any(|spec| spec.local.as_ref().is_some_and(|local| local.refuses_root));
    if other_user && !scratch::everybody_may_pass(&request.temp) {
        PathBuf::from(SHARED_TEMP)
    } else {
        request.temp.clone()
    }
}

impl Servers {
    /// Stops the servers, drops the databases created in other people's, and removes everything. Returns what could not
    /// be removed.
    pub fn stop(mut self) -> Vec<String> {
        self.tear_down()
    }

    /// A watch on each server, for the tasks that use it.
    pub fn watches(&self) -> Vec<Watch> {
        self.up.iter().map(Watch::on).collect()
    }

    fn bring_up(&mut self, spec: &ServerSpec) -> Result<()> {
        let Some(context) = &self.context else { return Ok(()) };
        context.check()?;
        let up = source::choose(context, spec)?;
        self.description.push(up.description.clone());
        let per_service = up.spec.per_service();
        self.up.push(up);
        if per_service {
            databases::make(context, &mut self.up)?;
        }
        self.note_urls();
        Ok(())
    }

    /// Records the variables that the tests get for the server that came up last.
    fn note_urls(&mut self) {
        let (Some(context), Some(Up { spec, client, databases, .. })) = (&self.context, self.up.last()) else { return };
        if !spec.per_service() {
            self.env.insert(spec.env.clone(), client.outside.url_for(spec, ""));
        }
        for (service, database) in context.request.services.iter().zip(databases) {
            let url = client.outside.url_for(spec, database);
            self.service_env.entry(service.clone()).or_default().insert(spec.env.clone(), url);
        }
    }

    fn tear_down(&mut self) -> Vec<String> {
        let Some(context) = self.context.take() else { return Vec::new() };
        context.begin_teardown();
        let mut left = Vec::new();
        let mut keep = Vec::new();
        for mut up in std::mem::take(&mut self.up).into_iter().rev() {
            match up.running {
                Running::Container { name, attached } => {
                    left.extend(docker::remove(&context, &name).err());
                    drop(attached.stop());
                }
                Running::Local(server) => drop(server.stop()),
                Running::Given => {
                    databases::drop_all(&context, &mut up, &mut left);
                    keep.extend(databases::ledgers(&[up]));
                }
            }
        }
        left.extend(context.scratch.remove(&keep));
        left
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        self.tear_down();
    }
}

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Servers").field("description", &self.description).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
