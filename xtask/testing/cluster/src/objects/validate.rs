//! What an object must be like: fields that exist, of the right type, the required ones among them; and the defaults of
//! those that were not given.

use super::json::{entries, list, text};
use super::schema::{self, Items, Type};
use serde_json::{Value, json};

/// What is wrong with an object.
#[derive(Debug, PartialEq)]
pub enum Problem {
    /// A field that the kind does not have.
    Unknown(String),
    /// A value of the wrong type: the path, what was found, and what belongs there.
    Type(String, &'static str, &'static str),
    /// A required field is missing.
    Missing(String),
    /// A value that cannot be: the path, the value and the reason.
    Invalid(String, String, String),
}

/// Takes out the fields that the kind does not have and the ones that are null, and tells all that is wrong.
pub fn check(object: &mut Value, kind: &Type) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let (Some(map), Type::Named(name)) = (object.as_object_mut(), kind) {
        let (api, of) = (map.remove("apiVersion"), map.remove("kind"));
        walk(object, kind, "", &mut problems);
        for (key, value) in [("apiVersion", api), ("kind", of)] {
            object[key] = value.unwrap_or(Value::Null);
        }
        meaning(object, name, &mut problems);
    }
    problems
}

fn walk(value: &mut Value, kind: &Type, path: &str, problems: &mut Vec<Problem>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (&mut *value, kind) {
        (_, Type::Any) => {}
        (_, Type::Atomic(inner)) => walk(value, inner, path, problems),
        (Value::Object(map), Type::Named(name)) => {
            let fields = schema::fields(name).expect("every type that is named is there");
            map.retain(|key, value| {
                if !fields.contains_key(key.as_str()) {
                    problems.push(Problem::Unknown(below(key)));
                }
                fields.contains_key(key.as_str()) && !value.is_null()
            });
            for (key, field) in fields {
                match map.get_mut(*key) {
                    Some(value) => walk(value, &field.kind, &below(key), problems),
                    None if field.required => problems.push(Problem::Missing(below(key))),
                    None => {}
                }
            }
        }
        (Value::Object(map), Type::Map(inner)) => {
            map.iter_mut().for_each(|(key, value)| walk(value, inner, &below(key), problems));
        }
        (Value::Array(items), Type::List(inner, _)) => {
            for (at, item) in items.iter_mut().enumerate() {
                walk(item, inner, &format!("{path}[{at}]"), problems);
            }
        }
        (value, kind) => {
            let (found, wanted) = (name_of(value), wanted(kind));
            let fits = match wanted {
                "int or string" => matches!(found, "number" | "string"),
                "int" => value.is_i64(),
                wanted => found == wanted,
            };
            if !fits {
                problems.push(Problem::Type(path.to_owned(), found, wanted));
            }
        }
    }
}

fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn wanted(kind: &Type) -> &'static str {
    match kind {
        Type::Scalar("intstr" | "quantity") => "int or string",
        Type::Scalar("int") => "int",
        Type::Scalar("bool") => "bool",
        Type::Scalar(_) => "string",
        Type::List(..) => "array",
        _ => "object",
    }
}

/// What the types cannot say.
fn meaning(object: &Value, kind: &str, problems: &mut Vec<Problem>) {
    let name = text(object, "/metadata/name");
    if !name.is_empty() && !is_dns_name(name) {
        let why = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and \
                   must start and end with an alphanumeric character";
        problems.push(Problem::Invalid("metadata.name".into(), name.into(), why.into()));
    }
    if kind == "Deployment" {
        let labels = object.pointer("/spec/template/metadata/labels").cloned().unwrap_or_default();
        if entries(object, "/spec/selector/matchLabels").any(|(key, value)| labels[key] != *value) {
            let why = "`selector` does not match template `labels`";
            problems.push(Problem::Invalid("spec.template.metadata.labels".into(), labels.to_string(), why.into()));
        }
        containers(object, "/spec/template/spec", "spec.template.spec", problems);
    }
    if kind == "Pod" {
        containers(object, "/spec", "spec", problems);
    }
}

