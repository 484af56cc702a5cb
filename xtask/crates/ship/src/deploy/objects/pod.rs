//! The pod of a service: one container that may do nothing but its work.

use super::{NAME, Release};
use serde_json::{Value, json};

/// How long a pod may take to drain before it is killed, in seconds; services need 10 at most.
const GRACE_S: u32 = 30;

/// The pod's specification.
pub(super) fn spec(release: &Release) -> Value {
    let spread = json!({
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        // Two pods on one node are better than one pod that waits for a node.
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": { "matchLabels": { NAME: release.service } },
    });
    let (user, group) = release.conventions.ids;
    json!({
        "serviceAccountName": release.service,
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        "terminationGracePeriodSeconds": GRACE_S,
        "securityContext": {
            "runAsNonRoot": true,
            "runAsUser": user,
            "runAsGroup": group,
            "fsGroup": group,
            "seccompProfile": { "type": "RuntimeDefault" },
        },
        "topologySpreadConstraints": [spread],
        "containers": [container(release)],
    })
}

fn container(release: &Release) -> Value {
    let resources = &release.place.resources;
    let mut variables = vec![json!({ "configMapRef": { "name": release.config_name() } })];
    if let Some(secret) = release.secret_name() {
        variables.push(json!({ "secretRef": { "name": secret } }));
    }
    let mut container = json!({
        "name": release.service,
        "image": release.image,
        // A digest identifies exactly one content: an image that the node has is the one that was pushed.
        "imagePullPolicy": "IfNotPresent",
        "ports": [{ "name": "http", "containerPort": release.port, "protocol": "TCP" }],
        "envFrom": variables,
        "resources": {
            "requests": { "cpu": resources.cpu, "memory": resources.memory },
            "limits": { "memory": resources.memory_limit },
        },
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": { "drop": ["ALL"] },
        },
    });
    if let Some(path) = &release.conventions.health {
        // A start may take a minute; after that, the other two probes count.
        container["startupProbe"] = probe(path, 2, 30);
        container["livenessProbe"] = probe(path, 10, 3);
    }
    if let Some(path) = &release.conventions.ready {
        container["readinessProbe"] = probe(path, 5, 2);
    }
    container
}

/// `period` in seconds; `failures` in a row count.
fn probe(path: &str, period: u32, failures: u32) -> Value {
    let question = json!({ "path": path, "port": "http" });
    json!({ "httpGet": question, "periodSeconds": period, "timeoutSeconds": 3, "failureThreshold": failures })
}
