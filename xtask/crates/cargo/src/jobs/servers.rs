//! The job that starts servers. They keep running after it has ended, until the last task that uses them has.

use crate::backing::spec::ServerSpec;
use crate::backing::{self, Servers, Source, Watch};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use xtask_core::outcome::Outcome;
use xtask_core::reading::{Lost, Reading};
use xtask_core::text;
use xtask_engine::job::{Desk, Finished, Job, Kept, Watched};
use xtask_process::process::{self, Stop};

/// How long a server may take until it can be used.
const LIMIT: Duration = Duration::from_secs(60);

/// Starts servers and creates a database for each service.
#[derive(Clone, Debug)]
pub struct StartServers {
    /// Where they come from.
    pub source: Source,
    /// The servers to start.
    pub servers: Vec<ServerSpec>,
    /// The services that get a database of their own.
    pub services: Vec<String>,
}

impl Job for StartServers {
    fn perform(&self, desk: &mut dyn Desk) -> Finished {
        let inputs = desk.inputs();
        let path = inputs.surroundings.set.iter().find(|(key, _)| key == "PATH").map(|(_, path)| path.clone());
        let request = backing::Request {
            run: inputs.run.clone(),
            marker: inputs.marker.clone(),
            servers: self.servers.clone(),
            services: self.services.clone(),
            source: self.source,
            given: inputs.given.clone(),
            path: path.unwrap_or_default().into(),
            temp: inputs.temp.clone(),
            logs: inputs.log.parent().map(Path::to_path_buf),
            surroundings: inputs.surroundings.clone(),
            limit: LIMIT,
            grace: inputs.grace,
        };
        match backing::start(request, &inputs.stop) {
            Ok(servers) => {
                let mut reading = Reading::passed();
                reading.env = servers.env.clone();
                reading.service_env = servers.service_env.clone();
                reading.notes = servers.description.iter().chain(&servers.cleaned).cloned().collect();
                Finished { kept: Some(Box::new(servers)), ..Finished::new(reading) }
            }
            Err(_) if inputs.stop.level() != process::Level::None => {
                Finished::new(Reading::because(Outcome::Cancelled, "the run was stopped"))
            }
            Err(error) => Finished::error(&error),
        }
    }

    fn sentence(&self) -> Option<String> {
        let titles = text::list(self.servers.iter().map(|server| &server.title));
        let services = text::list(&self.services);
        Some(match self.source {
            Source::Auto => format!("start {titles} for {services}, unless a running one is given"),
            Source::Given => format!("use the given {titles} for {services}"),
            Source::Docker => format!("start {titles} in a container for {services}"),
            Source::Local => format!("start {titles} as installed on this machine for {services}"),
        })
    }
}

impl Kept for Servers {
    fn watches(&self) -> Vec<Arc<dyn Watched>> {
        Self::watches(self).into_iter().map(|watch| Arc::new(watch) as Arc<dyn Watched>).collect()
    }

    fn stop(self: Box<Self>) -> Vec<String> {
        Self::stop(*self)
    }
}

impl Watched for Watch {
    fn lost(&self, stop: &Stop) -> Option<Lost> {
        Self::lost(self, stop)
    }
}
