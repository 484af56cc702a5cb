//! What has lost its owner goes, terminating pods end, and namespaces get what every namespace has.

use super::all;
use crate::clock;
use crate::objects::json::{is_terminating, list, name, text, uid};
use crate::objects::kinds::{RESOURCES, named};
use crate::objects::owners::Writer;
use crate::objects::store::Key;
use crate::state::State;
use serde_json::json;
use std::collections::BTreeSet;

/// One round.
pub fn collect(state: &mut State) {
    end_pods(state);
    let objects: Vec<_> = RESOURCES.iter().flat_map(|resource| all(state, resource.plural)).collect();
    let alive: BTreeSet<String> = objects.iter().map(|(_, object)| uid(object).to_owned()).collect();
    for (key, object) in &objects {
        let owners = list(object, "/metadata/ownerReferences");
        let orphan = !owners.is_empty() && owners.iter().all(|owner| !alive.contains(text(owner, "/uid")));
        let homeless =
            key.resource.namespaced && state.store.get(&Key::new(named("namespaces"), "", &key.namespace)).is_none();
        if (orphan || homeless) && !is_terminating(object) {
            state.delete(key, homeless);
        }
    }
    for (_, namespace) in all(state, "namespaces") {
        let key = Key::new(named("serviceaccounts"), name(&namespace), "default");
        let account = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {} });
        if state.store.get(&key).is_none() {
            state.commit(&key, account, &Writer::controller(""));
        }
    }
}

/// A pod that was told to end in an earlier second is gone.
fn end_pods(state: &mut State) {
    for (key, pod) in all(state, "pods") {
        let told = clock::seconds(text(&pod, "/metadata/deletionTimestamp"));
        if told.is_some_and(|told| told < state.now) {
            state.lives.remove(uid(&pod));
            state.store.remove(&key);
        }
    }
}
