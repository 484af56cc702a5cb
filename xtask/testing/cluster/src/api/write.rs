//! `create`, `update` and `patch`.

use super::Answer;
use super::admit::{admit, refuse_untyped};
use super::apply::apply;
use super::read::stored;
use crate::objects::json::{child, metadata, name, text};
use crate::objects::merge;
use crate::objects::owners::Writer;
use crate::objects::schema::Type;
use crate::objects::store::Key;
use crate::objects::validate::Problem;
use crate::request::{Request, Target};
use crate::state::State;
use crate::status::Failure;
use serde_json::{Value, json};

/// Makes a new object.
pub fn create(state: &mut State, target: &Target, request: &Request) -> Result<Answer, Failure> {
    let object = body(request)?;
    add(state, target, object, &writer(target, request), request)
}

/// Replaces an object.
pub fn update(state: &mut State, target: &Target, request: &Request) -> Result<Answer, Failure> {
    let object = body(request)?;
    if name(&object) != target.name {
        return Err(Failure::bad_request(format!(
            "the name of the object ({}) does not match the name on the URL ({})",
            name(&object),
            target.name
        )));
    }
    replace(state, target, object, &writer(target, request), request)
}

/// Changes an object in one of the four ways; server-side apply makes it when it is not there.
pub fn patch(state: &mut State, target: &Target, request: &Request) -> Result<Answer, Failure> {
    let patch = body(request)?;
    let kind = Type::of_kind(target.resource.kind);
    let live = stored(state, target).cloned();
    let media = request.content_type.split(';').next().unwrap_or_default();
    if media == "application/apply-patch+yaml" {
        return server_side_apply(state, target, live.as_ref().ok(), patch, request);
    }
    let mut object = live?;
    match media {
        "application/merge-patch+json" => merge::merge(&mut object, &patch),
        "application/strategic-merge-patch+json" => merge::strategic(&mut object, &patch, &kind),
        "application/json-patch+json" => merge::json(&mut object, patch).map_err(|why| {
            Failure::new(
                422,
                "Invalid",
                format!("the server rejected our request due to an error in our request: {why}"),
            )
        })?,
        _ => {
            let why = format!("the body of the request was in an unknown format: {media}");
            return Err(Failure::new(415, "UnsupportedMediaType", why));
        }
    }
    replace(state, target, object, &writer(target, request), request)
}

fn server_side_apply(
    state: &mut State,
    target: &Target,
    live: Option<&Value>,
    mut config: Value,
    request: &Request,
) -> Result<Answer, Failure> {
    if request.param("fieldManager").is_empty() {
        return Err(Failure::bad_request(
            "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch",
        ));
    }
    let kind = Type::of_kind(target.resource.kind);
    refuse_untyped(target, &mut config, &kind)?;
    let by = writer(target, request);
    let (object, by) = apply(live, &config, &kind, by, request.flag("force"))?;
    match live {
        None => add(state, target, object, &by, request),
        Some(_) => replace(state, target, object, &by, request),
    }
}

fn body(request: &Request) -> Result<Value, Failure> {
    let object = request.json().map_err(Failure::bad_request)?;
    object.ok_or_else(|| Failure::bad_request("the request has no object"))
}

/// Who writes: the field manager of the query, or the program's name.
pub(super) fn writer(target: &Target, request: &Request) -> Writer {
    let manager = match request.param("fieldManager") {
        "" => request.user_agent.split('/').next().filter(|name| !name.is_empty()).unwrap_or("unknown"),
        manager => manager,
    };
    Writer::update(manager, &target.subresource)
}

