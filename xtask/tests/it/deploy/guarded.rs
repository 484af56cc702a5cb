//! What protects an environment: its guard, the privacy of credentials, and smoke tests that bring back what was
//! before.

use crate::support::deploying::{NAMESPACE, Shop, meets};
use crate::support::private::{own_temp, private};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use test_cluster::{Behaviour, Effect, Fault, User};

#[test]
fn a_guarded_environment_wants_a_clean_green_commit_its_images_and_a_word() {
    let shop = Shop::with("guard = true");
    shop.sandbox.commit();
    shop.sandbox.append("services/auth-service/src/lib.rs", "// Changed.\n");
    let output = shop.deploy(&["--yes"]).exits(1).says("files differ from the commit that is checked out");
    output.says("the images are of the commit aaaa").says("has passed: `cargo xtask ci`");
    // Going back is never refused for the state of the checkout, but nobody is there to be asked.
    shop.sandbox.run(&["rollback", "staging"]).exits(2).says("pass `--yes` to confirm without one");
    assert_eq!(shop.writes(), [""; 0]);
}

#[test]
fn a_pipeline_leaves_a_guarded_environment_alone() {
    let why = "there is no environment `staging` in the configuration, or it is guarded";
    let plan = |shop: &Shop| shop.sandbox.run(&["plan", "--event", "push"]).exits(0).stdout;
    let (open, guarded) = (Shop::new(), Shop::with("guard = true"));
    assert!(plan(&open).contains("  # deploy auth-service and user-service to staging\n"), "{}", plan(&open));
    assert!(plan(&guarded).contains(why) && !plan(&guarded).contains("to staging\n"), "{}", plan(&guarded));
}

#[test]
fn the_runs_kubeconfig_is_for_its_owner_and_gone_afterwards() {
    let mut shop = Shop::new();
    let temp = own_temp(&mut shop.sandbox);
    let before = shop.sandbox.read("kubeconfig");
    let place = shop.cluster.fault(Fault::on("create", "leases").effect(Effect::Stall));
    let child = shop.begin();
    meets(&place, 1);
    let directory = private(&temp).join("deploy");
    let mode = |path: &std::path::Path| path.metadata().expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode(&directory), mode(&directory.join("kubeconfig"))), (0o700, 0o600));
    place.release();
    let output = shop.sandbox.wait(child).exits(0);
    assert_eq!(fs::read_dir(&temp).expect("a directory").count(), 0, "it goes with the run");
    assert_eq!(shop.sandbox.read("kubeconfig"), before, "the user's own file");
    shop.keeps_its_token(&output);
}

#[test]
fn a_secret_that_a_pod_has_logged_is_not_repeated() {
    let mut shop = Shop::new().deployed();
    shop.images('b');
    shop.sandbox.var("DEPLOY_TOKEN", "canary-4711-0815");
    let words = "my token is canary-4711-0815\n".to_owned();
    shop.cluster.behave(&Shop::image("user-service", 'b'), Behaviour::CrashLoop(1, words));
    let output = shop.deploy(&[]).exits(7).says("my token is ***");
    for text in [&output.stdout, &output.stderr, &shop.left_behind()] {
        assert!(!text.contains("canary-4711"), "{text}");
    }
}

#[test]
fn a_config_map_that_is_taken_away_dooms_the_service() {
    let shop = Shop::new().deployed();
    let names = |shop: &Shop| -> Vec<String> {
        let maps = shop.cluster.objects("configmaps", NAMESPACE).into_iter();
        maps.map(|map| map["metadata"]["name"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let before = names(&shop);
    shop.images('b');
    let place = shop.stall("patch", "user-service", 2);
    let child = shop.begin();
    meets(&place, 2);
    let new = names(&shop).into_iter().find(|name| name.starts_with("user-service") && !before.contains(name));
    shop.kubectl(&["delete", "configmap", &new.expect("it is written before the deployment")]);
    place.release();
    let output = shop.sandbox.wait(child).exits(7);
    output.says("a ConfigMap or Secret, or a key of it, is missing (CreateContainerConfigError)");
    shop.runs_all_of('a');
    assert_eq!(names(&shop), before);
}

/// A shop whose second commit no smoke test has seen; one that fails brings the first back.
fn on_trial() -> Shop {
    let shop = Shop::with("rollback-on-smoke = true").deployed();
    shop.images('b');
    shop.deploy(&[]).exits(0);
    shop
}

#[test]
fn a_failed_smoke_test_brings_back_what_was_before_when_the_environment_says_so() {
    let shop = on_trial();
    shop.cluster.answer_at(&Shop::image("user-service", 'b'), "/version", 500, "{}");
    shop.sandbox
        .run(&["smoke", "staging"])
        .exits(7)
        .says("/version cannot be queried")
        .says("the previous state is restored");
    shop.runs_all_of('a');
}

#[test]
fn a_smoke_test_without_the_right_to_ask_brings_nothing_back() {
    let shop = on_trial();
    let kinds = ["deployments", "replicasets", "pods", "services", "configmaps", "serviceaccounts", "endpointslices"];
    let more = ["poddisruptionbudgets", "networkpolicies"];
    shop.cluster
        .grant("bob-4711", User::new("bob").may(&["get", "list"], &[&kinds[..], &more[..]].concat(), NAMESPACE));
    shop.sandbox.file("kubeconfig", &shop.cluster.kubeconfig_for("bob-4711"));
    shop.cluster.clear_requests();
    shop.sandbox.run(&["smoke", "staging"]).exits(3).says("smoke-test staging").says("services/proxy");
    assert_eq!(shop.writes(), [""; 0]);
    shop.runs_all_of('b');
}

#[test]
fn what_has_passed_a_smoke_test_or_was_brought_back_already_stays() {
    let shop = on_trial();
    shop.sandbox.run(&["smoke", "staging"]).exits(0);
    shop.cluster.answer_at(&Shop::image("user-service", 'b'), "/version", 500, "{}");
    shop.sandbox.run(&["smoke", "staging"]).exits(1).says("not rolled back: the last deployment from here");
    shop.runs_all_of('b');
    shop.sandbox.run(&["rollback", "staging"]).exits(0);
    shop.cluster.answer_at(&Shop::image("user-service", 'a'), "/version", 500, "{}");
    shop.sandbox.run(&["smoke", "staging"]).exits(1).says("not rolled back");
    shop.runs_all_of('a');
}

#[test]
fn a_part_that_works_approves_nothing() {
    let shop = on_trial();
    shop.cluster.answer_at(&Shop::image("user-service", 'b'), "/version", 500, "{}");
    shop.sandbox.run(&["smoke", "staging", "auth"]).exits(0);
    shop.sandbox.run(&["smoke", "staging"]).exits(7);
    shop.runs_all_of('a');
}
