//! A cluster that answers badly while something is deployed: what passes is waited for, and what does not is told.

use crate::support::deploying::{NAMESPACE, Shop, meets};
use crate::support::sandbox::Output;
use test_cluster::{Effect, Fault};

/// A deployed shop, and images of a second commit.
fn second(more: &str) -> Shop {
    let shop = Shop::with(more).deployed();
    shop.images('b');
    shop
}

/// One request of this kind goes wrong in this way, and the deployment does not mind.
#[track_caller]
fn passes(faults: &[Fault]) {
    let shop = second("");
    let rules: Vec<_> = faults.iter().map(|fault| shop.cluster.fault(fault.clone())).collect();
    shop.deploy(&[]).exits(0);
    shop.runs_all_of('b');
    for (fault, rule) in faults.iter().zip(rules) {
        assert!(rule.matched() >= 1, "it was never asked: {fault:?}");
    }
    shop.deploy(&[]).exits(0).says("auth-service: unchanged").says("user-service: unchanged");
}

#[test]
fn questions_that_fail_for_a_moment_are_asked_again() {
    passes(&[
        Fault::on("get", "namespaces").answer(429),
        Fault::on("create", "selfsubjectaccessreviews").answer(500),
        Fault::on("get", "leases").answer(503),
        Fault::on("list", "networkpolicies").answer(410),
        Fault::on("list", "replicasets").effect(Effect::DropBefore),
        Fault::on("get", "deployments").answer(504),
        Fault::on("list", "pods").nth(2).answer(410),
    ]);
}

#[test]
fn writes_that_fail_for_a_moment_are_made_again() {
    passes(&[
        Fault::on("patch", "configmaps").nth(3).effect(Effect::DropAfter),
        Fault::on("patch", "serviceaccounts").nth(3).answer(429),
        Fault::on("patch", "deployments").nth(3).effect(Effect::DropAfter),
        Fault::on("patch", "deployments").nth(5).effect(Effect::DropBefore),
        Fault::on("patch", "services").nth(4).answer(500),
    ]);
}

#[test]
fn a_write_in_the_same_moment_as_somebody_elses_is_made_again() {
    passes(&[Fault::on("patch", "deployments").name("user-service").nth(2).answer(409)]);
}

#[test]
fn leases_that_somebody_else_writes_in_the_same_moment_are_looked_at_again() {
    passes(&[
        Fault::on("update", "leases").answer(409),
        // It is written, and nobody hears of it: the next try finds another version than it has read.
        Fault::on("update", "leases").nth(2).effect(Effect::DropAfter),
    ]);
}

/// A deployment whose requests of this kind are refused from the n-th on.
fn refused(more: &str, verb: &str, resource: &str, nth: usize, status: u16) -> (Shop, Output) {
    let shop = second(more);
    shop.cluster.fault(Fault::on(verb, resource).nth(nth).always().answer(status));
    let output = shop.deploy(&[]);
    shop.cluster.clear_faults();
    (shop, output)
}

#[test]
fn what_is_refused_before_the_first_write_leaves_everything_as_it_is() {
    for (resource, status, why, hint) in [
        ("leases", 401, "take the lease of the namespace", "log in; for AWS"),
        ("leases", 403, "take the lease of the namespace", "request the permission"),
        ("replicasets", 403, "read what is deployed", "request the permission"),
        ("deployments", 404, "read what is deployed", "create what is missing"),
    ] {
        let verb = if resource == "leases" { "get" } else { "list" };
        let (shop, output) = refused("", verb, resource, 1, status);
        output.exits(3).says(why).says(hint);
        let writes: Vec<String> = shop.writes().into_iter().filter(|write| !write.ends_with(" leases")).collect();
        assert_eq!(writes, [""; 0], "{resource} {status}");
        shop.runs_all_of('a');
    }
}

