//! A pod's life as its `status` shows it.

use super::conditions::{set, word};
use super::pod::{Life, Phase, World};
use crate::clock;
use crate::objects::json::{list, text, uid};
use crate::state::letters;
use crate::workloads::{Behaviour, Workloads, repository};
use serde_json::{Value, json};

/// The status of a pod.
pub fn of(pod: &Value, life: &Life, world: &World, workloads: &Workloads) -> Value {
    let now = clock::timestamp(world.now);
    let running = matches!(life.phase, Phase::Running | Phase::Crashed(_) | Phase::BackOff(..));
    let placed = !matches!(life.phase, Phase::Pending(_));
    let unready = if life.ready { ("", "") } else { ("ContainersNotReady", "containers with unready status") };
    let mut conditions = list(pod, "/status/conditions").to_vec();
    let unschedulable = matches!(world.behaviour, Behaviour::Unschedulable(_)) && !placed;
    if placed || unschedulable {
        let why = if placed { ("", "") } else { ("Unschedulable", UNSCHEDULABLE) };
        set(&mut conditions, "PodScheduled", word(placed), why, &now);
    }
    if placed {
        set(&mut conditions, "Initialized", "True", ("", ""), &now);
        set(&mut conditions, "ContainersReady", word(life.ready), unready, &now);
        set(&mut conditions, "Ready", word(life.ready), unready, &now);
    }
    let mut status = json!({
        "phase": if running { "Running" } else { "Pending" }, "qosClass": "Burstable", "conditions": conditions,
    });
    if placed {
        let started = text(pod, "/status/startTime");
        status["startTime"] = json!(if started.is_empty() { &now } else { started });
        status["hostIP"] = json!("10.0.0.1");
        let containers = list(pod, "/spec/containers").iter();
        let containers = containers.map(|container| container_status(pod, container, life, workloads, &now));
        status["containerStatuses"] = json!(containers.collect::<Vec<_>>());
    }
    if running {
        let address = address(pod);
        status["podIP"] = json!(address);
        status["podIPs"] = json!([{ "ip": address }]);
    }
    status
}

/// What the scheduler says of a pod that fits nowhere.
pub const UNSCHEDULABLE: &str = "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 \
                                 No preemption victims found for incoming pod.";

/// An address that stays with the pod.
fn address(pod: &Value) -> String {
    let bytes = letters(uid(pod), 2).into_bytes();
    format!("10.244.{}.{}", bytes[0], bytes[1])
}

fn container_status(pod: &Value, container: &Value, life: &Life, workloads: &Workloads, now: &str) -> Value {
    let name = text(container, "/name");
    let before = list(pod, "/status/containerStatuses").iter().find(|status| status["name"] == name);
    let image = text(container, "/image");
    let pulled = matches!(life.phase, Phase::Running | Phase::Crashed(_) | Phase::BackOff(..));
    let digest = workloads.pull(image).ok().filter(|_| pulled).map(|image| image.digest);
    let id = letters(&format!("{}{name}{}", uid(pod), life.restarts), 32);
    let mut status = json!({
        "name": name, "image": image, "ready": life.ready, "restartCount": life.restarts,
        "imageID": digest.map(|digest| format!("{}@{digest}", repository(image))).unwrap_or_default(),
        "started": life.phase == Phase::Running, "state": state(before, life, now), "lastState": {},
    });
    if pulled {
        status["containerID"] = json!(format!("containerd://{id}"));
    }
    let ended = before.map(|before| before["state"]["terminated"].clone()).filter(|ended| !ended.is_null());
    if let (false, Some(ended)) = (matches!(life.phase, Phase::Crashed(_)), ended) {
        status["lastState"] = json!({ "terminated": ended });
    } else if let Some(before) = before {
        status["lastState"] = before["lastState"].clone();
    }
    status
}

fn state(before: Option<&Value>, life: &Life, now: &str) -> Value {
    let waiting = |reason: &str, message: &str| json!({ "waiting": { "reason": reason, "message": message } });
    match &life.phase {
        Phase::Pending(_) | Phase::Creating => json!({ "waiting": { "reason": "ContainerCreating" } }),
        Phase::Waiting(reason, message) => waiting(reason, message),
        Phase::Running => {
            let since = before.map_or("", |before| text(before, "/state/running/startedAt"));
            json!({ "running": { "startedAt": if since.is_empty() { now } else { since } } })
        }
        Phase::Crashed(code) => {
            let since = before.map_or(now, |before| text(before, "/state/running/startedAt"));
            let ended = json!({ "exitCode": code, "reason": "Error", "startedAt": since, "finishedAt": now });
            json!({ "terminated": ended })
        }
        Phase::BackOff(..) => waiting("CrashLoopBackOff", "back-off restarting failed container"),
    }
}
