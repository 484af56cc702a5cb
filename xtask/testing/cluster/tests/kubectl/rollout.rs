//! Deployments that roll: to their end, into trouble, paused, restarted, undone and scaled.

use crate::rig::{Rig, service, web};
use serde_json::json;
use test_cluster::Behaviour;

const DIGEST: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";

#[test]
fn a_rollout_ends_with_pods_of_the_wanted_digest() {
    let Some(rig) = Rig::running() else { return };
    rig.cluster.push_image("registry/web:1", DIGEST, json!({ "name": "web", "commit": "abc" }));
    rig.cluster.only_known_images();
    rig.apply(&service());
    rig.apply(&web("registry/web:1"));
    let said = rig.ok(&["rollout", "status", "deployment/web"]);
    assert!(said.ends_with("deployment \"web\" successfully rolled out\n"), "{said}");
    let ids = rig.ok(&["get", "pods", "-o", "jsonpath={.items[*].status.containerStatuses[*].imageID}"]);
    assert_eq!(ids, format!("registry/web@{DIGEST} registry/web@{DIGEST}"));
    let version = rig.ok(&["get", "--raw", "/api/v1/namespaces/shop/services/web:80/proxy/version"]);
    assert_eq!(version, r#"{"commit":"abc","name":"web"}"#);
    rig.ok(&["wait", "--for=condition=Available", "deployment/web"]);
}

#[test]
fn time_stands_still_until_it_is_moved() {
    let Some(rig) = Rig::new() else { return };
    rig.apply(&web("web:1"));
    let replicas =
        |of: &str| rig.cluster.object("deployments", "shop", "web").expect("it is there")["status"][of].clone();
    assert!(replicas("observedGeneration").is_null());
    rig.cluster.advance(1);
    assert_eq!((replicas("replicas"), replicas("readyReplicas")), (json!(2), json!(null)));
    rig.cluster.settle();
    assert_eq!((replicas("readyReplicas"), replicas("availableReplicas")), (json!(2), json!(2)));
}

#[test]
fn a_new_version_never_has_too_few_pods() {
    let Some(rig) = Rig::new() else { return };
    rig.apply(&web("web:1"));
    rig.cluster.settle();
    rig.apply(&web("web:2"));
    for second in 0.. {
        assert!(second < 50, "it does not end");
        rig.cluster.advance(1);
        let pods = rig.cluster.objects("pods", "shop");
        let alive = pods.iter().filter(|pod| pod["metadata"]["deletionTimestamp"].is_null()).count();
        let web = rig.cluster.object("deployments", "shop", "web").expect("it is there");
        assert!(alive <= 3 && web["status"]["availableReplicas"].as_i64() >= Some(2), "{web:#}");
        if web["status"]["updatedReplicas"] == 2 && web["status"]["replicas"] == 2 {
            break;
        }
    }
}

#[test]
fn a_rollout_that_comes_to_nothing_exceeds_its_deadline() {
    let Some(rig) = Rig::running() else { return };
    rig.roll_out("web:1");
    rig.cluster.behave("web:2", Behaviour::NeverReady);
    let mut bad = web("web:2");
    bad["spec"]["progressDeadlineSeconds"] = json!(30);
    rig.apply(&bad);
    let why = rig.fails(&["rollout", "status", "deployment/web"]);
    assert_eq!(why, "error: deployment \"web\" exceeded its progress deadline\n");
    let ready = rig.ok(&["get", "deployment", "web", "-o", "jsonpath={.status.readyReplicas}"]);
    assert_eq!(ready, "2", "the old pods still serve");
}

#[test]
fn a_paused_deployment_does_not_roll_until_it_is_resumed() {
    let Some(rig) = Rig::running() else { return };
    rig.roll_out("web:1");
    rig.ok(&["rollout", "pause", "deployment/web"]);
    rig.ok(&["set", "image", "deployment/web", "web=web:2"]);
    rig.ok(&[
        "wait",
        "--for=jsonpath={.status.conditions[?(@.type==\"Progressing\")].reason}=DeploymentPaused",
        "deployment/web",
    ]);
    assert_eq!(rig.cluster.objects("replicasets", "shop").len(), 1);
    rig.ok(&["rollout", "resume", "deployment/web"]);
    rig.ok(&["rollout", "status", "deployment/web"]);
    assert_eq!(rig.ok(&["get", "pods", "-o", "jsonpath={.items[*].spec.containers[*].image}"]), "web:2 web:2");
}

#[test]
fn restart_history_and_undo() {
    let Some(rig) = Rig::running() else { return };
    rig.roll_out("web:1");
    rig.ok(&["rollout", "restart", "deployment/web"]);
    rig.ok(&["rollout", "status", "deployment/web"]);
    assert_eq!(rig.cluster.objects("replicasets", "shop").len(), 2, "a restart is a new template");
    rig.roll_out("web:2");
    rig.ok(&["rollout", "undo", "deployment/web", "--to-revision=1"]);
    rig.ok(&["rollout", "status", "deployment/web"]);
    assert_eq!(
        rig.ok(&["get", "deployment", "web", "-o", "jsonpath={.spec.template.spec.containers[0].image}"]),
        "web:1"
    );
    let history = rig.ok(&["rollout", "history", "deployment/web"]);
    let revisions: Vec<&str> = history.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(revisions[2..], ["2", "3", "4"], "the first template has become the fourth: {history}");
}

#[test]
fn scale_changes_replicas_and_nothing_else() {
    let Some(rig) = Rig::running() else { return };
    rig.roll_out("web:1");
    rig.ok(&["scale", "deployment/web", "--replicas=4"]);
    rig.ok(&["wait", "--for=jsonpath={.status.availableReplicas}=4", "deployment/web"]);
    assert_eq!(rig.cluster.objects("replicasets", "shop").len(), 1);
    assert!(
        rig.fails(&["scale", "deployment/web", "--current-replicas=9", "--replicas=1"])
            .contains("Expected replicas to be 9")
    );
}

#[test]
fn what_a_deployment_owned_goes_with_it() {
    let Some(rig) = Rig::running() else { return };
    rig.roll_out("web:1");
    rig.ok(&["delete", "deployment", "web", "--cascade=foreground"]);
    rig.ok(&["wait", "--for=delete", "pods", "-l", "app=web"]);
    assert!(rig.cluster.objects("replicasets", "shop").is_empty() && rig.cluster.objects("pods", "shop").is_empty());
}
