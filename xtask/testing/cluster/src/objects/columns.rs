//! The columns of `kubectl get`, resource by resource. A column is data: its name, whether only `-o wide` shows it, and
//! how its cell is made.

use super::json::{condition, entries, is_terminating, list, number, text};
use crate::clock;
use serde_json::{Value, json};

/// A column.
pub struct Column {
    /// Its head.
    pub name: &'static str,
    /// Whether only `-o wide` shows it.
    pub wide: bool,
    /// Its cell, of an object at a time (seconds).
    pub cell: fn(&Value, u64) -> Value,
}

const fn column(name: &'static str, cell: fn(&Value, u64) -> Value) -> Column {
    Column { name, wide: false, cell }
}

const fn wide(name: &'static str, cell: fn(&Value, u64) -> Value) -> Column {
    Column { name, wide: true, cell }
}

const NAME: Column = column("Name", |object, _| json!(text(object, "/metadata/name")));
const AGE: Column = column("Age", |object, now| json!(age(text(object, "/metadata/creationTimestamp"), now)));
const CONTAINERS: Column = wide("Containers", |object, _| json!(of_containers(object, "/name")));
const IMAGES: Column = wide("Images", |object, _| json!(of_containers(object, "/image")));
const SELECTOR: Column = wide("Selector", |object, _| json!(labels(object, "/spec/selector/matchLabels")));

static OTHERS: [Column; 2] = [NAME, AGE];
static PODS: [Column; 7] = [
    NAME,
    column("Ready", |pod, _| {
        let containers = list(pod, "/status/containerStatuses");
        let ready = containers.iter().filter(|container| container["ready"] == true).count();
        json!(format!("{ready}/{}", list(pod, "/spec/containers").len()))
    }),
    column("Status", |pod, _| json!(pod_status(pod))),
    column("Restarts", |pod, _| {
        let restarts: i64 =
            list(pod, "/status/containerStatuses").iter().map(|status| number(status, "/restartCount")).sum();
        json!(restarts.to_string())
    }),
    AGE,
    wide("IP", |pod, _| or_none(text(pod, "/status/podIP"))),
    wide("Node", |pod, _| or_none(text(pod, "/spec/nodeName"))),
];
static DEPLOYMENTS: [Column; 8] = [
    NAME,
    column("Ready", |object, _| {
        json!(format!("{}/{}", number(object, "/status/readyReplicas"), number(object, "/spec/replicas")))
    }),
    column("Up-to-date", |object, _| json!(number(object, "/status/updatedReplicas"))),
    column("Available", |object, _| json!(number(object, "/status/availableReplicas"))),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];
static REPLICASETS: [Column; 8] = [
    NAME,
    column("Desired", |object, _| json!(number(object, "/spec/replicas"))),
    column("Current", |object, _| json!(number(object, "/status/replicas"))),
    column("Ready", |object, _| json!(number(object, "/status/readyReplicas"))),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];
static SERVICES: [Column; 7] = [
    NAME,
    column("Type", |object, _| json!(text(object, "/spec/type"))),
    column("Cluster-IP", |object, _| or_none(text(object, "/spec/clusterIP"))),
    column("External-IP", |_, _| json!("<none>")),
    column("Port(s)", |object, _| {
        let port = |port: &Value| format!("{}/{}", number(port, "/port"), text(port, "/protocol"));
        json!(join(list(object, "/spec/ports").iter().map(port)))
    }),
    AGE,
    wide("Selector", |object, _| json!(labels(object, "/spec/selector"))),
];
static EVENTS: [Column; 8] = [
    column("Last Seen", |event, now| json!(age(text(event, "/lastTimestamp"), now))),
    column("Type", |event, _| json!(text(event, "/type"))),
    column("Reason", |event, _| json!(text(event, "/reason"))),
    column("Object", |event, _| {
        let (kind, name) = (text(event, "/involvedObject/kind"), text(event, "/involvedObject/name"));
        json!(format!("{}/{name}", kind.to_lowercase()))
    }),
    wide("Source", |event, _| json!(text(event, "/source/component"))),
    column("Message", |event, _| json!(text(event, "/message"))),
    wide("Count", |event, _| json!(number(event, "/count"))),
    wide("Name", |event, _| json!(text(event, "/metadata/name"))),
];
static CONFIGMAPS: [Column; 3] = [
    NAME,
    column("Data", |object, _| json!(entries(object, "/data").count() + entries(object, "/binaryData").count())),
    AGE,
];
static SECRETS: [Column; 4] = [
    NAME,
    column("Type", |object, _| json!(text(object, "/type"))),
    column("Data", |object, _| json!(entries(object, "/data").count())),
    AGE,
];
static SERVICE_ACCOUNTS: [Column; 3] =
    [NAME, column("Secrets", |object, _| json!(list(object, "/secrets").len())), AGE];
