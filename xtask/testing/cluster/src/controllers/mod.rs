//! What makes a cluster of objects: deployments roll, pods live, services find them. Each tick is a second on the
//! cluster's clock, in which every controller acts once. The decisions (`rollout`, `pod`, `config_refs`) are pure.

mod budgets;
mod conditions;
mod config_refs;
mod deployment_status;
mod deployments;
mod endpoints;
mod garbage;
pub mod pod;
mod pod_events;
mod pod_status;
mod pods;
mod replicasets;
pub mod rollout;

use crate::objects::json::controller;
use crate::objects::kinds::named;
use crate::objects::owners::Writer;
use crate::objects::store::Key;
use crate::state::State;
use serde_json::Value;
use std::sync::Arc;

/// One second passes. Returns whether anything has changed.
pub fn tick(state: &mut State) -> bool {
    state.now += 1;
    let before = state.store.revision();
    garbage::collect(state);
    deployments::roll(state);
    replicasets::fill(state);
    pods::live(state);
    replicasets::count(state);
    deployment_status::report(state);
    endpoints::publish(state);
    budgets::count(state);
    state.store.revision() != before
}

/// All objects of a resource, to be changed one by one.
fn all(state: &State, plural: &str) -> Vec<(Key, Arc<Value>)> {
    state.store.list(named(plural), "").map(|(key, object)| (key.clone(), Arc::clone(object))).collect()
}

/// The objects of a resource in the owner's namespace that it controls.
fn owned(state: &State, plural: &str, owner: &Value) -> Vec<Arc<Value>> {
    let uid = crate::objects::json::uid(owner);
    let here = state.store.list(named(plural), crate::objects::json::namespace(owner));
    here.filter(|(_, object)| controller(object) == Some(uid)).map(|(_, object)| Arc::clone(object)).collect()
}

/// Gives an object another status, when it is another.
fn set_status(state: &mut State, key: &Key, object: &Value, status: Value, writer: &Writer) {
    if object["status"] != status {
        let mut object = object.clone();
        object["status"] = status;
        state.commit(key, object, writer);
    }
}

/// The key of an object in the namespace of another.
fn beside(object: &Value, plural: &str, name: &str) -> Key {
    Key::new(named(plural), crate::objects::json::namespace(object), name)
}
