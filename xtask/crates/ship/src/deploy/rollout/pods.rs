//! The state of one pod: whether it is ready, what it waits for, and whether waiting is in vain.

use super::condition;
use serde_json::Value;
use xtask_core::text;

/// Reasons why a container will never start, however long one waits, with their meanings.
const VAIN: [(&str, &str); 8] = [
    ("ImagePullBackOff", "its image cannot be pulled"),
    ("InvalidImageName", "its image has no valid name"),
    ("ErrImageNeverPull", "its image is not on the node and must not be pulled"),
    ("CreateContainerConfigError", "a ConfigMap or Secret, or a key of it, is missing"),
    ("CreateContainerError", "its container cannot be created"),
    ("RunContainerError", "its program cannot be started"),
    ("StartError", "its program cannot be started"),
    ("CrashLoopBackOff", "its program keeps exiting"),
];

/// Restarts after which a failing program is taken to fail every time, before the kubelet says so.
const RESTARTS: u64 = 2;

/// Why waiting for this pod is in vain; `None` when it is not.
pub(super) fn doom(pod: &Value) -> Option<String> {
    if pod["metadata"]["deletionTimestamp"].is_string() {
        return None;
    }
    containers(pod).find_map(|container| {
        let waiting = &container["state"]["waiting"];
        let ended = &container["state"]["terminated"];
        let reason = |state: &Value| state["reason"].as_str().map(str::to_owned);
        let told = [waiting, ended].into_iter().find_map(|state| {
            let (reason, meaning) = VAIN.iter().find(|(known, _)| reason(state).as_deref() == Some(known))?;
            Some(format!("{meaning} ({reason}){}{}", said(state), last_end(container)))
        });
        told.or_else(|| {
            let failed = ended["exitCode"].as_i64().is_some_and(|code| code != 0);
            (failed && restarts_of(container) >= RESTARTS).then(|| format!("its program keeps exiting{}", end(ended)))
        })
    })
}

/// The condition that a pod that is not ready waits for, when it reports one.
pub(super) fn waits_for(pod: &Value) -> Option<String> {
    if is_ready(pod) {
        return None;
    }
    if let Some(unplaced) = condition(pod, "PodScheduled").filter(|condition| condition["status"] == "False") {
        return Some(format!("no node accepts it{}", said(unplaced)));
    }
    let in_state =
        |kind: &str| containers(pod).map(|container| &container["state"][kind]).find(|state| state.is_object());
    if let Some(state) = in_state("waiting") {
        return Some(format!("{}{}", state["reason"].as_str().unwrap_or("waiting"), said(state)));
    }
    if let Some(ended) = in_state("terminated") {
        return Some(format!("its program has ended{}", end(ended)));
    }
    in_state("running").map(|_| "it is running but not ready".to_owned())
}

/// Whether the pod accepts requests and is not terminating.
pub(super) fn is_ready(pod: &Value) -> bool {
    let leaving = pod["metadata"]["deletionTimestamp"].is_string();
    !leaving && condition(pod, "Ready").is_some_and(|condition| condition["status"] == "True")
}

/// Whether the pod has ended for good, like one evicted by its node: it is kept for inspection and replaced.
pub(super) fn is_over(pod: &Value) -> bool {
    pod["status"]["phase"] == "Failed" || pod["status"]["phase"] == "Succeeded"
}

/// Whether a container runs the image of this digest. A cluster may add others to the pod, such as the proxy of a mesh.
pub(super) fn runs(pod: &Value, digest: &str) -> bool {
    let running = |container: &Value| container["imageID"].as_str()?.rsplit_once('@').map(|(_, it)| it == digest);
    containers(pod).any(|container| running(container) == Some(true))
}

/// The images that the pod's containers run, as the node names them.
pub(super) fn images(pod: &Value) -> String {
    let images: Vec<&str> = containers(pod).filter_map(|container| container["imageID"].as_str()).collect();
    if images.is_empty() { "nothing".to_owned() } else { text::list(images) }
}

/// The total number of restarts of the pod's containers.
pub(super) fn restarts(pod: &Value) -> u64 {
    containers(pod).map(restarts_of).sum()
}

fn restarts_of(container: &Value) -> u64 {
    container["restartCount"].as_u64().unwrap_or(0)
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    let kinds = ["initContainerStatuses", "containerStatuses"];
    kinds.into_iter().flat_map(|kind| pod["status"][kind].as_array().into_iter().flatten())
}

/// The message of a state or a condition, after a colon.
fn said(state: &Value) -> String {
    state["message"].as_str().filter(|text| !text.is_empty()).map(|text| format!(": {text}")).unwrap_or_default()
}

/// How the container's previous process ended, if there was one.
fn last_end(container: &Value) -> String {
    let last = &container["lastState"]["terminated"];
    if last.is_object() { end(last) } else { String::new() }
}

fn end(ended: &Value) -> String {
    let code = ended["exitCode"].as_i64().map(|code| format!(", last with exit code {code}")).unwrap_or_default();
    let memory = if ended["reason"] == "OOMKilled" { ", killed for its use of memory" } else { "" };
    format!("{code}{memory}{}", said(ended))
}