fn add(
    state: &mut State,
    target: &Target,
    mut object: Value,
    by: &Writer,
    request: &Request,
) -> Result<Answer, Failure> {
    let warnings = admit(target, &mut object, request)?;
    if name(&object).is_empty() {
        let prefix = text(&object, "/metadata/generateName").to_owned();
        if prefix.is_empty() {
            let missing = [Problem::Missing("metadata.name".into())];
            return Err(Failure::invalid(target.resource, "", &missing));
        }
        let generated = format!("{prefix}{}", state.suffix());
        metadata(&mut object).insert("name".into(), json!(generated));
    }
    let key = Key::new(target.resource, &target.namespace, name(&object));
    if target.resource.namespaced {
        let namespaces = crate::objects::kinds::named("namespaces");
        if state.store.get(&Key::new(namespaces, "", &target.namespace)).is_none() {
            return Err(Failure::not_found(namespaces, &target.namespace));
        }
        let given = text(&object, "/metadata/namespace");
        if !given.is_empty() && given != target.namespace {
            return Err(Failure::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
    }
    if state.store.get(&key).is_some() {
        return Err(Failure::already_exists(target.resource, &key.name));
    }
    let fields = metadata(&mut object);
    for own in ["resourceVersion", "uid", "managedFields", "deletionTimestamp"] {
        fields.remove(own);
    }
    begin(state, &key, &mut object);
    Ok(finish(state, &key, object, by, request, (201, warnings)))
}

/// What the server itself adds to a new object.
fn begin(state: &State, key: &Key, object: &mut Value) {
    if key.resource.subresources.contains(&"status") {
        child(object, "status").clear();
    }
    match key.resource.kind {
        "Namespace" => {
            object["status"]["phase"] = json!("Active");
            metadata(object).entry("labels").or_insert(json!({}))["kubernetes.io/metadata.name"] = json!(key.name);
        }
        "Pod" => object["status"]["phase"] = json!("Pending"),
        "Service" if object["spec"]["clusterIP"].is_null() && object["spec"]["type"] != "ExternalName" => {
            let address = format!("10.96.{}.{}", state.store.revision() / 250 % 250, state.store.revision() % 250 + 1);
            object["spec"]["clusterIP"] = json!(address);
            object["spec"]["clusterIPs"] = json!([address]);
        }
        _ => {}
    }
}

fn replace(
    state: &mut State,
    target: &Target,
    mut object: Value,
    by: &Writer,
    request: &Request,
) -> Result<Answer, Failure> {
    let live = stored(state, target)?.clone();
    for own in ["resourceVersion", "uid"] {
        let given = object["metadata"].get(own).filter(|given| *given != "");
        if given.is_some_and(|given| *given != live["metadata"][own]) {
            return Err(Failure::modified(target.resource, &target.name));
        }
    }
    let warnings = admit(target, &mut object, request)?;
    if target.subresource == "status" {
        let status = object["status"].take();
        object = live.clone();
        object["status"] = status;
    } else if target.resource.subresources.contains(&"status") {
        object["status"] = live["status"].clone();
    }
    refuse_changes(target, &live, &object)?;
    for kept in ["clusterIP", "clusterIPs"] {
        if target.resource.kind == "Service" && object["spec"][kept].is_null() {
            object["spec"][kept] = live["spec"][kept].clone();
        }
    }
    if let Some(since) = live["metadata"].get("deletionTimestamp") {
        metadata(&mut object).insert("deletionTimestamp".into(), since.clone());
    }
    let key = Key::new(target.resource, &target.namespace, &target.name);
    Ok(finish(state, &key, object, by, request, (200, warnings)))
}

/// What may not change once it is there.
fn refuse_changes(target: &Target, live: &Value, object: &Value) -> Result<(), Failure> {
    let same = |pointer: &str| live.pointer(pointer) == object.pointer(pointer);
    let immutable = |field: &str, why: &str| {
        let value = object.pointer(&format!("/{}", field.replace('.', "/"))).cloned().unwrap_or_default();
        let problem = Problem::Invalid(field.to_owned(), value.to_string(), why.to_owned());
        Err(Failure::invalid(target.resource, &target.name, &[problem]))
    };
    match target.resource.kind {
        "Deployment" | "ReplicaSet" if !same("/spec/selector") => immutable("spec.selector", "field is immutable"),
        "ConfigMap" | "Secret" if live["immutable"] == true && !(same("/data") && same("/immutable")) => {
            immutable("data", "field is immutable when `immutable` is set")
        }
        _ => Ok(()),
    }
}

fn finish(
    state: &mut State,
    key: &Key,
    object: Value,
    by: &Writer,
    request: &Request,
    (code, warnings): (u16, Vec<String>),
) -> Answer {
    let object = if request.is_dry_run() { state.prepare(key, object, by).0 } else { state.commit(key, object, by) };
    // The last finalizer is gone: now the object goes as well.
    if crate::objects::json::is_terminating(&object) && key.resource.kind != "Pod" && !request.is_dry_run() {
        state.delete(key, false);
    }
    Answer::Object(code, object, warnings)
}
