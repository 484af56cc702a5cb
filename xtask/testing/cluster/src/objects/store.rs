//! Objects by resource, namespace and name, with one growing revision, and every change for those who watch.

use super::kinds::Resource;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where an object lies. Keys order objects as lists show them: by namespace, then by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// What it is.
    pub resource: &'static Resource,
    /// Empty for what lies in none.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// What happened to an object.
#[derive(Debug, Clone)]
pub struct Change {
    /// The revision that it made.
    pub revision: u64,
    /// Where.
    pub key: Key,
    /// What was there before; none when the object is new.
    pub before: Option<Arc<Value>>,
    /// What is there now; when it was deleted, its last state.
    pub object: Arc<Value>,
    /// Whether the object is gone.
    pub deleted: bool,
}

/// All objects.
#[derive(Debug, Default)]
pub struct Store {
    objects: BTreeMap<Key, Arc<Value>>,
    revision: u64,
    changes: Vec<Change>,
    /// Changes up to here are forgotten.
    forgotten: u64,
}

impl Key {
    /// The key of an object.
    pub fn new(resource: &'static Resource, namespace: &str, name: &str) -> Self {
        let namespace = if resource.namespaced { namespace.to_owned() } else { String::new() };
        Self { resource, namespace, name: name.to_owned() }
    }
}

impl Store {
    /// The latest revision.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The object there.
    pub fn get(&self, key: &Key) -> Option<&Value> {
        self.objects.get(key).map(Arc::as_ref)
    }

    /// All objects of a resource, in order; of one namespace when it is not empty.
    pub fn list(&self, resource: &'static Resource, namespace: &str) -> impl Iterator<Item = (&Key, &Arc<Value>)> {
        let from = Key::new(resource, namespace, "");
        let namespace = namespace.to_owned();
        let of_resource = self.objects.range(from..).take_while(move |(key, _)| key.resource == resource);
        of_resource.filter(move |(key, _)| namespace.is_empty() || key.namespace == namespace)
    }

    /// Puts an object there and gives it its revision.
    pub fn put(&mut self, key: Key, mut object: Value) -> Value {
        self.revision += 1;
        object["metadata"]["resourceVersion"] = json!(self.revision.to_string());
        let shared = Arc::new(object.clone());
        let before = self.objects.insert(key.clone(), Arc::clone(&shared));
        self.changes.push(Change { revision: self.revision, key, before, object: shared, deleted: false });
        object
    }

    /// Takes an object away.
    pub fn remove(&mut self, key: &Key) -> Option<Value> {
        let before = self.objects.remove(key)?;
        self.revision += 1;
        let mut object = Value::clone(&before);
        object["metadata"]["resourceVersion"] = json!(self.revision.to_string());
        let change = Change {
            revision: self.revision,
            key: key.clone(),
            before: Some(before),
            object: Arc::new(object.clone()),
            deleted: true,
        };
        self.changes.push(change);
        Some(object)
    }

    /// The changes after a revision, or `None` when some of them are forgotten.
    pub fn changes_after(&self, revision: u64) -> Option<&[Change]> {
        if revision < self.forgotten {
            return None;
        }
        let start = self.changes.partition_point(|change| change.revision <= revision);
        Some(&self.changes[start..])
    }

    /// Forgets all changes so far: who watches or continues from an older revision gets `410 Gone`.
    pub fn forget(&mut self) {
        self.forgotten = self.revision;
        self.changes.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::kinds::named;

    fn key(namespace: &str, name: &str) -> Key {
        Key::new(named("pods"), namespace, name)
    }

    #[test]
    fn lists_are_ordered_and_of_one_resource() {
        let mut store = Store::default();
        for (namespace, name) in [("b", "1"), ("a", "2"), ("a", "1")] {
            store.put(key(namespace, name), json!({ "metadata": { "name": name } }));
        }
        store.put(Key::new(named("services"), "a", "0"), json!({ "metadata": {} }));
        let names = |namespace: &str| -> Vec<String> {
            store.list(named("pods"), namespace).map(|(key, _)| format!("{}/{}", key.namespace, key.name)).collect()
        };
        assert_eq!(names(""), ["a/1", "a/2", "b/1"]);
        assert_eq!(names("a"), ["a/1", "a/2"]);
    }

    #[test]
    fn changes_are_kept_until_they_are_forgotten() {
        let mut store = Store::default();
        store.put(key("a", "1"), json!({ "metadata": {} }));
        store.remove(&key("a", "1"));
        let changes = store.changes_after(1).expect("nothing is forgotten");
        assert!(changes.len() == 1 && changes[0].deleted && changes[0].object["metadata"]["resourceVersion"] == "2");
        store.forget();
        assert!(store.changes_after(1).is_none() && store.changes_after(2).is_some_and(<[Change]>::is_empty));
    }
}
