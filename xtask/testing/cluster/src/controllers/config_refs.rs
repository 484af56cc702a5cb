//! What a pod needs from `ConfigMap`s and `Secret`s, and what of it is not there. Pure: looking up is handed in.

use crate::objects::json::{list, text};
use serde_json::Value;

/// Finds the object of a resource by its name, in the pod's namespace.
pub type Lookup<'a> = dyn Fn(&str, &str) -> Option<&'a Value> + 'a;

/// The kinds that configuration comes from: resource, key of a reference to a value, to all values, and of a volume
/// with the field that names it; and how messages call it.
const SOURCES: [(&str, [&str; 4], &str); 2] = [
    ("configmaps", ["configMapKeyRef", "configMapRef", "configMap", "name"], "ConfigMap"),
    ("secrets", ["secretKeyRef", "secretRef", "secret", "secretName"], "Secret"),
];

/// What the containers' environments need and do not find.
pub fn missing_config(pod: &Value, lookup: &Lookup) -> Option<String> {
    list(pod, "/spec/containers").iter().find_map(|container| {
        SOURCES.iter().find_map(|(resource, [one, all, ..], title)| {
            let values = list(container, "/env").iter().filter_map(|env| env["valueFrom"].get(*one));
            let groups = list(container, "/envFrom").iter().filter_map(|from| from.get(*all));
            values.chain(groups).filter(|reference| reference["optional"] != true).find_map(|reference| {
                let (name, key) = (text(reference, "/name"), text(reference, "/key"));
                let Some(object) = lookup(resource, name) else {
                    return Some(format!("{} \"{name}\" not found", title.to_lowercase()));
                };
                let namespace = text(pod, "/metadata/namespace");
                let absent = !key.is_empty() && object["data"].get(key).is_none();
                absent.then(|| format!("couldn't find key {key} in {title} {namespace}/{name}"))
            })
        })
    })
}

/// What the volumes need and do not find.
pub fn missing_volume(pod: &Value, lookup: &Lookup) -> Option<String> {
    list(pod, "/spec/volumes").iter().find_map(|volume| {
        SOURCES.iter().find_map(|(resource, [_, _, source, field], title)| {
            let source = volume.get(*source).filter(|source| source["optional"] != true)?;
            let name = source[*field].as_str().unwrap_or_default();
            let of = text(volume, "/name");
            lookup(resource, name).is_none().then(|| {
                format!("MountVolume.SetUp failed for volume \"{of}\" : {} \"{name}\" not found", title.to_lowercase())
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What is missing when there is a `ConfigMap` `there` with the key `KEY` and nothing else.
    fn missing(pod: &Value, of: fn(&Value, &Lookup) -> Option<String>) -> Option<String> {
        let map = json!({ "data": { "KEY": "1" } });
        of(pod, &|resource, name| (resource == "configmaps" && name == "there").then_some(&map))
    }

    #[track_caller]
    fn case(container: &Value, wanted: Option<&str>) {
        let pod = json!({ "metadata": { "namespace": "x" }, "spec": { "containers": [container] } });
        assert_eq!(missing(&pod, missing_config).as_deref(), wanted);
    }

    #[test]
    fn environments_need_objects_and_keys() {
        let key = |name: &str, key: &str, optional: bool| {
            let reference = json!({ "name": name, "key": key, "optional": optional });
            json!({ "env": [{ "name": "A", "valueFrom": { "configMapKeyRef": reference } }] })
        };
        case(&key("there", "KEY", false), None);
        case(&key("there", "OTHER", false), Some("couldn't find key OTHER in ConfigMap x/there"));
        case(&key("gone", "KEY", true), None);
        case(&json!({ "envFrom": [{ "configMapRef": { "name": "gone" } }] }), Some("configmap \"gone\" not found"));
        case(&json!({ "envFrom": [{ "secretRef": { "name": "gone" } }] }), Some("secret \"gone\" not found"));
    }

    #[test]
    fn volumes_need_objects() {
        let pod = |name: &str| json!({ "spec": { "volumes": [{ "name": "v", "configMap": { "name": name } }] } });
        assert_eq!(missing(&pod("there"), missing_volume), None);
        let message = missing(&pod("gone"), missing_volume);
        assert_eq!(
            message.as_deref(),
            Some("MountVolume.SetUp failed for volume \"v\" : configmap \"gone\" not found")
        );
    }
}
