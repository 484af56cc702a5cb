//! Replica sets: as many pods as are wanted, and their count.

use super::{all, beside, conditions, owned, set_status};
use crate::clock;
use crate::objects::json::{child, condition, is_terminating, list, metadata, name, namespace, number, owned_by, text};
use crate::objects::owners::Writer;
use crate::state::State;
use serde_json::{Value, json};
use std::sync::Arc;

/// Makes pods that are missing, and ends those that are too many: first what is not ready, then the youngest.
pub fn fill(state: &mut State) {
    for (_, set) in all(state, "replicasets") {
        let mut pods = alive(state, &set);
        let wanted =
            if is_terminating(&set) { 0 } else { usize::try_from(number(&set, "/spec/replicas")).unwrap_or(0) };
        for _ in pods.len()..wanted {
            create_pod(state, &set);
        }
        pods.sort_by_key(|pod| (is_ready(pod), std::cmp::Reverse(text(pod, "/metadata/creationTimestamp").to_owned())));
        for pod in pods.iter().take(pods.len().saturating_sub(wanted)) {
            state.delete(&beside(&set, "pods", name(pod)), false);
            let message = format!("Deleted pod: {}", name(pod));
            state.event(&set, "Normal", "SuccessfulDelete", &message, "replicaset-controller");
        }
    }
}

/// Counts what there is.
pub fn count(state: &mut State) {
    for (key, set) in all(state, "replicasets") {
        let pods = alive(state, &set);
        let wait = number(&set, "/spec/minReadySeconds").unsigned_abs();
        let available = |pod: &&Arc<Value>| is_ready(pod) && ready_for(pod, state.now) >= wait;
        let mut status = json!({
            "replicas": pods.len(), "observedGeneration": number(&set, "/metadata/generation"),
        });
        let counts = [
            ("fullyLabeledReplicas", pods.len()),
            ("readyReplicas", pods.iter().filter(|pod| is_ready(pod)).count()),
            ("availableReplicas", pods.iter().filter(available).count()),
        ];
        counts.iter().filter(|(_, count)| *count > 0).for_each(|(name, count)| status[*name] = json!(count));
        let missing = usize::try_from(number(&set, "/spec/replicas")).is_ok_and(|wanted| pods.len() < wanted);
        if let (true, Some(why)) = (missing, refusal(state, &set)) {
            let mut list = list(&set, "/status/conditions").to_vec();
            conditions::set(&mut list, "ReplicaFailure", "True", ("FailedCreate", &why), &state.timestamp());
            status["conditions"] = json!(list);
        }
        set_status(state, &key, &set, status, &Writer::controller("status"));
    }
}

fn alive(state: &State, set: &Value) -> Vec<Arc<Value>> {
    let mut pods = owned(state, "pods", set);
    pods.retain(|pod| !is_terminating(pod));
    pods
}

fn is_ready(pod: &Value) -> bool {
    condition(pod, "Ready") == "True"
}

/// For how many seconds it has been ready.
fn ready_for(pod: &Value, now: u64) -> u64 {
    let ready = list(pod, "/status/conditions").iter().find(|condition| condition["type"] == "Ready");
    let since = ready.and_then(|ready| clock::seconds(text(ready, "/lastTransitionTime")));
    now.saturating_sub(since.unwrap_or(now))
}

/// Why no pod can be created: its account is missing.
fn refusal(state: &State, set: &Value) -> Option<String> {
    let account = match text(set, "/spec/template/spec/serviceAccountName") {
        "" => "default",
        account => account,
    };
    state.store.get(&beside(set, "serviceaccounts", account)).is_none().then(|| {
        let (pod, place) = (name(set), namespace(set));
        format!(
            "pods \"{pod}-\" is forbidden: error looking up service account {place}/{account}: serviceaccount \
             \"{account}\" not found"
        )
    })
}

fn create_pod(state: &mut State, set: &Value) {
    if let Some(why) = refusal(state, set) {
        let message = format!("Error creating: {why}");
        // Said once: a real cluster repeats it, ever more slowly.
        if list(set, "/status/conditions").is_empty() {
            state.event(set, "Warning", "FailedCreate", &message, "replicaset-controller");
        }
        return;
    }
    let mut pod = set["spec"]["template"].clone();
    let of = format!("{}-{}", name(set), state.suffix());
    metadata(&mut pod).insert("generateName".into(), json!(format!("{}-", name(set))));
    metadata(&mut pod).insert("ownerReferences".into(), owned_by(set));
    child(&mut pod, "spec").entry("serviceAccountName").or_insert(json!("default"));
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    pod["status"] = json!({ "phase": "Pending" });
    state.commit(&beside(set, "pods", &of), pod, &Writer::controller(""));
    state.event(set, "Normal", "SuccessfulCreate", &format!("Created pod: {of}"), "replicaset-controller");
}
