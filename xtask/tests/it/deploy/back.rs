//! The ways back: to what was recorded, whatever the cluster's own history says, and to what an older run has deployed.

use crate::support::deploying::{Shop, meets};
use std::fs;
use test_cluster::Behaviour;

/// The runs so far, the oldest first.
fn runs(shop: &Shop) -> Vec<String> {
    let directories = fs::read_dir(shop.sandbox.root().join("target/xtask/runs")).expect("there are runs").flatten();
    let names = directories.map(|directory| directory.file_name().to_string_lossy().into_owned());
    let mut runs: Vec<String> = names.filter(|name| name != "latest").collect();
    runs.sort();
    runs
}

#[test]
fn what_comes_back_is_what_was_there_and_not_the_previous_revision() {
    let shop = Shop::new().deployed();
    // No revision knows of either: one is no part of the pods, and the other is of no use without its ConfigMap.
    shop.kubectl(&["scale", "deployment/user-service", "--replicas=3"]);
    shop.kubectl(&["set", "env", "deployment/user-service", "BY_HAND=1"]);
    shop.kubectl(&["rollout", "status", "deployment/user-service"]);
    let before = shop.state();
    shop.images('b');
    shop.cluster.behave(&Shop::image("user-service", 'b'), Behaviour::CrashLoop(1, String::new()));
    shop.deploy(&[]).exits(7).says("user-service  rolled back to the previous state");
    assert_eq!(shop.state(), before);
}

#[test]
fn what_an_older_run_has_deployed_can_be_had_again() {
    let shop = Shop::new();
    for commit in ['a', 'b', 'c'] {
        shop.images(commit);
        shop.deploy(&[]).exits(0);
    }
    let runs = runs(&shop);
    assert_eq!(runs.len(), 3, "{runs:?}");
    shop.sandbox.run(&["rollback", "staging", "--to", &runs[0]]).exits(0);
    shop.runs_all_of('a');
    // That run changed things too, so what was before it is the third.
    shop.sandbox.run(&["rollback", "staging"]).exits(0);
    shop.runs_all_of('c');
}

#[test]
fn what_was_never_deployed_or_did_not_come_up_is_no_way_back() {
    let shop = Shop::new();
    shop.sandbox.run(&["rollback", "staging"]).exits(2).says("there is no record of a deployment to this environment");
    let shop = shop.deployed();
    shop.images('b');
    shop.cluster.behave(&Shop::image("user-service", 'b'), Behaviour::CrashLoop(1, String::new()));
    shop.deploy(&[]).exits(7);
    let runs = runs(&shop);
    let failed = runs.last().expect("a run");
    shop.cluster.clear_requests();
    let output = shop.sandbox.run(&["rollback", "staging", "--to", failed]).exits(2);
    output.says("it did not deploy auth-service and user-service").says("the last that have passed: RUN");
    shop.sandbox
        .run(&["rollback", "staging", "--to", "20200101"])
        .exits(2)
        .says("no record of the deployment `20200101`");
    assert_eq!(shop.writes(), [""; 0]);
    shop.runs_all_of('a');
}

#[test]
fn a_rollback_that_fails_brings_back_what_it_has_found() {
    let shop = Shop::new().deployed();
    shop.images('b');
    shop.deploy(&[]).exits(0);
    shop.cluster.behave(&Shop::image("user-service", 'a'), Behaviour::PullError("gone".to_owned()));
    shop.sandbox.run(&["rollback", "staging"]).exits(7).says("user-service failed; the previous state is restored");
    shop.runs_all_of('b');
}

#[test]
fn what_was_before_is_watched_too_and_when_it_does_not_come_up_a_human_is_needed() {
    let shop = Shop::new().deployed();
    shop.images('b');
    shop.cluster.behave(&Shop::image("user-service", 'b'), Behaviour::CrashLoop(1, String::new()));
    let place = shop.stall("patch", "user-service", 3);
    let child = shop.begin();
    meets(&place, 3);
    let lost = Behaviour::CrashLoop(5, "the disk is gone\n".to_owned());
    shop.cluster.behave(&Shop::image("user-service", 'a'), lost);
    shop.kubectl(&["delete", "pods", "--selector=app.kubernetes.io/name=user-service"]);
    place.release();
    let output = shop.sandbox.wait(child).exits(8).says("user-service failed; manual intervention is needed");
    output
        .says("the disk is gone")
        .says("auth-service  rolled back to the previous state")
        .says("user-service  needs manual intervention: its program keeps exiting")
        .says("cargo xtask status staging")
        .says("cargo xtask rollback staging");
}
