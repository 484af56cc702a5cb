//! The Kubernetes objects of a service, as data: the same release makes the same objects.
//!
//! Pods fulfil the *restricted* pod security standard. Configuration is in a `ConfigMap` that is named after its
//! content and never changes: so old and new pods each keep theirs, and new content means a new rollout.

mod pod;

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use xtask_core::text;

/// Who owns the fields of these objects in server-side apply.
pub const FIELD_MANAGER: &str = "xtask";
/// The label by which a service's objects are found.
pub const NAME: &str = "app.kubernetes.io/name";
/// The label that names the creator of an object.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// The annotation of a deployment with the commit that it is from.
pub const COMMIT: &str = "xtask.dev/commit";
/// The annotation of a deployment with the run that wrote it.
pub const RUN: &str = "xtask.dev/run";
/// The annotation of pods that were replaced although nothing had changed.
pub const RESTARTED: &str = "xtask.dev/restarted";
/// The port that a service's Service listens on.
const SERVICE_PORT: u16 = 80;

/// The wanted state of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The service's name: a DNS label.
    pub service: String,
    /// Its version.
    pub version: String,
    /// The commit that it is built from, 40 hexadecimal digits.
    pub commit: String,
    /// Its image by digest: `registry/repository@sha256:…`. Empty, as the commit is, until the images are known.
    pub image: String,
    /// The port that the process listens on.
    pub port: u16,
    /// The number of replicas.
    pub replicas: u32,
    /// The servers that it may reach, by name.
    pub needs: Vec<String>,
    /// The variables that it requires: the addresses of these servers.
    pub requires: Vec<String>,
    /// What it has in common with all services of the workspace.
    pub conventions: Conventions,
    /// Where it goes.
    pub place: Place,
}

/// What all services of a workspace have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conventions {
    /// The path that answers while a service lives; `None` where there is none.
    pub health: Option<String>,
    /// The path that answers while it accepts requests.
    pub ready: Option<String>,
    /// The variables of its pods, with `{commit}`, `{port}`, `{service}` and `{version}`.
    pub variables: BTreeMap<String, String>,
    /// The user and the group that it runs as, as in its image.
    pub ids: (u32, u32),
}

/// The settings that all services of an environment share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The namespace.
    pub namespace: String,
    /// The configuration that the processes read, besides the release's own.
    pub variables: BTreeMap<String, String>,
    /// The Secret with the confidential variables, by the service's name: `{service}` is replaced by it.
    pub secret: Option<String>,
    /// The CPU and memory that a pod requests, and its memory limit.
    pub resources: Resources,
    /// The ports of the servers that services may reach, by name: `postgres` → 5432.
    pub server_ports: BTreeMap<String, u16>,
    /// The callers that services accept besides the pods of the namespace.
    pub callers: Vec<Peer>,
}

/// A caller from outside the namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Addresses in CIDR notation: those of a load balancer, or of the API server.
    Addresses(String),
    /// The pods of another namespace, by its name.
    Namespace(String),
}

/// In Kubernetes' notation: `100m`, `64Mi`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resources {
    /// The CPU that is reserved for a pod. There is no limit: it would only slow a pod down beside an idle processor.
    pub cpu: String,
    /// The memory that is reserved for a pod.
    pub memory: String,
    /// The memory above which a pod is killed.
    pub memory_limit: String,
}

impl Release {
    /// All objects of the service, in the order in which they are applied: the deployment last, as it needs the others.
    pub fn objects(&self) -> Vec<Value> {
        let mut objects = vec![self.account(), self.config(), self.policy(), self.front()];
        if self.replicas > 1 {
            objects.push(self.budget());
        }
        objects.push(self.deployment());
        objects
    }

    /// The digest of its image, `sha256:…`.
    pub fn digest(&self) -> &str {
        self.image.rsplit_once('@').map_or("", |(_, digest)| digest)
    }

    /// The name of the `ConfigMap`: the service's, and a fingerprint of its content.
    pub fn config_name(&self) -> String {
        format!("{}-{}", self.service, content_name(&json!(self.variables())))
    }

    /// The Secret that must exist, if the environment has one.
    pub fn secret_name(&self) -> Option<String> {
        self.place.secret.as_ref().map(|name| name.replace("{service}", &self.service))
    }

    /// The variables that its Secret must contain: those that it requires and that come from nowhere else.
    pub fn secret_keys(&self) -> impl Iterator<Item = &String> {
        let given =
            |key: &str| [&self.place.variables, &self.conventions.variables].iter().any(|it| it.contains_key(key));
        self.requires.iter().filter(move |key| !given(key))
    }

