//! Who owns which field: sets of paths, as `metadata.managedFields` writes them (`FieldsV1`), and what they are used
//! for by server-side apply. Paths are lists of segments: `f:spec`, `k:{"name":"web"}`, `v:"item"`.

use super::schema::{Items, Type};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A path to a field.
pub type Path = Vec<String>;
/// A set of fields.
pub type Set = BTreeSet<Path>;

/// Fields that nobody owns: they name the object or are the server's own.
const NOBODYS: [&str; 10] = [
    "name",
    "namespace",
    "uid",
    "generation",
    "resourceVersion",
    "creationTimestamp",
    "managedFields",
    "selfLink",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
];

/// Every leaf of an object with its value. Items of lists whose items are told apart are there too, as `null`.
pub fn leaves(object: &Value, kind: &Type) -> BTreeMap<Path, Value> {
    let mut found = BTreeMap::new();
    collect(object, kind, &mut Vec::new(), &mut found);
    found.retain(|path, _| !is_nobodys(path));
    found
}

fn is_nobodys(path: &Path) -> bool {
    let name = |at: usize| path.get(at).and_then(|segment| segment.strip_prefix("f:")).unwrap_or_default();
    match name(0) {
        "apiVersion" | "kind" => true,
        "metadata" => path.len() == 1 || NOBODYS.contains(&name(1)),
        _ => false,
    }
}

fn collect(value: &Value, kind: &Type, path: &mut Path, found: &mut BTreeMap<Path, Value>) {
    match (value, kind) {
        (Value::Object(map), Type::Named(_) | Type::Map(_)) if !map.is_empty() || path.is_empty() => {
            for (key, value) in map {
                path.push(format!("f:{key}"));
                collect(value, kind.child(key).unwrap_or(&Type::Any), path, found);
                path.pop();
            }
        }
        (Value::Array(items), Type::List(inner, Items::Keys(_) | Items::Set)) if !items.is_empty() => {
            for item in items {
                path.push(segment(item, kind));
                found.insert(path.clone(), Value::Null);
                if item.is_object() {
                    collect(item, inner, path, found);
                }
                path.pop();
            }
        }
        _ => {
            found.insert(path.clone(), value.clone());
        }
    }
}

/// What tells an item of a list apart: `k:{…}` of its keys, or `v:…` of itself.
fn segment(item: &Value, list: &Type) -> String {
    match list {
        Type::List(inner, Items::Keys(names)) => format!("k:{}", Value::Object(keys(item, inner, names))),
        _ => format!("v:{item}"),
    }
}

/// The keys of an item, defaults included.
pub fn keys(item: &Value, kind: &Type, names: &[&str]) -> Map<String, Value> {
    let default = |name: &str| match kind {
        Type::Named(of) => super::schema::fields(of)?.get(name)?.default.clone(),
        _ => None,
    };
    let key = |name: &&str| Some(((*name).to_owned(), item.get(*name).cloned().or_else(|| default(name))?));
    names.iter().filter_map(key).collect()
}

/// The fields that are new or different in `new`.
pub fn changed(old: &BTreeMap<Path, Value>, new: &BTreeMap<Path, Value>) -> Set {
    new.iter().filter(|(path, value)| old.get(*path) != Some(value)).map(|(path, _)| path.clone()).collect()
}

/// As `FieldsV1`.
pub fn encode(set: &Set) -> Value {
    let mut root = json!({});
    for path in set {
        let mut at = &mut root;
        for segment in path {
            at = &mut at[segment.as_str()];
            if at.is_null() {
                *at = json!({});
            }
        }
        // A path that others go on from is marked; sets are ordered, so it comes before them.
        if set.range(path.clone()..).nth(1).is_some_and(|next| next.starts_with(path)) {
            at["."] = json!({});
        }
    }
    root
}

