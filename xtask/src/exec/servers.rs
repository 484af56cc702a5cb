//! What a slot does with a task that brings servers up: they stay when it has ended, and go to the loop with it. And
//! what it makes of a task that failed because one of them died.

use super::context::Inputs;
use super::message::Finished;
use crate::backing;
use crate::outcome::Outcome;
use crate::plan::{Action, Task};
use crate::process;
use crate::reading::Reading;
use crate::text;
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

/// Blames a server that has died for the failure of a task that talked to it, whatever its tests say: they could not
/// work. `tail` becomes the end of the server's log.
pub(super) fn blame(reading: &mut Reading, tail: &mut Vec<String>, inputs: &Inputs) {
    if !reading.outcome.is_bad() || reading.outcome == Outcome::Cancelled {
        return;
    }
    let lost: Vec<_> = inputs.servers.iter().filter_map(|server| server.lost(&inputs.stop)).collect();
    let Some(first) = lost.first() else { return };
    reading.outcome = Outcome::EnvironmentError;
    reading.because = Some(text::list(lost.iter().map(|lost| &lost.because)));
    if !first.tail.is_empty() {
        tail.clone_from(&first.tail);
    }
    let logs = inputs.log.parent().unwrap_or(&inputs.root);
    let logs = logs.strip_prefix(&inputs.root).unwrap_or(logs);
    let notes = lost
        .iter()
        .filter_map(|lost| Some(format!("{}; its log: {}", lost.because, logs.join(lost.log.as_ref()?).display())));
    reading.notes.extend(notes);
}
