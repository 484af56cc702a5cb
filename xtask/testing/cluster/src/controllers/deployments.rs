//! Deployments: a replica set for each template, and the numbers of `rollout`.

use super::rollout::{Set, Wish, step};
use super::{all, beside, conditions, owned};
use crate::objects::json::{child, is_terminating, metadata, name, number, owned_by};
use crate::objects::owners::Writer;
use crate::objects::store::Key;
use crate::state::{State, letters};
use serde_json::{Value, json};
use std::sync::Arc;

/// The annotation that numbers the templates.
const REVISION: &str = "deployment.kubernetes.io/revision";

/// One round.
pub fn roll(state: &mut State) {
    for (key, deployment) in all(state, "deployments") {
        if is_terminating(&deployment) {
            continue;
        }
        let paused = deployment["spec"]["paused"] == true;
        if current(state, &deployment).is_none() && !paused {
            create_set(state, &key, &deployment);
        } else if !paused {
            renumber(state, &key, &deployment);
        }
        scale(state, &deployment);
        forget_old(state, &deployment);
    }
}

/// Its replica sets, oldest first.
pub fn sets(state: &State, deployment: &Value) -> Vec<Arc<Value>> {
    let mut sets = owned(state, "replicasets", deployment);
    sets.sort_by_key(|set| revision(set));
    sets
}

/// The replica set that has the Deployment's template.
pub fn current(state: &State, deployment: &Value) -> Option<Arc<Value>> {
    sets(state, deployment).into_iter().find(|set| is_current(set, deployment))
}

/// Whether the set's template is the Deployment's, but for the hash that every set adds.
pub fn is_current(set: &Value, deployment: &Value) -> bool {
    let (of_set, of_deployment) = (&set["spec"]["template"], &deployment["spec"]["template"]);
    let mut metadata = of_set["metadata"].clone();
    if let Some(labels) = metadata["labels"].as_object_mut() {
        labels.remove("pod-template-hash");
    }
    metadata == of_deployment["metadata"] && of_set["spec"] == of_deployment["spec"]
}

fn revision(object: &Value) -> i64 {
    object["metadata"]["annotations"][REVISION].as_str().and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn create_set(state: &mut State, key: &Key, deployment: &Value) {
    let hash = letters(&deployment["spec"]["template"].to_string(), 10);
    let of = format!("{}-{hash}", name(deployment));
    let next = sets(state, deployment).iter().map(|set| revision(set)).max().unwrap_or_default() + 1;
    let mut template = deployment["spec"]["template"].clone();
    metadata(&mut template).entry("labels").or_insert(json!({}))["pod-template-hash"] = json!(hash);
    let mut selector = deployment["spec"]["selector"].clone();
    child(&mut selector, "matchLabels").insert("pod-template-hash".into(), json!(hash));
    let set = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "labels": template["metadata"]["labels"], "annotations": { REVISION: next.to_string() },
            "ownerReferences": owned_by(deployment),
        },
        "spec": { "replicas": 0, "selector": selector, "template": template,
            "minReadySeconds": number(deployment, "/spec/minReadySeconds") },
    });
    state.commit(&beside(deployment, "replicasets", &of), set, &Writer::controller(""));
    annotate(state, key, deployment, next);
    progressed(state, key, "NewReplicaSetCreated", &format!("Created new replica set {of:?}"));
}

/// A template that comes back gets the next number.
fn renumber(state: &mut State, key: &Key, deployment: &Value) {
    let sets = sets(state, deployment);
    let latest = sets.iter().map(|set| revision(set)).max().unwrap_or_default();
    let Some(set) = sets.into_iter().find(|set| is_current(set, deployment)) else { return };
    if revision(&set) < latest {
        let mut set = Value::clone(&set);
        let of = name(&set).to_owned();
        set["metadata"]["annotations"][REVISION] = json!((latest + 1).to_string());
        state.commit(&beside(deployment, "replicasets", &of), set, &Writer::controller(""));
        annotate(state, key, deployment, latest + 1);
        progressed(state, key, "FoundNewReplicaSet", &format!("Found new replica set {of:?}"));
    }
}

fn annotate(state: &mut State, key: &Key, deployment: &Value, revision: i64) {
    let mut deployment = deployment.clone();
    metadata(&mut deployment).entry("annotations").or_insert(json!({}))[REVISION] = json!(revision.to_string());
    state.commit(key, deployment, &Writer::controller(""));
}

/// A rollout begins: its deadline counts from now.
fn progressed(state: &mut State, key: &Key, reason: &str, message: &str) {
    let now = state.timestamp();
    let Some(mut deployment) = state.store.get(key).cloned() else { return };
    let mut list = deployment["status"]["conditions"].as_array().cloned().unwrap_or_default();
    conditions::set(&mut list, "Progressing", "True", (reason, message), &now);
    for condition in list.iter_mut().filter(|condition| condition["type"] == "Progressing") {
        condition["lastUpdateTime"] = json!(now);
    }
    child(&mut deployment, "status").insert("conditions".into(), json!(list));
    state.commit(key, deployment, &Writer::controller("status"));
}

fn scale(state: &mut State, deployment: &Value) {
    let sets = sets(state, deployment);
    let counted: Vec<Set> = sets
        .iter()
        .map(|set| Set {
            wanted: number(set, "/spec/replicas"),
            pods: owned(state, "pods", set).len().try_into().unwrap_or(i64::MAX),
            available: number(set, "/status/availableReplicas"),
            new: is_current(set, deployment),
        })
        .collect();
    for ((set, now), wanted) in sets.into_iter().zip(&counted).zip(step(&Wish::of(deployment), &counted)) {
        if now.wanted == wanted {
            continue;
        }
        let of = name(&set).to_owned();
        let mut set = Value::clone(&set);
        set["spec"]["replicas"] = json!(wanted);
        state.commit(&beside(deployment, "replicasets", &of), set, &Writer::controller(""));
        let way = if wanted > now.wanted { "up" } else { "down" };
        let message = format!("Scaled {way} replica set {of} from {} to {wanted}", now.wanted);
        state.event(deployment, "Normal", "ScalingReplicaSet", &message, "deployment-controller");
    }
}

/// Old sets without pods go when there are more than the Deployment wants to keep.
fn forget_old(state: &mut State, deployment: &Value) {
    let limit = usize::try_from(number(deployment, "/spec/revisionHistoryLimit")).unwrap_or_default();
    let mut old = sets(state, deployment);
    old.retain(|set| !is_current(set, deployment));
    for set in old.iter().take(old.len().saturating_sub(limit)) {
        if number(set, "/spec/replicas") == 0 && owned(state, "pods", set).is_empty() {
            state.delete(&beside(deployment, "replicasets", name(set)), true);
        }
    }
}
