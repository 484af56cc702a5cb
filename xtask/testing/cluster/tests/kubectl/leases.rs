//! Leases, and writers that have not seen the latest version.

use crate::rig::Rig;
use serde_json::{Value, json};

fn lease(holder: &str, version: &Value) -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": { "name": "deploy", "namespace": "shop", "resourceVersion": version },
        "spec": { "holderIdentity": holder, "leaseDurationSeconds": 60, "renewTime": "2026-01-31T09:00:00.000000Z" },
    })
}

#[test]
fn only_the_first_of_two_writers_gets_the_lease() {
    let Some(rig) = Rig::new() else { return };
    let file = |holder: &str, version: &Value| {
        let path = rig.file(&format!("{holder}.json"), &lease(holder, version).to_string());
        path.to_string_lossy().into_owned()
    };
    rig.ok(&["create", "-f", &file("one", &Value::Null)]);
    let exists = rig.fails(&["create", "-f", &file("two", &Value::Null)]);
    assert!(
        exists.contains("(AlreadyExists)") && exists.contains("leases.coordination.k8s.io \"deploy\" already exists")
    );

    let seen =
        rig.cluster.object("leases", "shop", "deploy").expect("it is there")["metadata"]["resourceVersion"].clone();
    rig.ok(&["replace", "-f", &file("two", &seen)]);
    let late = rig.fails(&["replace", "-f", &file("three", &seen)]);
    let wanted = "Operation cannot be fulfilled on leases.coordination.k8s.io \"deploy\": the object has been \
                  modified; please apply your changes to the latest version and try again";
    assert!(late.contains("(Conflict)") && late.contains(wanted), "{late}");
    assert!(rig.ok(&["get", "lease", "deploy"]).contains("two"));
}

#[test]
fn a_lease_is_deleted_only_by_who_has_seen_it() {
    let Some(rig) = Rig::new() else { return };
    rig.apply(&lease("one", &Value::Null));
    let path = "/apis/coordination.k8s.io/v1/namespaces/shop/leases/deploy";
    let with = |uid: &str| {
        let options = json!({ "kind": "DeleteOptions", "apiVersion": "v1", "preconditions": { "uid": uid } });
        rig.file("options.json", &options.to_string()).to_string_lossy().into_owned()
    };
    let wrong = rig.fails(&["delete", "--raw", path, "-f", &with("another")]);
    assert!(wrong.contains("(Conflict)") && wrong.contains("does not match the UID in record"), "{wrong}");
    let lease = rig.cluster.object("leases", "shop", "deploy").expect("it is there");
    rig.ok(&["delete", "--raw", path, "-f", &with(lease["metadata"]["uid"].as_str().expect("a uid"))]);
    assert_eq!(rig.cluster.object("leases", "shop", "deploy"), None);
}
