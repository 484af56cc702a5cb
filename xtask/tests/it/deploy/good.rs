//! Deployments that go well: the first one, one of a new commit, one with nothing to do, a part of the services.

use crate::support::deploying::{NAMESPACE, Shop};
use insta::assert_snapshot;
use test_cluster::Behaviour;

#[test]
fn the_first_deployment_makes_everything_and_the_second_has_nothing_to_do() {
    let shop = Shop::new();
    let before = shop.sandbox.read("kubeconfig");
    let first = shop.deploy(&[]);
    assert_snapshot!(first.results(), @"
    exit code 0
    ----- stderr -----
    ✓ deploy-staging:staging

    Services of staging
      service  state
      auth-service  deployed
      user-service  deployed

    What to type next
      command
      cargo xtask smoke staging

    ✓ deploy-staging

    passed: 1 stage in TIME
    ");
    shop.runs_all_of('a');
    for kind in ["deployments", "services", "configmaps", "networkpolicies"] {
        assert_eq!(shop.cluster.objects(kind, NAMESPACE).len(), 2, "{kind}");
    }
    let lease = shop.cluster.object("leases", NAMESPACE, "xtask-deploy").expect("there is a lease");
    assert_eq!(lease["spec"]["holderIdentity"], "", "it was given back");
    shop.cluster.clear_requests();
    let second = shop.deploy(&[]);
    assert_snapshot!(second.results(), @"
    exit code 0
    ----- stderr -----
    ✓ deploy-staging:staging

    Services of staging
      service  state
      auth-service  unchanged
      user-service  unchanged

    What to type next
      command
      cargo xtask smoke staging

    ✓ deploy-staging

    passed: 1 stage in TIME
    ");
    assert!(shop.writes().iter().all(|write| write.ends_with(" leases")), "{:?}", shop.writes());
    assert_eq!(shop.sandbox.read("kubeconfig"), before, "the user's own file");
    shop.keeps_its_token(&first);
    shop.keeps_its_token(&second);
}

#[test]
fn a_new_commit_is_rolled_out_and_rolled_back_and_brought_again() {
    let shop = Shop::new().deployed();
    shop.images('b');
    assert_snapshot!(shop.deploy(&["--plan"]), @r#"
    exit code 0
    ----- stdout -----
    auth-service:
      ~ ServiceAccount auth-service
          metadata.annotations.xtask.dev/commit: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" → "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
      + ConfigMap auth-service-89b55027796d89c0
      ~ NetworkPolicy auth-service
          metadata.annotations.xtask.dev/commit: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" → "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
      ~ Service auth-service
          metadata.annotations.xtask.dev/commit: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" → "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
      ~ Deployment auth-service
          metadata.annotations.xtask.dev/commit: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" → "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
          metadata.annotations.xtask.dev/run: "RUN" → "this run"
          spec.template.spec.containers[0].envFrom[0].configMapRef.name: "auth-service-aea04f23b32e0e28" → "auth-service-89b55027796d89c0"
          spec.template.spec.containers[0].image: "registry.test/auth-service@sha256:a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1" → "registry.test/auth-service@sha256:b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1"
    user-service:
      ~ ServiceAccount user-service
          metadata.annotations.xtask.dev/commit: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" → "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
      + ConfigMap user-service-89b55027796d89c0
      ~ NetworkPolicy user-service
          metadata.annotations.xtask.dev/commit: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" → "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
      ~ Service user-service
          metadata.annotations.xtask.dev/commit: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" → "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
      ~ Deployment user-service
          metadata.annotations.xtask.dev/commit: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" → "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
          metadata.annotations.xtask.dev/run: "RUN" → "this run"
          spec.template.spec.containers[0].envFrom[0].configMapRef.name: "user-service-aea04f23b32e0e28" → "user-service-89b55027796d89c0"
          spec.template.spec.containers[0].image: "registry.test/user-service@sha256:a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2" → "registry.test/user-service@sha256:b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"
    "#);
    assert_eq!(shop.writes(), [""; 0], "a plan writes nothing");
    shop.deploy(&["auth"]).exits(0);
    assert_eq!(shop.runs("user-service"), Some(Shop::image("user-service", 'a')), "it was not selected");
    shop.deploy(&[]).exits(0);
    shop.runs_all_of('b');
    assert_snapshot!(shop.sandbox.run(&["status", "staging"]), @"
    exit code 0
    ----- stdout -----
    auth-service  running   1/1 ready  commit bbbbbbbbbbbb  image b1b1b1b1b1b1
    user-service  running   1/1 ready  commit bbbbbbbbbbbb  image b2b2b2b2b2b2
    ");
    let json = shop.sandbox.run(&["status", "staging", "--json"]).exits(0);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).expect("it is JSON");
    assert_eq!(json["services"][1]["digest"], "sha256:".to_owned() + &"b2".repeat(32));
    // The last deployment was about the one service that was not there yet.
    assert_snapshot!(shop.sandbox.run(&["rollback", "staging"]).results(), @"
    exit code 0
    ----- stderr -----
    ✓ rollback-staging:staging

    Services of staging
      service  state
      user-service  deployed

    What to type next
      command
      cargo xtask smoke staging

    ✓ rollback-staging

    passed: 1 stage in TIME
    ");
    assert_eq!(shop.runs("user-service"), Some(Shop::image("user-service", 'a')));
    assert_eq!(shop.runs("auth-service"), Some(Shop::image("auth-service", 'b')));
}

#[test]
fn a_restart_replaces_pods_of_which_nothing_has_changed() {
    let shop = Shop::new().deployed();
    let pods = |shop: &Shop| {
        let pods = shop.cluster.objects("pods", NAMESPACE);
        pods.iter().map(|pod| pod["metadata"]["name"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let before = pods(&shop);
    shop.deploy(&["auth", "--restart"]).exits(0);
    let after = pods(&shop);
    let kept = |prefix: &str| after.iter().filter(|pod| pod.starts_with(prefix) && before.contains(pod)).count();
    assert_eq!((kept("auth-service"), kept("user-service")), (0, 1), "{before:?} {after:?}");
    shop.deploy(&[]).exits(0).says("auth-service: unchanged");
}

#[test]
fn what_is_to_be_typed_again_does_no_more_than_what_was_typed() {
    let shop = Shop::new();
    let doomed = Behaviour::PullError("gone".to_owned());
    shop.cluster.behave(&Shop::image("auth-service", 'a'), doomed);
    let again = "run again: cargo xtask deploy staging auth-service --images images.json --restart";
    shop.deploy(&["auth", "--restart"]).exits(7).says(again);
    shop.sandbox.run(&["smoke", "staging", "auth"]).exits(1).says("run again: cargo xtask smoke staging auth-service");
}

#[test]
fn smoke_tests_ask_every_service_for_its_commit() {
    let shop = Shop::new().deployed();
    assert_snapshot!(shop.sandbox.run(&["smoke", "staging"]), @"
    exit code 0
    ----- stderr -----
      smoke-test:staging  auth-service: works
      smoke-test:staging  user-service: works
    ✓ smoke-test:staging

    ✓ smoke-test

    passed: 1 stage in TIME
    ");
    shop.cluster.answer_at("user-service", "/version", 200, "{\"commit\":\"0000\"}");
    assert_snapshot!(shop.sandbox.run(&["smoke", "staging"]), @"
    exit code 1
    ----- stderr -----
      smoke-test:staging  auth-service: works
      smoke-test:staging  user-service: /version reports commit 0000, but aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa is deployed
    ✗ smoke-test:staging failed: 1 problem in staging
        │ user-service: /version reports commit 0000, but aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa is deployed
        log: target/xtask/runs/RUN/logs/smoke-test+staging.log
        run again: cargo xtask smoke staging

    ✗ smoke-test  failed: staging: 1 problem in staging

    What went wrong
      ✗ smoke-test:staging failed: 1 problem in staging
          run again: cargo xtask smoke staging
      report: target/xtask/runs/RUN/report.md

    failed: smoke-test (staging: 1 problem in staging) · exit 1
    ");
}

#[test]
fn without_a_file_the_newest_images_that_were_pushed_are_deployed() {
    let shop = Shop::new();
    assert_snapshot!(shop.sandbox.run(&["deploy", "staging", "--render"]), @"
    exit code 2
    ----- stderr -----
    error: cannot find images to deploy: no run in this checkout has pushed any
    hint: `cargo xtask docker --push` writes such a file; `--images FILE` or XTASK_IMAGES names another one
    ");
    for (run, commit) in [("20200102T000000000Z-1", 'b'), ("20200101T000000000Z-1", 'a')] {
        shop.images(commit);
        let images = shop.sandbox.read("images.json");
        let file = format!("{{\"version\":1,\"commit\":null,\"images\":{images}}}");
        shop.sandbox.file(&format!("target/xtask/runs/{run}/images.json"), &file);
    }
    let rendered = shop.sandbox.run(&["deploy", "staging", "--render"]).exits(0).stdout;
    assert!(rendered.contains(&Shop::image("auth-service", 'b')), "{rendered}");
}

#[test]
fn a_config_map_that_no_replica_set_knows_any_more_goes_with_the_next_deployment() {
    let shop = Shop::new().deployed();
    let make = |name: &str| {
        shop.kubectl(&["create", "configmap", name]);
        shop.kubectl(&["label", "configmap", name, "app.kubernetes.io/name=auth-service"]);
    };
    make("auth-service-0000000000000000");
    make("auth-service-by-hand");
    shop.kubectl(&["label", "configmap", "auth-service-0000000000000000", "app.kubernetes.io/managed-by=xtask"]);
    shop.deploy(&[]).exits(0).says("auth-service: unchanged");
    assert_eq!(shop.configs_of("auth-service"), 3, "it is no reason to deploy");
    shop.images('b');
    assert_snapshot!(shop.deploy(&["--plan"]), @r#"
    exit code 0
    ----- stdout -----
    auth-service:
      - ConfigMap auth-service-0000000000000000
      ~ ServiceAccount auth-service
          metadata.annotations.xtask.dev/commit: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" → "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
      + ConfigMap auth-service-89b55027796d89c0
      ~ NetworkPolicy auth-service
          metadata.annotations.xtask.dev/commit: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" → "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
      ~ Service auth-service
          metadata.annotations.xtask.dev/commit: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" → "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
      ~ Deployment auth-service
          metadata.annotations.xtask.dev/commit: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" → "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
          metadata.annotations.xtask.dev/run: "RUN" → "this run"
          spec.template.spec.containers[0].envFrom[0].configMapRef.name: "auth-service-aea04f23b32e0e28" → "auth-service-89b55027796d89c0"
          spec.template.spec.containers[0].image: "registry.test/auth-service@sha256:a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1" → "registry.test/auth-service@sha256:b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1"
    user-service:
      ~ ServiceAccount user-service
          metadata.annotations.xtask.dev/commit: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" → "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
      + ConfigMap user-service-89b55027796d89c0
      ~ NetworkPolicy user-service
          metadata.annotations.xtask.dev/commit: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" → "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
      ~ Service user-service
          metadata.annotations.xtask.dev/commit: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" → "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
      ~ Deployment user-service
          metadata.annotations.xtask.dev/commit: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" → "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
          metadata.annotations.xtask.dev/run: "RUN" → "this run"
          spec.template.spec.containers[0].envFrom[0].configMapRef.name: "user-service-aea04f23b32e0e28" → "user-service-89b55027796d89c0"
          spec.template.spec.containers[0].image: "registry.test/user-service@sha256:a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2" → "registry.test/user-service@sha256:b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"
    "#);
    shop.deploy(&[]).exits(0);
    // Kubernetes keeps the ReplicaSet of the commit before, and a rollback to it needs its configuration.
    assert_eq!(shop.configs_of("auth-service"), 3, "by hand, before and now");
    assert_eq!(shop.cluster.object("configmaps", NAMESPACE, "auth-service-0000000000000000"), None);
}
