//! What nodes and the scheduler say when a pod's life takes a turn.

use super::pod::{Life, Phase, World};
use super::pod_status::UNSCHEDULABLE;
use crate::objects::json::{name, namespace, text, uid};
use crate::workloads::Behaviour;
use serde_json::Value;

/// An event.
#[derive(Debug, PartialEq)]
pub struct Event {
    /// `Normal` or `Warning`.
    pub kind: &'static str,
    /// One word.
    pub reason: &'static str,
    /// A sentence.
    pub message: String,
    /// Who says so.
    pub component: &'static str,
}

/// What is said between one second and the next. The same state again is silence.
pub fn between(pod: &Value, before: Option<&Life>, after: &Life, world: &World) -> Vec<Event> {
    let by = |component| move |kind, reason, message: String| Event { kind, reason, message, component };
    let (scheduler, node) = (by("default-scheduler"), by("kubelet"));
    let image = text(pod, "/spec/containers/0/image");
    let container = text(pod, "/spec/containers/0/name");
    let same = before.is_some_and(|before| before.phase == after.phase);
    let mut events = Vec::new();
    match &after.phase {
        Phase::Pending(1) if matches!(world.behaviour, Behaviour::Unschedulable(_)) => {
            events.push(scheduler("Warning", "FailedScheduling", UNSCHEDULABLE.to_owned()));
        }
        Phase::Creating if !same => {
            let message = format!("Successfully assigned {}/{} to node-1", namespace(pod), name(pod));
            events.push(scheduler("Normal", "Scheduled", message));
            events.extend(world.missing_volume.clone().map(|why| node("Warning", "FailedMount", why)));
        }
        Phase::Waiting("ErrImagePull", why) if !same => {
            events.push(node("Normal", "Pulling", format!("Pulling image \"{image}\"")));
            events.push(node("Warning", "Failed", format!("Failed to pull image \"{image}\": {why}")));
            events.push(node("Warning", "Failed", "Error: ErrImagePull".to_owned()));
        }
        Phase::Waiting("ImagePullBackOff", _) if !same => {
            events.push(node("Normal", "BackOff", format!("Back-off pulling image \"{image}\"")));
            events.push(node("Warning", "Failed", "Error: ImagePullBackOff".to_owned()));
        }
        Phase::Waiting(_, why) if !same => events.push(node("Warning", "Failed", format!("Error: {why}"))),
        Phase::Running if !same => {
            events.push(node("Normal", "Pulled", format!("Successfully pulled image \"{image}\"")));
            events.push(node("Normal", "Created", format!("Created container: {container}")));
            events.push(node("Normal", "Started", format!("Started container {container}")));
        }
        Phase::BackOff(..) if !same => {
            let of = format!("{}_{}({})", name(pod), namespace(pod), uid(pod));
            let message = format!("Back-off restarting failed container {container} in pod {of}");
            events.push(node("Warning", "BackOff", message));
        }
        _ => {}
    }
    let was_ready = before.is_some_and(|before| before.ready);
    let fails = world.behaviour == Behaviour::NeverReady && after.phase == Phase::Running && !same;
    if fails || (was_ready && !after.ready && after.phase == Phase::Running) {
        let message = "Readiness probe failed: HTTP probe failed with statuscode: 503";
        events.push(node("Warning", "Unhealthy", message.to_owned()));
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_turn_is_told_once() {
        let pod =
            json!({ "metadata": { "name": "p", "namespace": "x" }, "spec": { "containers": [{ "image": "i" }] } });
        let world = World {
            behaviour: Behaviour::Healthy,
            image_error: Some("not found".into()),
            missing_config: None,
            missing_volume: None,
            now: 0,
        };
        let failing = Life { phase: Phase::Waiting("ErrImagePull", "not found".into()), ..Life::default() };
        let reasons: Vec<_> =
            between(&pod, Some(&Life::default()), &failing, &world).into_iter().map(|event| event.reason).collect();
        assert_eq!(reasons, ["Pulling", "Failed", "Failed"]);
        assert_eq!(between(&pod, Some(&failing), &failing, &world), []);
    }
}
