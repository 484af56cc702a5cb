//! The node: every pod lives one more second, and its status and events say so.

use super::config_refs::{missing_config, missing_volume};
use super::pod::{Phase, World};
use super::{all, beside, pod_events, pod_status};
use crate::objects::json::{is_terminating, list, text, uid};
use crate::objects::owners::Writer;
use crate::state::State;
use crate::workloads::Behaviour;
use serde_json::{Value, json};

/// One round.
pub fn live(state: &mut State) {
    for (key, pod) in all(state, "pods") {
        if is_terminating(&pod) {
            continue;
        }
        let world = world(state, &pod);
        let before = state.lives.get(uid(&pod)).cloned();
        let life = before.clone().unwrap_or_default();
        let life = if before.is_some() { life.step(&world) } else { life };
        let status = pod_status::of(&pod, &life, &world, &state.workloads);
        if pod["status"] != status {
            let mut next = Value::clone(&pod);
            if !matches!(life.phase, Phase::Pending(_)) {
                next["spec"]["nodeName"] = json!("node-1");
            }
            next["status"] = status;
            state.commit(&key, next, &Writer::update("kubelet", "status"));
        }
        for event in pod_events::between(&pod, before.as_ref(), &life, &world) {
            state.event(&pod, event.kind, event.reason, &event.message, event.component);
        }
        state.lives.insert(uid(&pod).to_owned(), life);
    }
}

fn world(state: &State, pod: &Value) -> World {
    let lookup = |resource: &str, name: &str| state.store.get(&beside(pod, resource, name));
    let behaviour = state.workloads.behaviour(pod);
    let mut images = list(pod, "/spec/containers").iter().map(|container| text(container, "/image"));
    let image_error = match &behaviour {
        Behaviour::PullError(message) => Some(message.clone()),
        _ => images.find_map(|image| state.workloads.pull(image).err()),
    };
    World {
        image_error,
        missing_config: missing_config(pod, &lookup),
        missing_volume: missing_volume(pod, &lookup),
        now: state.now,
        behaviour,
    }
}
