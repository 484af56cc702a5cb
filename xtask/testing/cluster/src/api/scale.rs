//! The subresource `scale`: how many replicas, and nothing else of the object.

use super::Answer;
use super::read::stored;
use super::write::writer;
use crate::objects::json::{number, text};
use crate::objects::merge;
use crate::objects::store::Key;
use crate::request::{Request, Target};
use crate::state::State;
use crate::status::Failure;
use serde_json::{Value, json};

/// Reads or changes it.
pub fn handle(state: &mut State, target: &Target, request: &Request, verb: &str) -> Result<Answer, Failure> {
    let object = stored(state, target)?.clone();
    let mut scale = scale_of(&object);
    let body = request.json().map_err(Failure::bad_request)?;
    match (verb, body) {
        ("get", _) => return Ok(Answer::ok(scale)),
        ("update", Some(wanted)) => scale = wanted,
        ("patch", Some(patch)) if request.content_type.starts_with("application/json-patch") => {
            merge::json(&mut scale, patch).map_err(Failure::bad_request)?;
        }
        ("patch", Some(patch)) => merge::merge(&mut scale, &patch),
        _ => return Err(Failure::method_not_allowed()),
    }
    let seen = text(&scale, "/metadata/resourceVersion");
    if !seen.is_empty() && seen != text(&object, "/metadata/resourceVersion") {
        return Err(Failure::modified(target.resource, &target.name));
    }
    let mut changed = object;
    changed["spec"]["replicas"] = json!(number(&scale, "/spec/replicas"));
    let key = Key::new(target.resource, &target.namespace, &target.name);
    let by = writer(target, request);
    let changed = if request.is_dry_run() { changed } else { state.commit(&key, changed, &by) };
    Ok(Answer::ok(scale_of(&changed)))
}

fn scale_of(object: &Value) -> Value {
    let labels = crate::objects::json::entries(object, "/spec/selector/matchLabels");
    let selector: Vec<String> = labels.map(|(key, value)| format!("{key}={}", text(value, ""))).collect();
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": object["metadata"]["name"], "namespace": object["metadata"]["namespace"],
            "uid": object["metadata"]["uid"], "resourceVersion": object["metadata"]["resourceVersion"],
            "creationTimestamp": object["metadata"]["creationTimestamp"],
        },
        "spec": { "replicas": number(object, "/spec/replicas") },
        "status": { "replicas": number(object, "/status/replicas"), "selector": selector.join(",") },
    })
}
