//! Deployments that are killed or stopped, and what `--resume` makes of them; and what is somebody else's.

use crate::support::deploying::{NAMESPACE, Shop, kill, meets};
use rustix::process::{Pid, Signal, kill_process};
use test_cluster::Behaviour;

/// A deployment of the second commit, whose `user-service` crashes when `doomed`.
fn second(shop: Shop, doomed: bool) -> Shop {
    shop.images('b');
    if doomed {
        shop.cluster.behave(&Shop::image("user-service", 'b'), Behaviour::CrashLoop(1, String::new()));
    }
    shop
}

/// A deployment that is killed behind this many lines of its journal comes to the same end as one that was not.
#[track_caller]
fn survives_a_kill(doomed: bool, (verb, service, nth): (&str, &str, usize), lines: usize) {
    let code = if doomed { 7 } else { 0 };
    let shop = second(Shop::new().deployed(), doomed);
    let place = shop.stall(verb, service, nth);
    let child = shop.begin();
    meets(&place, nth);
    kill(child);
    let journal = shop.journal("deploy.ndjson");
    assert_eq!(journal.len(), lines, "{journal:?}");
    shop.cluster.clear_faults();
    shop.resume().exits(code);
    let undisturbed = second(Shop::new().deployed(), doomed);
    undisturbed.deploy(&[]).exits(code);
    assert_eq!(shop.state(), undisturbed.state());
    shop.runs_all_of(if doomed { 'a' } else { 'b' });
    shop.resume().exits(2).says("the last one has ended");
}

#[test]
fn killed_before_the_first_write() {
    survives_a_kill(false, ("get", "auth-service", 1), 1);
}

#[test]
fn killed_while_the_first_service_is_written() {
    // The first patch is the question what would come of it.
    survives_a_kill(false, ("patch", "auth-service", 2), 2);
}

#[test]
fn killed_between_two_services() {
    survives_a_kill(false, ("get", "user-service", 1), 3);
}

#[test]
fn killed_while_the_last_service_is_written() {
    survives_a_kill(false, ("patch", "user-service", 2), 4);
}

#[test]
fn killed_before_it_goes_back() {
    survives_a_kill(true, ("get", "auth-service", 2), 7);
}

#[test]
fn killed_while_the_first_service_is_set_back() {
    survives_a_kill(true, ("patch", "auth-service", 3), 8);
}

#[test]
fn killed_while_the_last_service_is_set_back() {
    survives_a_kill(true, ("patch", "user-service", 3), 9);
}

#[test]
fn ctrl_c_says_what_has_changed_and_what_to_type() {
    let shop = second(Shop::new().deployed(), false);
    let place = shop.stall("patch", "user-service", 2);
    let child = shop.begin();
    meets(&place, 2);
    let id = Pid::from_raw(i32::try_from(child.id()).expect("a process id")).expect("not zero");
    kill_process(id, Signal::INT).expect("it runs");
    let output = shop.sandbox.wait(child).exits(130);
    let output = output.says("cargo xtask deploy staging --resume").says("cargo xtask rollback staging");
    output.says("auth-service  changed, and its rollout was not watched to the end");
    let lease = shop.cluster.object("leases", NAMESPACE, "xtask-deploy").expect("there is a lease");
    assert_eq!(lease["spec"]["holderIdentity"], "", "it was given back");
    shop.cluster.clear_faults();
    shop.resume().exits(0);
    shop.runs_all_of('b');
}

#[test]
fn somebody_elses_newer_rollout_is_left_alone() {
    let shop = second(Shop::new().deployed(), true);
    // Everything is written and user-service has failed; then somebody sets another image.
    let place = shop.stall("get", "auth-service", 2);
    let child = shop.begin();
    meets(&place, 2);
    let image = Shop::image("auth-service", 'c');
    shop.kubectl(&["set", "image", "deployment/auth-service", &format!("auth-service={image}")]);
    place.release();
    let output = shop.sandbox.wait(child).exits(8);
    output
        .says("auth-service  needs manual intervention: someone else has changed it since, so it was not rolled back");
    assert_eq!(shop.runs("auth-service"), Some(image));
    assert_eq!(shop.runs("user-service"), Some(Shop::image("user-service", 'a')));
}

#[test]
fn a_rollback_leaves_alone_what_somebody_else_has_changed() {
    let shop = second(Shop::new().deployed(), false);
    shop.deploy(&[]).exits(0);
    let image = Shop::image("auth-service", 'c');
    shop.kubectl(&["set", "image", "deployment/auth-service", &format!("auth-service={image}")]);
    shop.sandbox.run(&["rollback", "staging"]).exits(0).says("auth-service: skipped: someone else has changed it");
    assert_eq!(shop.runs("auth-service"), Some(image));
    assert_eq!(shop.runs("user-service"), Some(Shop::image("user-service", 'a')));
}