    fn variables(&self) -> BTreeMap<String, String> {
        let mut variables = self.place.variables.clone();
        let value = |name: &str| match name {
            "commit" => self.commit.clone(),
            "port" => self.port.to_string(),
            "service" => self.service.clone(),
            _ => self.version.clone(),
        };
        let own = self.conventions.variables.iter();
        variables.extend(own.map(|(name, text)| (name.clone(), text::fill(text, value))));
        variables
    }

    fn account(&self) -> Value {
        // The services never talk to Kubernetes, so no pod gets a token for it.
        self.object("v1", "ServiceAccount", &self.service, json!({ "automountServiceAccountToken": false }))
    }

    fn config(&self) -> Value {
        self.object("v1", "ConfigMap", &self.config_name(), json!({ "immutable": true, "data": self.variables() }))
    }

    fn front(&self) -> Value {
        let port = json!({ "name": "http", "port": SERVICE_PORT, "protocol": "TCP", "targetPort": "http" });
        let spec = json!({ "type": "ClusterIP", "selector": self.selector(), "ports": [port] });
        self.object("v1", "Service", &self.service, json!({ "spec": spec }))
    }

    fn budget(&self) -> Value {
        let spec = json!({ "maxUnavailable": 1, "selector": { "matchLabels": self.selector() } });
        self.object("policy/v1", "PodDisruptionBudget", &self.service, json!({ "spec": spec }))
    }

    /// Ingress: the service's port, from the namespace and the callers. Egress: DNS, and the servers that it needs.
    fn policy(&self) -> Value {
        let peer = |peer: &Peer| match peer {
            Peer::Addresses(range) => json!({ "ipBlock": { "cidr": range } }),
            Peer::Namespace(name) => {
                json!({ "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": name } } })
            }
        };
        let callers: Vec<Value> =
            std::iter::once(json!({ "podSelector": {} })).chain(self.place.callers.iter().map(peer)).collect();
        let tcp = |port: u16| json!({ "protocol": "TCP", "port": port });
        let servers: Vec<Value> =
            self.needs.iter().filter_map(|need| self.place.server_ports.get(need)).map(|port| tcp(*port)).collect();
        let mut out = vec![json!({ "ports": [{ "protocol": "UDP", "port": 53 }, tcp(53)] })];
        if !servers.is_empty() {
            out.push(json!({ "ports": servers }));
        }
        let spec = json!({
            "podSelector": { "matchLabels": self.selector() },
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{ "from": callers, "ports": [tcp(self.port)] }],
            "egress": out,
        });
        self.object("networking.k8s.io/v1", "NetworkPolicy", &self.service, json!({ "spec": spec }))
    }

    fn deployment(&self) -> Value {
        let spec = json!({
            "replicas": self.replicas,
            "revisionHistoryLimit": 5,
            // After this the rollout counts as failed; Kubernetes itself does not undo anything.
            "progressDeadlineSeconds": 300,
            "minReadySeconds": 5,
            "selector": { "matchLabels": self.selector() },
            "strategy": { "type": "RollingUpdate", "rollingUpdate": { "maxSurge": 1, "maxUnavailable": 0 } },
            "template": {
                "metadata": { "labels": self.labels() },
                "spec": pod::spec(self),
            },
        });
        self.object("apps/v1", "Deployment", &self.service, json!({ "spec": spec }))
    }

    fn object(&self, version: &str, kind: &str, name: &str, rest: Value) -> Value {
        let mut object = Map::new();
        object.insert("apiVersion".to_owned(), version.into());
        object.insert("kind".to_owned(), kind.into());
        let metadata = json!({
            "name": name,
            "namespace": self.place.namespace,
            "labels": self.labels(),
            "annotations": { COMMIT: self.commit },
        });
        object.insert("metadata".to_owned(), metadata);
        if let Value::Object(rest) = rest {
            object.extend(rest);
        }
        Value::Object(object)
    }

    /// The labels that never change for the service: a selector cannot be changed later.
    fn selector(&self) -> Value {
        json!({ NAME: self.service })
    }

    fn labels(&self) -> Value {
        json!({
            NAME: self.service,
            "app.kubernetes.io/version": self.version,
            MANAGED_BY: FIELD_MANAGER,
        })
    }
}

/// The suffix of the name of a `ConfigMap` with this data.
pub fn content_name(data: &Value) -> String {
    format!("{:016x}", fnv1a(data.to_string().as_bytes()))
}

/// A short fingerprint of a content, not a proof of it: FNV-1a, the same on every machine and with every compiler.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(super) use tests::release;