fn containers(object: &Value, at: &str, path: &str, problems: &mut Vec<Problem>) {
    let volumes: Vec<&str> =
        list(object, &format!("{at}/volumes")).iter().map(|volume| text(volume, "/name")).collect();
    for (index, container) in list(object, &format!("{at}/containers")).iter().enumerate() {
        let path = format!("{path}.containers[{index}]");
        if text(container, "/image").is_empty() {
            problems.push(Problem::Missing(format!("{path}.image")));
        }
        for (mount, value) in list(container, "/volumeMounts").iter().enumerate() {
            if !volumes.contains(&text(value, "/name")) {
                problems.push(Problem::Invalid(
                    format!("{path}.volumeMounts[{mount}].name"),
                    text(value, "/name").into(),
                    "Not found".into(),
                ));
            }
        }
    }
}

/// Whether a text is a lowercase RFC 1123 subdomain.
fn is_dns_name(name: &str) -> bool {
    let part = |part: &str| {
        let inside = part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        inside && !part.is_empty() && !part.starts_with('-') && !part.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(part)
}

/// Fills in what was not given.
pub fn fill_in(value: &mut Value, kind: &Type) {
    match (value, kind) {
        (Value::Object(map), Type::Named(name)) => {
            let fields = schema::fields(name).expect("every type that is named is there");
            for (key, field) in fields {
                if let Some(default) = &field.default {
                    map.entry(*key).or_insert_with(|| default.clone());
                }
                if let Some(value) = map.get_mut(*key) {
                    fill_in(value, &field.kind);
                }
            }
            if *name == "DeploymentStrategy" && map["type"] == "RollingUpdate" && !map.contains_key("rollingUpdate") {
                map.insert("rollingUpdate".into(), json!({ "maxSurge": "25%", "maxUnavailable": "25%" }));
            }
        }
        (Value::Object(map), Type::Map(inner)) => map.values_mut().for_each(|value| fill_in(value, inner)),
        (Value::Array(items), Type::List(inner, Items::Atomic | Items::Keys(_))) => {
            for item in items {
                fill_in(item, inner);
            }
        }
        (value, Type::Atomic(inner)) => fill_in(value, inner),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(spec: &Value) -> Vec<Problem> {
        let mut object = json!({ "metadata": { "name": "web" }, "spec": spec });
        check(&mut object, &Type::of_kind("Deployment"))
    }

    #[test]
    fn unknown_wrong_and_missing_fields_are_told_with_their_paths() {
        let container = json!({ "name": "web", "image": "web", "portz": [], "env": [{ "value": 1, "name": "A" }] });
        let spec = json!({ "replicas": "2", "selector": {}, "template": { "spec": { "containers": [container] } } });
        let wanted = [
            Problem::Type("spec.replicas".into(), "string", "int"),
            Problem::Unknown("spec.template.spec.containers[0].portz".into()),
            Problem::Type("spec.template.spec.containers[0].env[0].value".into(), "number", "string"),
        ];
        assert_eq!(problems(&spec), wanted);
        assert_eq!(problems(&json!({ "selector": {} })), [Problem::Missing("spec.template".into())]);
    }

    #[test]
    fn a_selector_must_meet_its_template() {
        let container = json!({ "name": "web", "image": "web", "volumeMounts": [{ "name": "x", "mountPath": "/x" }] });
        let spec = json!({ "selector": { "matchLabels": { "a": "1" } },
            "template": { "metadata": { "labels": { "a": "2" } }, "spec": { "containers": [container] } } });
        let found = problems(&spec);
        assert!(matches!(&found[0], Problem::Invalid(path, ..) if path == "spec.template.metadata.labels"));
        assert!(matches!(&found[1], Problem::Invalid(path, ..) if path.ends_with("volumeMounts[0].name")));
    }

    #[test]
    fn defaults_reach_what_lies_deep() {
        let mut object = json!({ "spec": { "template": { "spec": { "containers": [{ "name": "web" }] } } } });
        fill_in(&mut object, &Type::of_kind("Deployment"));
        assert_eq!(object["spec"]["strategy"]["rollingUpdate"]["maxSurge"], "25%");
        assert_eq!(object["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"], "IfNotPresent");
    }

    #[test]
    fn names_are_of_dns() {
        assert!(is_dns_name("auth-service") && is_dns_name("a.b"));
        assert!(!is_dns_name("Auth") && !is_dns_name("-a") && !is_dns_name("a..b"));
    }
}
