//! What reaches into pods: their logs, and what they answer through the API server's proxy.

use super::Answer;
use super::read::stored;
use crate::objects::json::{condition, is_terminating, list, number, text};
use crate::objects::kinds::named;
use crate::objects::selector::Selector;
use crate::request::{Request, Target};
use crate::state::State;
use crate::status::Failure;
use serde_json::Value;

/// A container's log. `follow` gets what there is.
pub fn log(state: &State, target: &Target, request: &Request) -> Result<Answer, Failure> {
    let pod = stored(state, target)?;
    let name = match request.param("container") {
        "" => text(pod, "/spec/containers/0/name"),
        name => name,
    };
    if !list(pod, "/spec/containers").iter().any(|container| container["name"] == name) {
        let why = format!("container {name} is not valid for pod {}", target.name);
        return Err(Failure::bad_request(why));
    }
    let status = list(pod, "/status/containerStatuses").iter().find(|status| status["name"] == name);
    let restarts = status.map_or(0, |status| number(status, "/restartCount"));
    let started = restarts > 0 || status.is_some_and(|status| status["state"].get("waiting").is_none());
    if request.flag("previous") && restarts == 0 {
        let why = format!("previous terminated container \"{name}\" in pod \"{}\" not found", target.name);
        return Err(Failure::bad_request(why));
    }
    if !started {
        let reason = status.map_or("", |status| text(status, "/state/waiting/reason"));
        let why = match reason {
            "ErrImagePull" | "ImagePullBackOff" => "trying and failing to pull image",
            "" => "ContainerCreating",
            reason => reason,
        };
        let why = format!("container \"{name}\" in pod \"{}\" is waiting to start: {why}", target.name);
        return Err(Failure::bad_request(why));
    }
    let text = state.workloads.logged(pod);
    let lines: Vec<&str> = text.lines().collect();
    let tail = request.param("tailLines").parse().unwrap_or(lines.len());
    let shown = lines[lines.len().saturating_sub(tail)..].iter().fold(String::new(), |text, line| text + line + "\n");
    Ok(Answer::text(&shown))
}

/// What a pod answers, or a ready pod of a Service. Names are `name`, `name:port` and `scheme:name:port`.
pub fn proxy(state: &State, target: &Target) -> Result<Answer, Failure> {
    let mut parts: Vec<&str> = target.name.split(':').collect();
    if parts.len() == 3 {
        parts.remove(0);
    }
    let target = Target { name: parts[0].to_owned(), ..target.clone() };
    let object = stored(state, &target)?;
    let pod = if target.resource.kind == "Service" {
        check_port(object, parts.get(1).copied().unwrap_or_default(), &target.name)?;
        let selector = Selector::equal(&object["spec"]["selector"]);
        let mut pods = state.store.list(named("pods"), &target.namespace).map(|(_, pod)| pod.as_ref());
        let takes =
            |pod: &&Value| selector.meets_labels(pod) && condition(pod, "Ready") == "True" && !is_terminating(pod);
        let pod = pods.find(takes).filter(|_| !selector.is_empty());
        pod.ok_or_else(|| Failure::unavailable(format!("no endpoints available for service \"{}\"", target.name)))?
    } else {
        object
    };
    if text(pod, "/status/phase") != "Running" {
        let why = format!("error trying to reach service: pod {} is not running", text(pod, "/metadata/name"));
        return Err(Failure::unavailable(why));
    }
    let (status, body) = state.workloads.answer(pod, &target.rest);
    let media = if body.starts_with('{') { "application/json" } else { "text/plain" };
    Ok(Answer::Raw(status, media, body.into_bytes()))
}

fn check_port(service: &Value, port: &str, name: &str) -> Result<(), Failure> {
    let ports = list(service, "/spec/ports");
    let known = |known: &Value| known["name"] == port || number(known, "/port").to_string() == port;
    if port.is_empty() || ports.iter().any(known) {
        return Ok(());
    }
    Err(Failure::unavailable(format!("no service port \"{port}\" found for service \"{name}\"")))
}
