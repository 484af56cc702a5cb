//! What a slot does with a task that brings servers up: they stay when it has ended, and go to the loop with it.

use super::context::Inputs;
use super::message::Finished;
use crate::backing;
use crate::outcome::Outcome;
use crate::plan::{Action, Task};
use crate::process;
use crate::reading::Reading;
use std::path::Path;
use std::time::Duration;

/// How long a server may take until it can be used.
const LIMIT: Duration = Duration::from_secs(60);

/// Brings up the servers of the task and makes the databases of its services.
pub(super) fn start(task: &Task, inputs: &Inputs) -> Finished {
    let Action::StartServers { source, servers, services } = &task.action else {
        unreachable!("the caller has looked at the action");
    };
    let path = inputs.surroundings.set.iter().find(|(key, _)| key == "PATH").map(|(_, path)| path.clone());
    let request = backing::Request {
        run: inputs.run.clone(),
        marker: format!("{}:{}", inputs.run, task.id),
        servers: servers.clone(),
        services: services.clone(),
        source: *source,
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
            Finished { servers: Some(servers), ..Finished::new(reading) }
        }
        Err(_) if inputs.stop.level() != process::Level::None => {
            Finished::new(Reading::because(Outcome::Cancelled, "the run was stopped"))
        }
        Err(error) => Finished::error(&error),
    }
}