static NAMESPACES: [Column; 3] = [NAME, column("Status", |object, _| json!(text(object, "/status/phase"))), AGE];
static NODES: [Column; 5] = [
    NAME,
    column("Status", |node, _| json!(if condition(node, "Ready") == "True" { "Ready" } else { "NotReady" })),
    column("Roles", |_, _| json!("<none>")),
    AGE,
    column("Version", |node, _| json!(text(node, "/status/nodeInfo/kubeletVersion"))),
];
static ENDPOINTS: [Column; 3] = [NAME, column("Endpoints", |object, _| or_none(&endpoint_addresses(object))), AGE];
static ENDPOINT_SLICES: [Column; 5] = [
    NAME,
    column("AddressType", |object, _| json!(text(object, "/addressType"))),
    column("Ports", |object, _| {
        or_none(&join(list(object, "/ports").iter().map(|port| number(port, "/port").to_string())))
    }),
    column("Endpoints", |object, _| {
        let addresses = list(object, "/endpoints").iter().flat_map(|endpoint| list(endpoint, "/addresses"));
        or_none(&join(addresses.map(|address| text(address, "").to_owned())))
    }),
    AGE,
];
static LEASES: [Column; 3] = [NAME, column("Holder", |object, _| json!(text(object, "/spec/holderIdentity"))), AGE];
static BUDGETS: [Column; 5] = [
    NAME,
    column("Min Available", |object, _| or_na(object.pointer("/spec/minAvailable"))),
    column("Max Unavailable", |object, _| or_na(object.pointer("/spec/maxUnavailable"))),
    column("Allowed Disruptions", |object, _| json!(number(object, "/status/disruptionsAllowed"))),
    AGE,
];
static POLICIES: [Column; 3] =
    [NAME, column("Pod-Selector", |object, _| json!(labels(object, "/spec/podSelector/matchLabels"))), AGE];

/// The columns of a resource.
pub fn of(plural: &str) -> &'static [Column] {
    match plural {
        "pods" => &PODS,
        "deployments" => &DEPLOYMENTS,
        "replicasets" => &REPLICASETS,
        "services" => &SERVICES,
        "events" => &EVENTS,
        "configmaps" => &CONFIGMAPS,
        "secrets" => &SECRETS,
        "serviceaccounts" => &SERVICE_ACCOUNTS,
        "namespaces" => &NAMESPACES,
        "nodes" => &NODES,
        "endpoints" => &ENDPOINTS,
        "endpointslices" => &ENDPOINT_SLICES,
        "leases" => &LEASES,
        "poddisruptionbudgets" => &BUDGETS,
        "networkpolicies" => &POLICIES,
        _ => &OTHERS,
    }
}

/// What `kubectl get pods` shows as status: the reason of a waiting container outweighs the phase.
fn pod_status(pod: &Value) -> &str {
    if is_terminating(pod) {
        return "Terminating";
    }
    let states = list(pod, "/status/containerStatuses").iter();
    let reasons = states.map(|status| match text(status, "/state/waiting/reason") {
        "" => text(status, "/state/terminated/reason"),
        reason => reason,
    });
    reasons.rev().find(|reason| !reason.is_empty()).unwrap_or_else(|| text(pod, "/status/phase"))
}

fn endpoint_addresses(endpoints: &Value) -> String {
    let subsets = list(endpoints, "/subsets").iter();
    join(subsets.flat_map(|subset| {
        let port = number(subset, "/ports/0/port");
        list(subset, "/addresses").iter().map(move |address| format!("{}:{port}", text(address, "/ip")))
    }))
}

fn of_containers(object: &Value, field: &str) -> String {
    join(list(object, "/spec/template/spec/containers").iter().map(|container| text(container, field).to_owned()))
}

fn labels(object: &Value, pointer: &str) -> String {
    let labels = join(entries(object, pointer).map(|(key, value)| format!("{key}={}", text(value, ""))));
    if labels.is_empty() { "<none>".into() } else { labels }
}

fn join(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(",")
}

fn or_none(text: &str) -> Value {
    json!(if text.is_empty() { "<none>" } else { text })
}

fn or_na(value: Option<&Value>) -> Value {
    json!(value.map_or_else(|| "N/A".to_owned(), |value| value.to_string().trim_matches('"').to_owned()))
}

/// The time since then in the words of kubectl: `45s`, `3m20s`, `17m`, `5h3m`, `4d`.
fn age(since: &str, now: u64) -> String {
    let Some(since) = clock::seconds(since) else { return "<unknown>".into() };
    let seconds = now.saturating_sub(since);
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..600 if seconds % 60 > 0 => format!("{minutes}m{}s", seconds % 60),
        120..10_800 => format!("{minutes}m"),
        10_800..28_800 if minutes % 60 > 0 => format!("{hours}h{}m", minutes % 60),
        10_800..172_800 => format!("{hours}h"),
        _ => format!("{days}d"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_as_kubectl_says_them() {
        let of = |seconds: u64| age("1970-01-01T00:00:00Z", seconds);
        assert_eq!([45, 200, 600, 18_180, 7_200, 345_600].map(of), ["45s", "3m20s", "10m", "5h3m", "120m", "4d"]);
    }

    #[test]
    fn the_reason_of_a_container_outweighs_the_phase() {
        let pod = |state: Value| json!({ "status": { "phase": "Pending", "containerStatuses": [{ "state": state }] } });
        assert_eq!(pod_status(&pod(json!({ "waiting": { "reason": "ErrImagePull" } }))), "ErrImagePull");
        assert_eq!(pod_status(&pod(json!({ "running": {} }))), "Pending");
    }
}
