//! `delete`, of one object and of many.

use super::Answer;
use super::read::{Choice, stored};
use crate::objects::json::{metadata, name, text, uid};
use crate::objects::owners::Writer;
use crate::objects::store::Key;
use crate::request::{Request, Target};
use crate::state::State;
use crate::status::Failure;
use serde_json::{Value, json};

/// Deletes an object.
pub fn delete(state: &mut State, target: &Target, request: &Request) -> Result<Answer, Failure> {
    let object = stored(state, target)?.clone();
    let options = request.json().map_err(Failure::bad_request)?.unwrap_or_default();
    for (wanted, is) in [("uid", uid(&object)), ("resourceVersion", text(&object, "/metadata/resourceVersion"))] {
        let given = options["preconditions"][wanted].as_str();
        if given.is_some_and(|given| given != is) {
            let which = if wanted == "uid" { "UID" } else { "ResourceVersion" };
            let given = given.unwrap_or_default();
            let why = format!(
                "the {which} in the precondition ({given}) does not match the {which} in record ({is}). The object \
                 might have been deleted and then recreated"
            );
            return Err(Failure::conflict(target.resource, &target.name, &why));
        }
    }
    let key = Key::new(target.resource, &target.namespace, &target.name);
    let param = |name: &str| options[name].as_str().unwrap_or(request.param(name)).to_owned();
    if request.is_dry_run() {
        return Ok(Answer::ok(object));
    }
    if param("propagationPolicy") == "Orphan" {
        orphan(state, uid(&object));
    }
    let grace = options["gracePeriodSeconds"].as_i64().or_else(|| request.param("gracePeriodSeconds").parse().ok());
    match state.delete(&key, grace == Some(0)) {
        Some(last) if state.store.get(&key).is_some() => Ok(Answer::ok(last)),
        _ => Ok(Answer::ok(json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
            "details": { "name": target.name, "group": target.resource.group, "kind": target.resource.plural,
                "uid": uid(&object) },
        }))),
    }
}

/// Deletes all objects that the selectors let through.
pub fn delete_collection(state: &mut State, target: &Target, request: &Request) -> Result<Answer, Failure> {
    let objects = Choice::new(target, request)?.objects(state);
    if !request.is_dry_run() {
        for object in &objects {
            state.delete(&Key::new(target.resource, text(object, "/metadata/namespace"), name(object)), false);
        }
    }
    Ok(Answer::ok(json!({
        "kind": format!("{}List", target.resource.kind), "apiVersion": target.resource.api_version(),
        "metadata": { "resourceVersion": state.store.revision().to_string() }, "items": objects,
    })))
}

/// Takes the owner out of those that it owns, so that they outlive it.
fn orphan(state: &mut State, owner: &str) {
    for resource in &crate::objects::kinds::RESOURCES {
        let all: Vec<(Key, Value)> =
            state.store.list(resource, "").map(|(key, object)| (key.clone(), Value::clone(object))).collect();
        for (key, mut object) in all {
            let Some(owners) = metadata(&mut object).get_mut("ownerReferences").and_then(Value::as_array_mut) else {
                continue;
            };
            owners.retain(|other| other["uid"] != owner);
            state.commit(&key, object, &Writer::controller(""));
        }
    }
}
