//! What counts as done, as failed, or as somebody else's, where `kubectl rollout status` would say something else; and what
//! is asked for before anything is undone.

use crate::support::deploying::{NAMESPACE, Shop, hears, meets};
use std::time::Duration;
use test_cluster::{Behaviour, Effect, Fault, Pace};

/// A deployed shop, and images of a second commit.
fn second(more: &str) -> Shop {
    let shop = Shop::with(more).deployed();
    shop.images('b');
    shop
}

#[test]
fn the_time_is_that_of_all_services_together_and_each_that_is_late_is_named() {
    let shop = second("timeout = \"2s\"");
    for service in ["auth-service", "user-service"] {
        shop.cluster.behave(&Shop::image(service, 'b'), Behaviour::NeverReady);
    }
    // Slowly, so that it is not Kubernetes' own deadline that ends it.
    shop.cluster.pace(Pace::Every(Duration::from_millis(50)));
    let output = shop.deploy(&[]).exits(7).says("auth-service and user-service failed; the previous state is restored");
    let late = "timed out: 1 old pod still running: it is running but not ready";
    output.says(&format!("auth-service: {late}")).says(&format!("user-service: {late}"));
    // Both settled in the same look.
    assert_eq!(shop.journal("deploy.ndjson")[5..8], ["settled", "settled", "restoring"]);
    shop.runs_all_of('a');
}

#[test]
fn no_service_is_no_success() {
    let shop = Shop::new();
    for service in ["auth-service", "user-service"] {
        let manifest = format!("services/{service}/Cargo.toml");
        shop.sandbox.append(&manifest, "\n[package.metadata.xtask.service]\nimage = false\n");
    }
    shop.deploy(&[]).exits(4);
    shop.deploy(&["--plan"]).exits(4).says("no selected package is a service with an image");
    assert_eq!(shop.writes(), [""; 0]);
}

#[test]
fn a_deployment_that_is_paused_while_it_is_watched_is_not_waited_for() {
    let shop = second("");
    let place = shop.cluster.fault(Fault::on("list", "deployments").nth(3).effect(Effect::Stall));
    let child = shop.begin();
    meets(&place, 3);
    shop.kubectl(&["rollout", "pause", "deployment/user-service"]);
    place.release();
    shop.sandbox
        .wait(child)
        .exits(8)
        .says("user-service  needs manual intervention: someone else has changed it since");
    assert_eq!(shop.runs("auth-service"), Some(Shop::image("auth-service", 'a')), "it is set back");
}

#[test]
fn a_deployment_that_is_deleted_while_it_is_watched_comes_back() {
    let shop = second("");
    let before = shop.state();
    let place = shop.cluster.fault(Fault::on("list", "deployments").nth(3).effect(Effect::Stall));
    let child = shop.begin();
    meets(&place, 3);
    shop.cluster.delete("deployments", NAMESPACE, "user-service");
    place.release();
    shop.sandbox.wait(child).exits(7).says("user-service: the deployment no longer exists");
    assert_eq!(shop.state(), before);
}

#[test]
fn pods_that_are_ready_for_a_moment_only_are_not_done() {
    let shop = second("soak = \"3s\"\ntimeout = \"6s\"");
    shop.cluster.behave(&Shop::image("user-service", 'b'), Behaviour::UnreadyAfter(20));
    shop.deploy(&[])
        .exits(7)
        .says("user-service failed; the previous state is restored")
        .says("user-service: timed out");
    shop.runs_all_of('a');
}

#[test]
fn a_pod_that_no_node_takes_yet_dooms_nothing() {
    let shop = second("");
    shop.cluster.pace(Pace::Every(Duration::from_millis(50)));
    shop.cluster.behave(&Shop::image("user-service", 'b'), Behaviour::Unschedulable(1_000_000));
    let mut child = shop.begin();
    hears(&mut child, "no node accepts it", 1);
    shop.cluster.behave(&Shop::image("user-service", 'b'), Behaviour::Healthy);
    shop.sandbox.wait(child).exits(0);
    shop.runs_all_of('b');
}

#[test]
fn events_and_logs_are_asked_for_before_anything_is_set_back() {
    let shop = second("");
    shop.cluster.behave(&Shop::image("user-service", 'b'), Behaviour::CrashLoop(3, "no password\n".to_owned()));
    shop.deploy(&[]).exits(7).says("BackOff: ").says("the last lines of user-service-").says("no password");
    let requests = shop.cluster.requests();
    let writes = |request: &&test_cluster::Entry| request.is_write() && request.resource == "deployments";
    let set_back = requests.iter().filter(writes).nth(2).expect("two are written, and then set back");
    let at = |wanted: &dyn Fn(&test_cluster::Entry) -> bool| requests.iter().position(wanted).expect("it was asked");
    let set_back = at(&|request| std::ptr::eq(request, set_back));
    assert!(at(&|request| request.resource == "events") < set_back);
    assert!(at(&|request| request.resource == "pods/log") < set_back);
}