/// From `FieldsV1`.
pub fn decode(fields: &Value) -> Set {
    fn walk(node: &Value, path: &mut Path, set: &mut Set) {
        let children = node.as_object().into_iter().flatten().filter(|(segment, _)| *segment != ".");
        if node.get(".").is_some() || node.as_object().is_some_and(Map::is_empty) {
            set.insert(path.clone());
        }
        for (segment, child) in children {
            path.push(segment.clone());
            walk(child, path, set);
            path.pop();
        }
    }
    let mut set = Set::new();
    if fields.as_object().is_some_and(|fields| !fields.is_empty()) {
        walk(fields, &mut Vec::new(), &mut set);
    }
    set
}

/// As people read it: `.spec.template.spec.containers[name="web"].image`.
pub fn display(path: &Path) -> String {
    path.iter().fold(String::new(), |text, segment| match segment.split_once(':') {
        Some(("k", keys)) => {
            let keys: Map<String, Value> = serde_json::from_str(keys).unwrap_or_default();
            let keys: Vec<String> = keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
            format!("{text}[{}]", keys.join(","))
        }
        Some(("v", value)) => format!("{text}[={value}]"),
        Some((_, name)) => format!("{text}.{name}"),
        None => text,
    })
}

/// Takes a field out of an object, and what is empty without it.
pub fn remove(value: &mut Value, kind: &Type, path: &[String]) {
    let Some((first, rest)) = path.split_first() else { return };
    match value {
        Value::Object(map) => {
            let key = first.trim_start_matches("f:");
            let (Some(child), Some(inner)) = (map.get_mut(key), kind.child(key)) else { return };
            if !rest.is_empty() {
                remove(child, inner, rest);
            }
            let empty = child.as_object().is_some_and(Map::is_empty) || child.as_array().is_some_and(Vec::is_empty);
            if rest.is_empty() || empty {
                map.remove(key);
            }
        }
        Value::Array(items) => {
            let Some(at) = items.iter().position(|item| segment(item, kind) == *first) else { return };
            match kind {
                Type::List(inner, _) if !rest.is_empty() => remove(&mut items[at], inner, rest),
                _ => drop(items.remove(at)),
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment() -> Value {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web", "labels": { "app": "web" } },
            "spec": { "replicas": 2, "selector": { "matchLabels": { "app": "web" } }, "template": { "spec": {
                "containers": [{ "name": "web", "image": "web:1", "ports": [{ "containerPort": 80 }] }],
            } } },
        })
    }

    #[test]
    fn paths_survive_the_way_to_fields_v1_and_back() {
        let leaves = leaves(&deployment(), &Type::of_kind("Deployment"));
        let set: Set = leaves.keys().cloned().collect();
        let written = encode(&set);
        assert_eq!(decode(&written), set);
        let container = &written["f:spec"]["f:template"]["f:spec"]["f:containers"][r#"k:{"name":"web"}"#];
        assert_eq!((&container["."], &container["f:image"]), (&json!({}), &json!({})));
        assert_eq!(container["f:ports"][r#"k:{"containerPort":80,"protocol":"TCP"}"#]["f:containerPort"], json!({}));
        assert_eq!(written["f:spec"]["f:selector"], json!({}), "a selector is owned as one");
    }

    #[test]
    fn a_path_reads_as_kubectl_shows_it() {
        let path = ["f:spec", "f:containers", r#"k:{"name":"web"}"#, "f:image"].map(str::to_owned).to_vec();
        assert_eq!(display(&path), r#".spec.containers[name="web"].image"#);
    }

    #[test]
    fn what_is_removed_takes_its_empty_parents_along() {
        let (mut object, kind) = (deployment(), Type::of_kind("Deployment"));
        remove(&mut object, &kind, &["f:metadata", "f:labels", "f:app"].map(str::to_owned));
        assert_eq!(object["metadata"], json!({ "name": "web" }));
        let container = ["f:spec", "f:template", "f:spec", "f:containers", r#"k:{"name":"web"}"#].map(str::to_owned);
        remove(&mut object, &kind, &container);
        assert!(object["spec"].get("template").is_none(), "{object}");
    }
}
