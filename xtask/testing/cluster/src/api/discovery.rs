//! What there is: groups, versions and resources, in the old form and in the aggregated one, and the server's version.

use super::{Answer, openapi};
use crate::objects::kinds::{RESOURCES, Resource, groups};
use crate::request::Request;
use crate::status::Failure;
use serde_json::{Value, json};

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// Paths that name no resource.
pub fn handle(request: &Request) -> Result<Answer, Failure> {
    let segments: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    match segments.as_slice() {
        _ if request.method != "GET" => Err(Failure::method_not_allowed()),
        ["healthz" | "livez" | "readyz", ..] => Ok(Answer::text("ok")),
        ["version"] => Ok(Answer::ok(version())),
        ["api"] if aggregated(request) => Ok(groups_as_one(&[""])),
        ["apis"] if aggregated(request) => Ok(groups_as_one(&groups())),
        ["api"] => Ok(Answer::ok(json!({ "kind": "APIVersions", "versions": ["v1"] }))),
        ["apis"] => {
            let groups: Vec<Value> = groups().into_iter().map(group).collect();
            Ok(Answer::ok(json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups })))
        }
        ["apis", name] if groups().contains(name) => Ok(Answer::ok(group(name))),
        ["api", "v1"] => Ok(Answer::ok(resources(""))),
        ["apis", name, "v1"] if groups().contains(name) => Ok(Answer::ok(resources(name))),
        ["openapi", rest @ ..] => openapi::handle(rest),
        _ => Err(Failure::no_such_path()),
    }
}

fn version() -> Value {
    json!({
        "major": "1", "minor": "32", "gitVersion": "v1.32.4", "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "2025-04-22T16:00:00Z", "goVersion": "none", "compiler": "rustc", "platform": "linux/amd64",
    })
}

fn aggregated(request: &Request) -> bool {
    request.accept.contains("v=v2;") && request.accept.contains("as=APIGroupDiscoveryList")
}

fn of_group(group: &str) -> impl Iterator<Item = &'static Resource> {
    RESOURCES.iter().filter(move |resource| resource.group == group)
}

fn groups_as_one(groups: &[&str]) -> Answer {
    let items: Vec<Value> = groups
        .iter()
        .map(|group| {
            let resources: Vec<Value> = of_group(group).map(described).collect();
            let version = json!({ "version": "v1", "resources": resources, "freshness": "Current" });
            json!({ "metadata": { "name": group, "creationTimestamp": null }, "versions": [version] })
        })
        .collect();
    let list = json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items,
    });
    Answer::Raw(200, AGGREGATED, list.to_string().into_bytes())
}

fn described(resource: &Resource) -> Value {
    let kind = |kind: &str| json!({ "group": resource.group, "version": resource.version, "kind": kind });
    let subresources = resource.subresources.iter().map(
        |name| json!({ "subresource": name, "responseKind": kind(resource.kind), "verbs": ["get", "patch", "update"] }),
    );
    json!({
        "resource": resource.plural, "responseKind": kind(resource.kind), "singularResource": resource.singular,
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
        "verbs": resource.verbs(), "shortNames": resource.short, "categories": categories(resource),
        "subresources": subresources.collect::<Vec<_>>(),
    })
}

fn categories(resource: &Resource) -> &'static [&'static str] {
    if matches!(resource.plural, "pods" | "services" | "deployments" | "replicasets") { &["all"] } else { &[] }
}

fn group(name: &str) -> Value {
    let version = json!({ "groupVersion": format!("{name}/v1"), "version": "v1" });
    json!({ "kind": "APIGroup", "apiVersion": "v1", "name": name, "versions": [version], "preferredVersion": version })
}

fn resources(group: &str) -> Value {
    let mut resources = Vec::new();
    for resource in of_group(group) {
        resources.push(json!({
            "name": resource.plural, "singularName": resource.singular, "namespaced": resource.namespaced,
            "kind": resource.kind, "verbs": resource.verbs(), "shortNames": resource.short,
            "categories": categories(resource),
        }));
        resources.extend(resource.subresources.iter().map(|subresource| {
            json!({
                "name": format!("{}/{subresource}", resource.plural), "singularName": "",
                "namespaced": resource.namespaced, "kind": resource.kind, "verbs": ["get", "patch", "update"],
            })
        }));
    }
    let version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
    json!({ "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources })
}
