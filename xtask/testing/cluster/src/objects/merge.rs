//! The ways to change an object: server-side apply's merge, strategic merge patch, JSON merge patch and JSON patch.

use super::fields::keys;
use super::schema::{Items, Type};
use serde_json::{Map, Value};

/// What is in `config` replaces what is in `live`, field by field, and item by item where items are told apart.
pub fn apply(live: &mut Value, config: &Value, kind: &Type) {
    match (live, config, kind) {
        (Value::Object(live), Value::Object(config), Type::Named(_) | Type::Map(_)) => {
            for (key, value) in config {
                match (live.get_mut(key), kind.child(key)) {
                    (Some(live), Some(inner)) => apply(live, value, inner),
                    _ => drop(live.insert(key.clone(), value.clone())),
                }
            }
        }
        (Value::Array(live), Value::Array(config), Type::List(inner, Items::Keys(names))) => {
            for item in config {
                match live.iter_mut().find(|live| keys(live, inner, names) == keys(item, inner, names)) {
                    Some(live) => apply(live, item, inner),
                    None => live.push(item.clone()),
                }
            }
        }
        (Value::Array(live), Value::Array(config), Type::List(_, Items::Set)) => {
            let new: Vec<Value> = config.iter().filter(|item| !live.contains(item)).cloned().collect();
            live.extend(new);
        }
        (live, config, _) => *live = config.clone(),
    }
}

/// A strategic merge patch, as kubectl makes them: `null` removes, lists are merged by their first key, and `$patch`,
/// `$retainKeys` and `$deleteFromPrimitiveList/…` are understood.
pub fn strategic(live: &mut Value, patch: &Value, kind: &Type) {
    let (Value::Object(fields), true) = (patch, live.is_object()) else {
        *live = without_directives(patch);
        return;
    };
    if fields.get("$patch").is_some_and(|directive| directive == "replace") {
        *live = without_directives(patch);
        return;
    }
    let map = live.as_object_mut().expect("it has just been looked at");
    if let Some(Value::Array(kept)) = fields.get("$retainKeys") {
        map.retain(|key, _| kept.iter().any(|kept| kept == key));
    }
    for (key, value) in fields {
        if let Some(of) = key.strip_prefix("$deleteFromPrimitiveList/") {
            let gone = value.as_array().map_or(&[][..], Vec::as_slice);
            if let Some(Value::Array(items)) = map.get_mut(of) {
                items.retain(|item| !gone.contains(item));
            }
        } else if !key.starts_with('$') {
            strategic_field(map, key, value, kind.child(key).unwrap_or(&Type::Any));
        }
    }
}

fn strategic_field(map: &mut Map<String, Value>, key: &str, value: &Value, kind: &Type) {
    if value.is_null() {
        map.remove(key);
        return;
    }
    let Some(live) = map.get_mut(key) else {
        map.insert(key.to_owned(), without_directives(value));
        return;
    };
    match (live, value, kind) {
        (Value::Array(live), Value::Array(patch), Type::List(inner, Items::Keys(names))) => {
            strategic_list(live, patch, inner, names[0]);
        }
        (Value::Array(live), Value::Array(patch), Type::List(_, Items::Set)) => {
            let new: Vec<Value> = patch.iter().filter(|item| !live.contains(item)).cloned().collect();
            live.extend(new);
        }
        (live, value, kind) => strategic(live, value, kind),
    }
}

fn strategic_list(live: &mut Vec<Value>, patch: &[Value], inner: &Type, key: &str) {
    if patch.iter().any(|item| item["$patch"] == "replace") {
        live.clear();
    }
    for item in patch.iter().filter(|item| item["$patch"] != "replace") {
        let at = live.iter().position(|live| live[key] == item[key]);
        match at {
            Some(at) if item["$patch"] == "delete" => drop(live.remove(at)),
            Some(at) => strategic(&mut live[at], item, inner),
            None if item["$patch"] == "delete" => {}
            None => live.push(without_directives(item)),
        }
    }
}

fn without_directives(patch: &Value) -> Value {
    match patch {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(key, value)| !key.starts_with('$') && !value.is_null());
            Value::Object(kept.map(|(key, value)| (key.clone(), without_directives(value))).collect())
        }
        Value::Array(items) => {
            let kept = items.iter().filter(|item| item.get("$patch").is_none());
            Value::Array(kept.map(without_directives).collect())
        }
        other => other.clone(),
    }
}

/// A JSON merge patch (RFC 7396).
pub fn merge(live: &mut Value, patch: &Value) {
    json_patch::merge(live, patch);
}

/// A JSON patch (RFC 6902). The error says which operation does not fit.
pub fn json(live: &mut Value, patch: Value) -> Result<(), String> {
    let operations: json_patch::Patch = serde_json::from_value(patch).map_err(|error| error.to_string())?;
    json_patch::patch(live, &operations).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(containers: &Value) -> Value {
        json!({ "metadata": { "labels": { "a": "1" } }, "spec": { "containers": containers } })
    }

    #[test]
    fn applied_items_meet_their_own() {
        let mut live = pod(&json!([{ "name": "a", "image": "1", "tty": true }, { "name": "b" }]));
        let config = pod(&json!([{ "name": "c" }, { "name": "a", "image": "2" }]));
        apply(&mut live, &config, &Type::of_kind("Pod"));
        let wanted = json!([{ "name": "a", "image": "2", "tty": true }, { "name": "b" }, { "name": "c" }]);
        assert_eq!(live["spec"]["containers"], wanted);
    }

    #[test]
    fn a_strategic_patch_merges_deletes_and_replaces() {
        let mut live = pod(&json!([{ "name": "a", "image": "1" }, { "name": "b" }]));
        let patch = json!({ "metadata": { "labels": { "a": null, "b": "2" } }, "spec": {
            "$setElementOrder/containers": [{ "name": "a" }],
            "containers": [{ "name": "a", "image": "2" }, { "name": "b", "$patch": "delete" }],
        } });
        strategic(&mut live, &patch, &Type::of_kind("Pod"));
        assert_eq!(live["spec"], json!({ "containers": [{ "name": "a", "image": "2" }] }));
        assert_eq!(live["metadata"]["labels"], json!({ "b": "2" }));
        let replace = json!({ "spec": { "containers": [{ "$patch": "replace" }, { "name": "z" }] } });
        strategic(&mut live, &replace, &Type::of_kind("Pod"));
        assert_eq!(live["spec"]["containers"], json!([{ "name": "z" }]));
    }

    #[test]
    fn keys_that_are_not_retained_go() {
        let mut live = json!({ "spec": { "strategy": { "type": "RollingUpdate", "rollingUpdate": {} } } });
        let patch = json!({ "spec": { "strategy": { "$retainKeys": ["type"], "type": "Recreate" } } });
        strategic(&mut live, &patch, &Type::of_kind("Deployment"));
        assert_eq!(live["spec"]["strategy"], json!({ "type": "Recreate" }));
    }
}
