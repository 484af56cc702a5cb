//! Services find their pods: `EndpointSlice`s, and the older `Endpoints`.

use super::{all, beside};
use crate::objects::json::{condition, is_terminating, list, name, namespace, number, owned_by, text, uid};
use crate::objects::kinds::named;
use crate::objects::owners::Writer;
use crate::objects::selector::Selector;
use crate::state::{State, letters};
use serde_json::{Value, json};
use std::sync::Arc;

/// One round.
pub fn publish(state: &mut State) {
    for (_, service) in all(state, "services") {
        let selector = Selector::equal(&service["spec"]["selector"]);
        if selector.is_empty() {
            continue;
        }
        let pods = state.store.list(named("pods"), namespace(&service)).map(|(_, pod)| pod);
        let reached = |pod: &&Arc<Value>| selector.meets_labels(pod) && !text(pod, "/status/podIP").is_empty();
        let pods: Vec<Arc<Value>> = pods.filter(reached).cloned().collect();
        let writer = Writer::update("endpointslice-controller", "");
        let of = format!("{}-{}", name(&service), letters(uid(&service), 5));
        let slice = (beside(&service, "endpointslices", &of), slice(&service, &pods));
        let endpoints = (beside(&service, "endpoints", name(&service)), endpoints(&service, &pods));
        for (key, object) in [slice, endpoints] {
            let same = |old: &Value| ["endpoints", "ports", "subsets"].iter().all(|of| old.get(of) == object.get(of));
            if !state.store.get(&key).is_some_and(same) {
                state.commit(&key, object, &writer);
            }
        }
    }
}

fn slice(service: &Value, pods: &[Arc<Value>]) -> Value {
    let endpoint = |pod: &Arc<Value>| {
        let ready = condition(pod, "Ready") == "True";
        json!({
            "addresses": [text(pod, "/status/podIP")], "nodeName": text(pod, "/spec/nodeName"),
            "targetRef": target(pod),
            "conditions": {
                "ready": ready && !is_terminating(pod), "serving": ready, "terminating": is_terminating(pod),
            },
        })
    };
    json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {
            "labels": {
                "kubernetes.io/service-name": name(service),
                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            },
            "generateName": format!("{}-", name(service)), "ownerReferences": owned_by(service),
        },
        "endpoints": pods.iter().map(endpoint).collect::<Vec<_>>(),
        "ports": ports(service, pods.first().map(Arc::as_ref)),
    })
}

fn endpoints(service: &Value, pods: &[Arc<Value>]) -> Value {
    let alive = |pod: &&Arc<Value>| !is_terminating(pod);
    let address = |pod: &Value| json!({ "ip": text(pod, "/status/podIP"), "targetRef": target(pod) });
    let (ready, unready): (Vec<&Arc<Value>>, Vec<&Arc<Value>>) =
        pods.iter().filter(alive).partition(|pod| condition(pod, "Ready") == "True");
    let mut subset = json!({ "ports": ports(service, pods.first().map(Arc::as_ref)) });
    for (field, pods) in [("addresses", &ready), ("notReadyAddresses", &unready)] {
        if !pods.is_empty() {
            subset[field] = json!(pods.iter().map(|pod| address(pod)).collect::<Vec<_>>());
        }
    }
    let subsets = if ready.is_empty() && unready.is_empty() { json!([]) } else { json!([subset]) };
    json!({ "apiVersion": "v1", "kind": "Endpoints", "subsets": subsets,
        "metadata": { "ownerReferences": owned_by(service) } })
}

fn target(pod: &Value) -> Value {
    json!({ "kind": "Pod", "name": name(pod), "namespace": namespace(pod), "uid": uid(pod) })
}

/// The ports that the pods listen on: `targetPort`, by number or by the container's name for it.
fn ports(service: &Value, pod: Option<&Value>) -> Vec<Value> {
    let named = |port: &str| {
        let containers = pod.map(|pod| list(pod, "/spec/containers")).unwrap_or_default();
        let mut ports = containers.iter().flat_map(|container| list(container, "/ports"));
        ports.find(|known| known["name"] == port).map(|known| number(known, "/containerPort"))
    };
    let resolved = |port: &Value| {
        let number = match &port["targetPort"] {
            Value::String(name) => named(name)?,
            Value::Number(number) => number.as_i64()?,
            _ => number(port, "/port"),
        };
        Some(json!({ "name": text(port, "/name"), "port": number, "protocol": text(port, "/protocol") }))
    };
    list(service, "/spec/ports").iter().filter_map(resolved).collect()
}
