//! What a smoke test finds: pods, addresses, configuration and commits that are not what was deployed.

use crate::support::deploying::{NAMESPACE, Shop, meets};
use serde_json::json;
use test_cluster::{Behaviour, Effect, Fault};

#[track_caller]
fn finds(shop: &Shop, problem: &str) {
    shop.sandbox
        .run(&["smoke", "staging"])
        .exits(1)
        .says(&format!("user-service: {problem}"))
        .says("auth-service: works");
}

#[test]
fn pods_that_are_not_ready() {
    let shop = Shop::new().deployed();
    shop.cluster.behave("user-service", Behaviour::NeverReady);
    shop.kubectl(&["delete", "pods", "--selector=app.kubernetes.io/name=user-service"]);
    finds(&shop, "0 of 1 pods are available");
}

#[test]
fn pods_that_do_not_stay() {
    let shop = Shop::new().deployed();
    let place = shop.cluster.fault(Fault::on("list", "deployments").nth(2).effect(Effect::Stall));
    let child = shop.start(&["smoke", "staging"]);
    meets(&place, 2);
    // The first look is over: the pod that it saw makes room for another one, which is as good.
    shop.kubectl(&["delete", "pods", "--selector=app.kubernetes.io/name=user-service"]);
    shop.kubectl(&["wait", "--for=condition=Ready", "pods", "--selector=app.kubernetes.io/name=user-service"]);
    shop.kubectl(&["rollout", "status", "deployment/user-service"]);
    place.release();
    shop.sandbox.wait(child).exits(1).says("user-service: its pods are not stable: one has restarted or was replaced");
}

#[test]
fn a_service_without_addresses() {
    let shop = Shop::new().deployed();
    let nobody = r#"'{"spec":{"selector":{"app.kubernetes.io/name":"nobody"}}}'"#;
    shop.kubectl(&["patch", "service", "user-service", "--patch", nobody]);
    finds(&shop, "its Service has no address to send requests to");
}

#[test]
fn a_config_map_that_says_something_else_or_is_not_there() {
    let shop = Shop::new().deployed();
    let maps = shop.cluster.objects("configmaps", NAMESPACE);
    let of_user = |map: &&serde_json::Value| map["metadata"]["labels"]["app.kubernetes.io/name"] == "user-service";
    let map = maps.iter().find(of_user).expect("it was deployed");
    let name = map["metadata"]["name"].as_str().expect("it has one");
    shop.cluster.delete("configmaps", NAMESPACE, name);
    finds(&shop, &format!("its ConfigMap {name} does not exist"));
    let other = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "data": { "LISTEN": "0.0.0.0:1" },
        "metadata": { "name": name, "namespace": NAMESPACE, "labels": map["metadata"]["labels"] },
    });
    shop.cluster.apply("bob", &other);
    finds(&shop, &format!("its ConfigMap {name} is not the one that was deployed"));
}

#[test]
fn a_failure_brings_nothing_back_unless_the_environment_says_so() {
    let shop = Shop::new().deployed();
    shop.images('b');
    shop.deploy(&[]).exits(0);
    shop.cluster.answer_at("user-service", "/version", 200, "{}");
    finds(&shop, "/version does not report a commit");
    shop.runs_all_of('b');
}