#[test]
fn what_ends_it_between_the_plan_and_the_first_write_is_no_failed_deployment() {
    let (shop, output) = refused("", "get", "deployments", 1, 403);
    let output =
        output.exits(3).says("it could not continue: Error from server (Forbidden)").says("; nothing was written");
    output.says("auth-service  untouched: nothing was written for it").says("cargo xtask deploy staging --resume");
    shop.runs_all_of('a');
    shop.resume().exits(0);
    shop.runs_all_of('b');
}

#[test]
fn a_write_that_gets_no_answer_is_made_again() {
    let shop = second("");
    // kubectl itself gives up on it.
    let place = shop.stall("patch", "user-service", 2);
    shop.deploy(&[]).exits(0);
    assert!(place.matched() >= 3, "{}", place.matched());
    shop.runs_all_of('b');
}

#[test]
fn credentials_that_end_while_it_watches_need_a_human_who_goes_on() {
    for (status, hint) in [(401, "log in; for AWS"), (403, "request the permission")] {
        let (shop, output) = refused("", "list", "pods", 2, status);
        let output = output.exits(8).says("manual intervention is needed").says(hint);
        output
            .says("auth-service  changed, and its rollout was not watched to the end")
            .says("cargo xtask deploy staging --resume")
            .says("cargo xtask rollback staging");
        shop.resume().exits(0);
        shop.runs_all_of('b');
    }
}

#[test]
fn a_cluster_that_is_away_for_a_while_is_no_failing_service() {
    let shop = second("");
    // More often than one question is asked again.
    shop.cluster.fault(Fault::on("list", "pods").nth(2).times(7).answer(500));
    shop.deploy(&[]).exits(0);
    let log = shop.sandbox.read("target/xtask/runs/latest/logs/deploy-staging+staging.log");
    assert!(log.contains("the cluster does not answer: Error from server (InternalError)"), "{log}");
    shop.runs_all_of('b');
}

#[test]
fn a_cluster_that_stays_away_needs_a_human_who_goes_on() {
    let (shop, output) = refused("timeout = \"2s\"", "list", "pods", 2, 500);
    let output = output.exits(8).says("check it, then run the same command again");
    output.says("cargo xtask deploy staging --resume");
    shop.resume().exits(0);
    shop.runs_all_of('b');
}

#[test]
fn credentials_that_end_while_it_writes_need_a_human_who_goes_on() {
    let (shop, output) = refused("", "patch", "deployments", 4, 401);
    let output = output.exits(8).says("its objects cannot be written").says("log in; for AWS");
    output
        .says("needs manual intervention: it could not be rolled back: error: You must be logged in")
        .says("cargo xtask rollback staging");
    shop.sandbox.run(&["rollback", "staging"]).exits(0);
    shop.runs_all_of('a');
}

#[test]
fn a_lease_that_was_taken_by_somebody_else_ends_the_writing() {
    let shop = second("");
    let place = shop.stall("get", "auth-service", 1);
    let child = shop.begin();
    meets(&place, 1);
    let bob = r#"{"spec":{"holderIdentity":"bob","renewTime":"2099-01-01T00:00:00.000000Z"}}"#;
    shop.kubectl(&["patch", "lease", "xtask-deploy", "--type=merge", "--patch", &format!("'{bob}'")]);
    // kubectl itself gives up on the stalled answer, which is asked for again; then the lease is due to be renewed.
    let output = shop.sandbox.wait(child).exits(8);
    let output = output.says("the lease was lost: bob renewed its lease");
    output.says("auth-service  changed, and its rollout was not watched to the end").says("user-service  untouched");
    assert_eq!(shop.runs("user-service"), Some(Shop::image("user-service", 'a')));
    let lease = shop.cluster.object("leases", NAMESPACE, "xtask-deploy").expect("there is a lease");
    assert_eq!(lease["spec"]["holderIdentity"], "bob", "it was left with its new holder");
    shop.resume().exits(6).says("bob renewed its lease");
}
