//! All that the cluster knows, and the one way in which an object is written: with its metadata, its generation and
//! the owners of its fields.

use crate::access::Access;
use crate::clock;
use crate::controllers::pod::Life;
use crate::faults::Faults;
use crate::log::Log;
use crate::objects::json::{is_terminating, list, metadata, name, namespace, text, uid};
use crate::objects::kinds::named;
use crate::objects::owners::{self, Writer};
use crate::objects::schema::Type;
use crate::objects::store::{Key, Store};
use crate::sha::hex;
use crate::workloads::Workloads;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// The cluster's state.
#[derive(Debug, Default)]
pub struct State {
    /// The objects.
    pub store: Store,
    /// The time, in seconds since 1970.
    pub now: u64,
    /// Who may do what.
    pub access: Access,
    /// What shall go wrong.
    pub faults: Faults,
    /// What was asked.
    pub log: Log,
    /// How images and programs behave.
    pub workloads: Workloads,
    /// How far each pod has come, by uid.
    pub lives: BTreeMap<String, Life>,
    /// Where the server listens, `https://127.0.0.1:…`.
    pub endpoint: String,
    /// The certificate of its authority, in PEM.
    pub authority: String,
    named: u64,
}

impl State {
    /// An empty cluster: the namespaces that are always there, and a node.
    pub fn new() -> Self {
        let mut state = Self { now: clock::now(), ..Self::default() };
        for name in ["default", "kube-system"] {
            state.create_namespace(name);
        }
        let node = json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": "node-1" }, "status": {
            "conditions": [{ "type": "Ready", "status": "True", "reason": "KubeletReady" }],
            "nodeInfo": { "kubeletVersion": "v1.32.4", "operatingSystem": "linux", "architecture": "amd64" },
        } });
        state.commit(&Key::new(named("nodes"), "", "node-1"), node, &Writer::update("kubelet", ""));
        state
    }

    /// A namespace.
    pub fn create_namespace(&mut self, name: &str) {
        let object = json!({ "apiVersion": "v1", "kind": "Namespace",
            "metadata": { "name": name, "labels": { "kubernetes.io/metadata.name": name } },
            "spec": { "finalizers": ["kubernetes"] }, "status": { "phase": "Active" } });
        self.commit(&Key::new(named("namespaces"), "", name), object, &Writer::controller(""));
    }

    /// The time as objects say it.
    pub fn timestamp(&self) -> String {
        clock::timestamp(self.now)
    }

    /// Five letters that no other name here ends with.
    pub fn suffix(&mut self) -> String {
        self.named += 1;
        letters(&format!("name {}", self.named), 5)
    }

    /// Writes an object, new or changed, and returns it as it is stored. What is the same as before is not written.
    pub fn commit(&mut self, key: &Key, object: Value, writer: &Writer) -> Value {
        let (object, changed) = self.prepare(key, object, writer);
        if changed { self.store.put(key.clone(), object) } else { object }
    }

    /// The object as [`commit`](Self::commit) would store it, and whether it would. Nothing is written.
    pub fn prepare(&mut self, key: &Key, mut object: Value, writer: &Writer) -> (Value, bool) {
        let now = self.timestamp();
        let kind = Type::of_kind(key.resource.kind);
        let old = self.store.get(key);
        let fields = metadata(&mut object);
        fields.insert("name".into(), json!(key.name));
        if key.resource.namespaced {
            fields.insert("namespace".into(), json!(key.namespace));
        }
        let Some(old) = old else {
            self.named += 1;
            fields.insert("uid".into(), json!(make_uid(self.named)));
            fields.insert("creationTimestamp".into(), json!(now));
            if key.resource.counts_generations() {
                object["metadata"]["generation"] = json!(1);
            }
            owners::note(None, &mut object, &kind, writer, &now);
            return (object, true);
        };
        for given in ["uid", "creationTimestamp", "generation", "resourceVersion", "managedFields"] {
            match old["metadata"].get(given) {
                Some(value) => fields.insert(given.into(), value.clone()),
                None => fields.remove(given),
            };
        }
        if key.resource.counts_generations() && old["spec"] != object["spec"] {
            object["metadata"]["generation"] = json!(old["metadata"]["generation"].as_i64().unwrap_or(0) + 1);
        }
        // An apply that changes no value may still change who owns what.
        if object == *old && writer.applied.is_none() {
            return (object, false);
        }
        owners::note(Some(old), &mut object, &kind, writer, &now);
        let changed = object != *old;
        (object, changed)
    }

    /// Deletes an object and returns its last state. A pod ends gracefully unless `at_once`; finalizers are waited for.
    pub fn delete(&mut self, key: &Key, at_once: bool) -> Option<Value> {
        let object = self.store.get(key)?.clone();
        let waits = (key.resource.kind == "Pod" && !at_once) || !list(&object, "/metadata/finalizers").is_empty();
        if !waits {
            return self.store.remove(key);
        }
        if is_terminating(&object) {
            return Some(object);
        }
        let mut object = object;
        let (now, grace) = (self.timestamp(), object.pointer("/spec/terminationGracePeriodSeconds").cloned());
        metadata(&mut object).insert("deletionTimestamp".into(), json!(now));
        metadata(&mut object).insert("deletionGracePeriodSeconds".into(), grace.unwrap_or(json!(0)));
        Some(self.store.put(key.clone(), object))
    }

    /// Says that something happened to an object. The same again is counted.
    pub fn event(&mut self, about: &Value, kind: &str, reason: &str, message: &str, component: &str) {
        let place = if namespace(about).is_empty() { "default" } else { namespace(about) };
        let hash = letters(&format!("{}{reason}{message}", uid(about)), 16);
        let key = Key::new(named("events"), place, &format!("{}.{hash}", name(about)));
        let now = self.timestamp();
        let count = self.store.get(&key).map_or(0, |event| event["count"].as_i64().unwrap_or(0));
        let first = self.store.get(&key).map_or(now.clone(), |event| text(event, "/firstTimestamp").to_owned());
        let event = json!({
            "apiVersion": "v1", "kind": "Event", "metadata": {},
            "involvedObject": {
                "apiVersion": about["apiVersion"], "kind": about["kind"], "name": name(about),
                "namespace": namespace(about), "uid": uid(about),
                "resourceVersion": about["metadata"]["resourceVersion"],
            },
            "type": kind, "reason": reason, "message": message, "count": count + 1,
            "firstTimestamp": first, "lastTimestamp": now, "eventTime": null,
            "source": { "component": component }, "reportingComponent": component, "reportingInstance": "",
        });
        self.commit(&key, event, &Writer::update(component, ""));
    }
}

/// Letters as Kubernetes uses them in names: no vowels, nothing that looks like something else.
pub fn letters(of: &str, count: usize) -> String {
    const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
    Sha256::digest(of).iter().take(count).map(|byte| char::from(LETTERS[usize::from(*byte) % 27])).collect()
}

fn make_uid(number: u64) -> String {
    let hex = hex(format!("uid {number}"));
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}
