//! Pods in trouble, as one sees it in their states, events and logs.

use crate::rig::{Rig, config, service, web};
use serde_json::json;
use test_cluster::Behaviour;

/// Waits until the pods' first container waits for this reason.
#[track_caller]
fn wait_for_reason(rig: &Rig, reason: &str) {
    let path = format!("--for=jsonpath={{.status.containerStatuses[0].state.waiting.reason}}={reason}");
    rig.ok(&["wait", &path, "pods", "-l", "app=web"]);
}

#[track_caller]
fn deploy(rig: &Rig) {
    rig.apply(&web("web:1"));
    rig.ok(&["wait", "--for=jsonpath={.status.replicas}=2", "deployment/web"]);
}

#[test]
fn an_image_that_cannot_be_pulled() {
    let Some(rig) = Rig::running() else { return };
    rig.cluster.only_known_images();
    deploy(&rig);
    wait_for_reason(&rig, "ImagePullBackOff");
    assert!(rig.ok(&["get", "pods"]).contains("0/1     ImagePullBackOff   0"));
    let events = rig.ok(&["get", "events", "--field-selector=reason=Failed"]);
    assert!(events.contains("Failed to pull image \"web:1\": rpc error: code = NotFound"), "{events}");
    let why = rig.fails(&["logs", "deployment/web"]);
    assert!(why.contains("is waiting to start: trying and failing to pull image"), "{why}");
}

#[test]
fn a_program_that_crashes_leaves_its_log_and_its_exit_code() {
    let Some(rig) = Rig::running() else { return };
    rig.cluster.behave("web", Behaviour::CrashLoop(3, "no database\ngiving up\n".into()));
    deploy(&rig);
    wait_for_reason(&rig, "CrashLoopBackOff");
    assert_eq!(rig.ok(&["logs", "-l", "app=web", "--tail=1", "--previous"]), "giving up\ngiving up\n");
    let code = "jsonpath={.items[0].status.containerStatuses[0].lastState.terminated.exitCode}";
    assert_eq!(rig.ok(&["get", "pods", "-o", code]), "3");
    assert!(rig.ok(&["get", "events"]).contains("Back-off restarting failed container web"));
}

#[test]
fn a_program_for_another_machine() {
    let Some(rig) = Rig::running() else { return };
    rig.cluster.behave("web", Behaviour::ExecFormatError);
    deploy(&rig);
    wait_for_reason(&rig, "CrashLoopBackOff");
    assert!(rig.ok(&["logs", "deployment/web"]).contains("exec format error"));
}

#[test]
fn a_configuration_that_is_not_there_until_it_is() {
    let Some(rig) = Rig::running() else { return };
    let mut web = web("web:1");
    web["spec"]["template"]["spec"]["containers"][0]["envFrom"] = json!([{ "configMapRef": { "name": "settings" } }]);
    rig.apply(&web);
    rig.ok(&["wait", "--for=jsonpath={.status.replicas}=2", "deployment/web"]);
    wait_for_reason(&rig, "CreateContainerConfigError");
    assert!(rig.ok(&["get", "events"]).contains("Error: configmap \"settings\" not found"));
    rig.apply(&config("info"));
    rig.ok(&["rollout", "status", "deployment/web"]);
}

#[test]
fn an_account_that_is_missing_stops_pods_from_being_made() {
    let Some(rig) = Rig::new() else { return };
    let mut web = web("web:1");
    web["spec"]["template"]["spec"]["serviceAccountName"] = json!("web");
    rig.apply(&web);
    rig.cluster.settle();
    let why = "jsonpath={.status.conditions[?(@.type==\"ReplicaFailure\")].message}";
    assert!(rig.ok(&["get", "deployment", "web", "-o", why]).contains("serviceaccount \"web\" not found"));
    rig.ok(&["create", "serviceaccount", "web"]);
    rig.cluster.settle();
    assert!(rig.ok(&["get", "deployment", "web"]).contains("2/2"));
}

#[test]
fn a_pod_without_a_node_is_only_late() {
    let Some(rig) = Rig::new() else { return };
    rig.cluster.behave("web", Behaviour::Unschedulable(5));
    rig.apply(&web("web:1"));
    rig.cluster.advance(4);
    let reason = "jsonpath={.items[0].status.conditions[?(@.type==\"PodScheduled\")].reason}";
    assert_eq!(rig.ok(&["get", "pods", "-o", reason]), "Unschedulable");
    assert!(rig.ok(&["get", "events"]).contains("FailedScheduling"));
    rig.cluster.advance(6);
    assert!(rig.ok(&["get", "deployment", "web"]).contains("2/2"));
}

#[test]
fn a_service_that_loses_its_pods_has_no_endpoints() {
    let Some(rig) = Rig::new() else { return };
    rig.cluster.behave("web", Behaviour::UnreadyAfter(5));
    rig.apply(&service());
    rig.apply(&web("web:1"));
    rig.cluster.advance(6);
    let proxied = ["get", "--raw", "/api/v1/namespaces/shop/services/web:http/proxy/readyz"];
    assert_eq!(rig.ok(&proxied), "ready");
    let ready = ["get", "endpointslices", "-l", "kubernetes.io/service-name=web", "-o"];
    let ready =
        [&ready[..], &["jsonpath={.items[0].endpoints[*].conditions.ready} {.items[0].ports[0].port}"]].concat();
    assert_eq!(rig.ok(&ready), "true true 8080");
    rig.cluster.advance(6);
    assert_eq!(rig.ok(&ready), "false false 8080");
    assert!(rig.fails(&proxied).contains("no endpoints available for service \"web\""));
    let pod = rig.cluster.objects("pods", "shop")[0]["metadata"]["name"].as_str().expect("a name").to_owned();
    rig.cluster.answer_at("web", "/metrics", 200, "up 1");
    let path = format!("/api/v1/namespaces/shop/pods/{pod}:8080/proxy/metrics");
    assert_eq!(rig.ok(&["get", "--raw", &path]), "up 1", "a pod is reached although it is not ready");
}
