//! The current state of the cluster: read in one go, compared with the wanted one, and stripped of added fields.

use super::failure::Failure;
use super::kubectl::Kubectl;
use super::objects::{NAME, RUN};
use super::rollout::{Observed, Verdict, judge};
use serde_json::Value;

/// The kinds that a deployment writes.
const WRITTEN: &str = "deployments,services,configmaps,serviceaccounts,poddisruptionbudgets,networkpolicies";
/// The kinds that show the state of a rollout.
const TELLING: &str = "deployments,replicasets,pods";

/// The objects of all services at one moment.
pub struct Live(Vec<Value>);

impl From<Vec<Value>> for Live {
    fn from(objects: Vec<Value>) -> Self {
        Self(objects)
    }
}

impl Live {
    /// Reads the objects that a deployment writes.
    pub fn written(kubectl: &Kubectl) -> Result<Self, Failure> {
        kubectl.list(WRITTEN, NAME).map(Self)
    }

    /// Reads the objects that show the state of rollouts.
    pub fn rollouts(kubectl: &Kubectl) -> Result<Self, Failure> {
        kubectl.list(TELLING, NAME).map(Self)
    }

    /// The object of the same kind and name.
    pub fn same_as(&self, object: &Value) -> Option<&Value> {
        self.0.iter().find(|live| is_same(live, object))
    }

    /// A service's deployment.
    pub fn deployment(&self, service: &str) -> Option<&Value> {
        self.0.iter().find(|object| object["kind"] == "Deployment" && name(object) == service)
    }

    /// The names of all deployments.
    pub fn deployments(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|object| object["kind"] == "Deployment").map(name)
    }

    /// The objects of a kind that belong to a service.
    pub fn of_service<'a>(&'a self, kind: &'a str, service: &'a str) -> impl Iterator<Item = &'a Value> {
        self.0.iter().filter(move |object| object["kind"] == kind && object["metadata"]["labels"][NAME] == service)
    }

    /// The names of everything that belongs to a service.
    pub fn names(&self, service: &str) -> Vec<&str> {
        self.0.iter().filter(|object| object["metadata"]["labels"][NAME] == service).map(name).collect()
    }

    /// The state of a service's rollout.
    pub fn judge(&self, service: &str, digest: Option<&str>) -> Verdict {
        let of_kind = |kind: &str| -> Vec<Value> { self.of_service(kind, service).cloned().collect() };
        let Some(deployment) = self.deployment(service) else {
            return Verdict::Doomed { why: "the deployment no longer exists".to_owned(), pod: None };
        };
        judge(Observed { deployment, replica_sets: &of_kind("ReplicaSet"), pods: &of_kind("Pod") }, digest)
    }
}

/// An object's name.
pub fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// Whether two are the same object, whatever their content.
pub fn is_same(one: &Value, other: &Value) -> bool {
    one["kind"] == other["kind"] && name(one) == name(other)
}

/// Whether an object is already as wanted: it has all wanted values, whatever else it has.
pub fn is_as_wanted(live: &Value, wanted: &Value) -> bool {
    match (live, wanted) {
        (Value::Object(live), Value::Object(wanted)) => {
            wanted.iter().all(|(key, wanted)| live.get(key).is_some_and(|live| is_as_wanted(live, wanted)))
        }
        (Value::Array(live), Value::Array(wanted)) => {
            live.len() == wanted.len() && live.iter().zip(wanted).all(|(live, wanted)| is_as_wanted(live, wanted))
        }
        (live, wanted) => live == wanted,
    }
}

/// An object without the fields that the cluster adds, so that it can be applied again.
pub fn cleaned(object: &Value) -> Value {
    let mut object = object.clone();
    let Some(fields) = object.as_object_mut() else { return object };
    fields.remove("status");
    if let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
        for added in ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"] {
            metadata.remove(added);
        }
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.remove("deployment.kubernetes.io/revision");
            annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
        }
    }
    object
}

/// A deployment's generation, which counts the changes of its spec; 0 when there is none.
pub fn generation(deployment: Option<&Value>) -> u64 {
    deployment.and_then(|deployment| deployment["metadata"]["generation"].as_u64()).unwrap_or(0)
}

/// The run that has written a deployment.
pub fn run(deployment: &Value) -> Option<&str> {
    deployment["metadata"]["annotations"][RUN].as_str()
}

/// The image digest in the spec of a deployment's own container.
pub fn digest(deployment: &Value) -> Option<&str> {
    let image = deployment["spec"]["template"]["spec"]["containers"][0]["image"].as_str()?;
    image.rsplit_once('@').map(|(_, digest)| digest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_wanted_may_stand_among_more() {
        let wanted = json!({ "spec": { "replicas": 2, "ports": [{ "port": 80 }] } });
        let live =
            json!({ "spec": { "replicas": 2, "ports": [{ "port": 80, "nodePort": 1 }], "more": 1 }, "status": {} });
        assert!(is_as_wanted(&live, &wanted));
        for (pointer, value) in [("/spec/replicas", json!(3)), ("/spec/ports", json!([])), ("/spec", Value::Null)] {
            let mut other = live.clone();
            *other.pointer_mut(pointer).expect("it is there") = value;
            assert!(!is_as_wanted(&other, &wanted), "{pointer}");
        }
    }

    #[test]
    fn what_the_cluster_adds_is_not_put_back() {
        let live = json!({
            "kind": "Deployment", "status": { "replicas": 1 }, "spec": { "replicas": 1 },
            "metadata": {
                "name": "x", "uid": "u", "resourceVersion": "5", "generation": 2, "managedFields": [],
                "annotations": { "deployment.kubernetes.io/revision": "4", "own": "1" },
            },
        });
        let metadata = json!({ "name": "x", "annotations": { "own": "1" } });
        assert_eq!(cleaned(&live), json!({ "kind": "Deployment", "spec": { "replicas": 1 }, "metadata": metadata }));
    }
}
