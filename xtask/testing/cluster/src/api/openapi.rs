//! `OpenAPI` documents made from the schema: enough for `kubectl explain`, and for kubectl to see that the server
//! validates fields and understands dry runs.

use super::Answer;
use crate::objects::kinds::{RESOURCES, Resource, groups};
use crate::objects::schema::{self, Items, Type};
use crate::status::Failure;
use serde_json::{Value, json};

/// Paths beneath `/openapi`.
pub fn handle(segments: &[&str]) -> Result<Answer, Failure> {
    match segments {
        ["v3"] => {
            let core = std::iter::once("api/v1".to_owned());
            let paths = core.chain(groups().into_iter().map(|group| format!("apis/{group}/v1")));
            let paths = paths.map(|path| (path.clone(), json!({ "serverRelativeURL": format!("/openapi/v3/{path}") })));
            Ok(Answer::ok(json!({ "paths": paths.collect::<serde_json::Map<_, _>>() })))
        }
        ["v3", "api", "v1"] => Ok(Answer::ok(document(""))),
        ["v3", "apis", group, "v1"] if groups().contains(group) => Ok(Answer::ok(document(group))),
        // Version 2 is read as Protocol Buffers by kubectl: `swagger: "2.0"` and nothing else, for it is only fallen
        // back to.
        ["v2"] => {
            Ok(Answer::Raw(200, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf", b"\x0a\x032.0".to_vec()))
        }
        _ => Err(Failure::no_such_path()),
    }
}

fn document(group: &str) -> Value {
    let mut paths = json!({});
    for resource in RESOURCES.iter().filter(|resource| resource.group == group) {
        let base = if group.is_empty() { "/api/v1".to_owned() } else { format!("/apis/{group}/v1") };
        let place = if resource.namespaced { "/namespaces/{namespace}" } else { "" };
        let collection = format!("{base}{place}/{}", resource.plural);
        paths[&collection] = operations(resource, &["get", "post"]);
        if !resource.is_review() {
            paths[format!("{collection}/{{name}}")] = operations(resource, &["get", "put", "patch", "delete"]);
        }
    }
    let schemas = schema::structs().keys().map(|name| (reference_name(name), structure(name)));
    json!({
        "openapi": "3.0.0", "info": { "title": "Kubernetes", "version": "v1.32.4" }, "paths": paths,
        "components": { "schemas": schemas.collect::<serde_json::Map<_, _>>() },
    })
}

fn operations(resource: &Resource, methods: &[&str]) -> Value {
    let parameter = |name: &str| json!({ "name": name, "in": "query", "schema": { "type": "string" } });
    let parameters: Vec<Value> = ["dryRun", "fieldManager", "fieldValidation", "force"].map(parameter).into();
    let operation = |method: &&str| {
        let media = if *method == "patch" { "application/apply-patch+yaml" } else { "application/json" };
        let schema = json!({ "schema": { "$ref": reference(resource.kind) } });
        let operation = json!({
            "x-kubernetes-group-version-kind": gvk(resource),
            "parameters": parameters,
            "requestBody": { "content": { media: schema } },
            "responses": { "200": { "description": "OK", "content": { "application/json": schema } } },
        });
        ((*method).to_owned(), operation)
    };
    Value::Object(methods.iter().map(operation).collect())
}

fn gvk(resource: &Resource) -> Value {
    json!({ "group": resource.group, "version": resource.version, "kind": resource.kind })
}

fn reference_name(name: &str) -> String {
    format!("io.k8s.api.{name}")
}

fn reference(name: &str) -> String {
    format!("#/components/schemas/{}", reference_name(name))
}

fn structure(name: &str) -> Value {
    let fields = schema::fields(name).expect("it is one of them");
    let mut properties: serde_json::Map<String, Value> = fields
        .iter()
        .map(|(name, field)| ((*name).to_owned(), property(&field.kind, field.default.as_ref())))
        .collect();
    let required: Vec<&str> = fields.iter().filter(|(_, field)| field.required).map(|(name, _)| *name).collect();
    let mut structure = json!({ "type": "object", "required": required });
    if let Some(resource) = RESOURCES.iter().find(|resource| resource.kind == name) {
        for field in ["apiVersion", "kind"] {
            properties.insert(field.to_owned(), json!({ "type": "string" }));
        }
        structure["x-kubernetes-group-version-kind"] = json!([gvk(resource)]);
    }
    structure["properties"] = Value::Object(properties);
    structure
}

fn property(kind: &Type, default: Option<&Value>) -> Value {
    let mut property = match kind {
        Type::Scalar("int") => json!({ "type": "integer", "format": "int64" }),
        Type::Scalar("bool") => json!({ "type": "boolean" }),
        Type::Scalar("intstr" | "quantity") => json!({ "oneOf": [{ "type": "integer" }, { "type": "string" }] }),
        Type::Scalar(_) => json!({ "type": "string" }),
        Type::Any => json!({ "type": "object" }),
        Type::Named(name) => json!({ "allOf": [{ "$ref": reference(name) }] }),
        Type::Map(inner) => json!({ "type": "object", "additionalProperties": property(inner, None) }),
        Type::Atomic(inner) => {
            let mut inner = property(inner, None);
            inner["x-kubernetes-map-type"] = json!("atomic");
            inner
        }
        Type::List(inner, items) => {
            let mut list = json!({ "type": "array", "items": property(inner, None) });
            match items {
                Items::Atomic => list["x-kubernetes-list-type"] = json!("atomic"),
                Items::Set => list["x-kubernetes-list-type"] = json!("set"),
                Items::Keys(keys) => {
                    list["x-kubernetes-list-type"] = json!("map");
                    list["x-kubernetes-list-map-keys"] = json!(keys);
                    list["x-kubernetes-patch-strategy"] = json!("merge");
                    list["x-kubernetes-patch-merge-key"] = json!(keys[0]);
                }
            }
            list
        }
    };
    if let Some(default) = default {
        property["default"] = default.clone();
    }
    property
}
