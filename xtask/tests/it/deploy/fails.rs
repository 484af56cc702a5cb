//! Deployments that fail: what is said, what is brought back, and with which exit code.

use crate::support::deploying::{NAMESPACE, Shop};
use insta::assert_snapshot;
use test_cluster::{Behaviour, Effect, Fault, User};

/// A deployment of a second commit, whose `user-service` behaves so, comes to nothing: everything is brought back.
#[track_caller]
fn is_brought_back(behaviour: Behaviour, why: &[&str]) {
    let shop = Shop::new().deployed();
    shop.images('b');
    shop.cluster.behave(&Shop::image("user-service", 'b'), behaviour);
    let output = shop.deploy(&[]).exits(7).says("user-service failed; the previous state is restored");
    let output = why.iter().fold(output, |output, why| output.says(why));
    shop.runs_all_of('a');
    shop.sandbox.run(&["deploy", "staging", "--resume"]).exits(2).says("the last one has ended");
    shop.keeps_its_token(&output);
}

#[test]
fn an_image_that_cannot_be_pulled() {
    is_brought_back(
        Behaviour::PullError("manifest unknown".to_owned()),
        &["its image cannot be pulled (ImagePullBackOff)", "manifest unknown"],
    );
}

#[test]
fn a_program_that_crashes_again_and_again() {
    is_brought_back(
        Behaviour::CrashLoop(3, "connecting\nthe password is wrong\n".to_owned()),
        &["its program keeps exiting", "last with exit code 3", "the password is wrong"],
    );
}

#[test]
fn a_program_for_another_machine() {
    is_brought_back(Behaviour::ExecFormatError, &["exec format error"]);
}

#[test]
fn every_service_that_fails_is_named() {
    let shop = Shop::new().deployed();
    shop.images('b');
    for service in ["auth-service", "user-service"] {
        shop.cluster.behave(&Shop::image(service, 'b'), Behaviour::CrashLoop(1, format!("{service} gives up\n")));
    }
    shop.deploy(&[]).exits(7).says("auth-service gives up").says("user-service gives up");
    shop.runs_all_of('a');
    let next = "- `deploy-staging:staging`: the previous state is restored and verified: fix the cause, then deploy again\n  \
                - `cargo xtask status staging`\n  - `cargo xtask deploy staging --images images.json`\n";
    let report = shop.sandbox.run(&["report"]).exits(0).stdout;
    assert!(report.contains(next), "{report}");
}

#[test]
fn what_only_the_failed_release_had_is_gone_again() {
    let shop = Shop::new().deployed();
    shop.images('b');
    let doomed = Behaviour::CrashLoop(1, String::new());
    shop.cluster.behave(&Shop::image("user-service", 'b'), doomed);
    shop.deploy(&[]).exits(7);
    let names = shop.cluster.objects("configmaps", NAMESPACE);
    assert_eq!(names.len(), 2, "the new ones are gone again: {names:?}");
}

#[test]
fn a_first_deployment_that_fails_leaves_nothing_behind() {
    let shop = Shop::new();
    shop.cluster.behave("user-service", Behaviour::CrashLoop(1, String::new()));
    shop.deploy(&[]).exits(7).says("removed again: it did not exist before");
    assert!(shop.state().iter().all(|(name, _)| name == "serviceaccounts/default"), "{:?}", shop.state());
}

#[test]
fn when_what_was_before_does_not_come_back_a_human_is_needed() {
    let shop = Shop::new().deployed();
    shop.images('b');
    shop.cluster.behave(&Shop::image("user-service", 'b'), Behaviour::CrashLoop(1, String::new()));
    // What ran well before does not any more: its node has lost the image, say.
    let writes = shop.cluster.fault(Fault::on("patch", "deployments").name("user-service").nth(3).always().answer(403));
    let output = shop.deploy(&[]).exits(8).says("user-service failed; manual intervention is needed");
    assert!(writes.matched() >= 3);
    output.says("cargo xtask status staging").says("needs manual intervention: ").says("auth-service  rolled back");
    let next = "- `deploy-staging:staging`: staging needs manual intervention: some services are in an unintended state\n  \
                - `cargo xtask status staging`\n  - `cargo xtask rollback staging`\n";
    let report = shop.sandbox.run(&["report"]).exits(0).stdout;
    assert!(report.contains(next), "{report}");
}

#[test]
fn rights_namespace_secret_and_server_are_looked_at_before_anything_is_written() {
    let shop = Shop::with("secret = \"{service}-secrets\"\nserver = \"https://other.test\"\nregistry = \"other.test\"");
    let reader = User::new("reader").may(&["get", "list"], &["*"], "*");
    shop.cluster.grant("reader-token", reader);
    shop.sandbox.file("kubeconfig", &shop.cluster.kubeconfig_for("reader-token"));
    assert_snapshot!(shop.deploy(&[]), @"
    exit code 3
    ----- stderr -----
    ✗ deploy-staging:staging could not run: cannot deploy: the checks found 12 problems: the API server is https://127.0.0.1:PORT, expected https://other.test
        │ cannot deploy: the checks found 12 problems
        │ because: the API server is https://127.0.0.1:PORT, expected https://other.test
        │ the right to create, patch and delete serviceaccounts in shop is missing
        │ the right to create, patch and delete configmaps in shop is missing
        │ the right to create, patch and delete services in shop is missing
        │ the right to create, patch and delete deployments in shop is missing
        │ the right to create, patch and delete networkpolicies in shop is missing
        │ the right to create, patch and delete poddisruptionbudgets in shop is missing
        │ the right to create and update leases in shop is missing
        │ auth-service needs the Secret auth-service-secrets, which does not exist
        │ user-service needs the Secret user-service-secrets, which does not exist
        │ the image of auth-service is registry.test/auth-service@sha256:a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1, and must come from other.test
        │ the image of user-service is registry.test/user-service@sha256:a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2, and must come from other.test
        │ hint: nothing was written: fix these, then run the same command again
        log: target/xtask/runs/RUN/logs/deploy-staging+staging.log
        run again: cargo xtask deploy staging --images images.json

    ✗ deploy-staging  could not run: staging: cannot deploy: the checks found 12 problems: the API server is https://127.0.0.1:PORT, expected https://other.test

    What went wrong
      ✗ deploy-staging:staging could not run: cannot deploy: the checks found 12 problems: the API server is https://127.0.0.1:PORT, expected https://other.test
          run again: cargo xtask deploy staging --images images.json
      report: target/xtask/runs/RUN/report.md

    could not run: deploy-staging (staging: cannot deploy: the checks found 12 problems: the...) · exit 3
    ");
    assert_eq!(shop.writes(), [""; 0]);
}

#[test]
fn whom_the_cluster_does_not_know_and_an_image_that_is_not_there() {
    let shop = Shop::new();
    shop.sandbox.file("kubeconfig", &shop.cluster.kubeconfig_for("unknown"));
    shop.sandbox
        .stub("skopeo", "case \"$1\" in inspect) echo manifest unknown >&2; exit 1;; esac; echo skopeo version 1");
    assert_snapshot!(shop.deploy(&[]), @"
    exit code 3
    ----- stderr -----
    ✗ deploy-staging:staging could not run: cannot deploy: the checks found 3 problems: the cluster cannot be queried: error: You must be logged in to the server (the server has asked for the client to provide credentials)
        │ cannot deploy: the checks found 3 problems
        │ because: the cluster cannot be queried: error: You must be logged in to the server (the server has asked for the client to provide credentials)
        │ the image of auth-service is not available: manifest unknown
        │ the image of user-service is not available: manifest unknown
        │ hint: nothing was written: fix these, then run the same command again
        log: target/xtask/runs/RUN/logs/deploy-staging+staging.log
        run again: cargo xtask deploy staging --images images.json

    ✗ deploy-staging  could not run: staging: cannot deploy: the checks found 3 problems: the cluster cannot be queried: error: You must be logged in to the server (the server has asked for the client to provide credentials)

    What went wrong
      ✗ deploy-staging:staging could not run: cannot deploy: the checks found 3 problems: the cluster cannot be queried: error: You must be logged in to the server (the server has asked for the client to provide credentials)
          run again: cargo xtask deploy staging --images images.json
      report: target/xtask/runs/RUN/report.md

    could not run: deploy-staging (staging: cannot deploy: the checks found 3 problems: the ...) · exit 3
    ");
    assert_eq!(shop.writes(), [""; 0]);
}

#[test]
fn half_a_set_of_images_is_never_deployed() {
    let shop = Shop::new();
    let images = shop.sandbox.read("images.json");
    shop.sandbox.file("images.json", &images.replace("\"user-service\"", "\"other-service\""));
    assert_snapshot!(shop.deploy(&[]), @"
    exit code 2
    ----- stderr -----
    ✗ deploy-staging:staging could not run: cannot use the images: 1 problem: user-service has no image
        │ cannot use the images: 1 problem
        │ because: user-service has no image
        │ hint: all images must be of one commit: `cargo xtask docker --push` makes them
        log: target/xtask/runs/RUN/logs/deploy-staging+staging.log
        run again: cargo xtask deploy staging --images images.json

    ✗ deploy-staging  could not run: staging: cannot use the images: 1 problem: user-service has no image

    What went wrong
      ✗ deploy-staging:staging could not run: cannot use the images: 1 problem: user-service has no image
          run again: cargo xtask deploy staging --images images.json
      report: target/xtask/runs/RUN/report.md

    could not run: deploy-staging (staging: cannot use the images: 1 problem: user-service h...) · exit 2
    ");
    assert_eq!(shop.writes(), [""; 0]);
}

#[test]
fn a_paused_deployment_is_refused_before_it_is_waited_for_in_vain() {
    let shop = Shop::new().deployed();
    shop.kubectl(&["rollout", "pause", "deployment/user-service"]);
    shop.images('b');
    assert_snapshot!(shop.deploy(&[]), @"
    exit code 3
    ----- stderr -----
    ✗ deploy-staging:staging could not run: cannot deploy to paused Deployments, whose rollouts would never finish: user-service
        │ cannot deploy to paused Deployments, whose rollouts would never finish: user-service
        │ hint: resume it: `kubectl rollout resume deployment user-service`
        log: target/xtask/runs/RUN/logs/deploy-staging+staging.log
        run again: cargo xtask deploy staging --images images.json

    ✗ deploy-staging  could not run: staging: cannot deploy to paused Deployments, whose rollouts would never finish: user-service

    What went wrong
      ✗ deploy-staging:staging could not run: cannot deploy to paused Deployments, whose rollouts would never finish: user-service
          run again: cargo xtask deploy staging --images images.json
      report: target/xtask/runs/RUN/report.md

    could not run: deploy-staging (staging: cannot deploy to paused Deployments, whose rollo...) · exit 3
    ");
    shop.runs_all_of('a');
}

#[test]
fn what_passes_by_itself_is_waited_for() {
    let shop = Shop::new().deployed();
    shop.images('b');
    for status in [429, 500, 503] {
        shop.cluster.fault(Fault::on("list", "pods").nth(2).answer(status));
    }
    shop.cluster.fault(Fault::on("patch", "deployments").nth(3).effect(Effect::DropAfter));
    shop.cluster.fault(Fault::on("update", "leases").effect(Effect::DropAfter));
    shop.cluster.behave(&Shop::image("user-service", 'b'), Behaviour::Unschedulable(50));
    shop.deploy(&[]).exits(0);
    shop.runs_all_of('b');
}

#[test]
fn a_write_that_is_refused_brings_everything_back() {
    let shop = Shop::new().deployed();
    shop.images('b');
    // The first is the question what would come of it.
    let fault = shop.cluster.fault(Fault::on("patch", "deployments").name("user-service").nth(2).answer(403));
    assert_snapshot!(shop.deploy(&[]).results(), @"
    exit code 7
    ----- stderr -----
    ✗ deploy-staging:staging failed: user-service failed; the previous state is restored
        │ user-service: its objects cannot be written: Error from server (Forbidden): forbidden: a scripted answer
        │ hint: request the permission, or use credentials that have it
        log: target/xtask/runs/RUN/logs/deploy-staging+staging.log
        run again: cargo xtask deploy staging --images images.json

    Services of staging
      service  state
      auth-service  rolled back to the previous state
      user-service  rolled back to the previous state

    What to type next
      command
      cargo xtask status staging

    ✗ deploy-staging  failed: staging: user-service failed; the previous state is restored

    What went wrong
      ✗ deploy-staging:staging failed: user-service failed; the previous state is restored
          run again: cargo xtask deploy staging --images images.json
      report: target/xtask/runs/RUN/report.md

    failed: deploy-staging (staging: user-service failed; the previous state is restored) · exit 7
    ");
    assert!(fault.matched() >= 2);
    shop.runs_all_of('a');
}

#[test]
fn somebody_elses_lease_is_waited_for_until_it_expires() {
    let shop = Shop::new();
    let lease = |time: &str| {
        let spec = format!("{{\"holderIdentity\":\"bob\",\"leaseDurationSeconds\":60,\"renewTime\":\"{time}\"}}");
        let kind = "\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\"";
        shop.sandbox
            .file("lease.json", &format!("{{{kind},\"metadata\":{{\"name\":\"xtask-deploy\"}},\"spec\":{spec}}}"));
        shop.kubectl(&["apply", "-f", "lease.json"]);
        shop.cluster.clear_requests();
    };
    lease("2099-01-01T00:00:00.000000Z");
    assert_snapshot!(shop.deploy(&[]), @"
    exit code 6
    ----- stderr -----
    ✗ deploy-staging:staging could not run: cannot deploy: another deployment is in progress in this namespace: bob renewed its lease TIME ago
        │ cannot deploy: another deployment is in progress in this namespace
        │ because: bob renewed its lease TIME ago
        │ hint: wait for it: its lease expires 1m TIME after its holder dies; if it was yours and was killed, continue it with `--resume`
        log: target/xtask/runs/RUN/logs/deploy-staging+staging.log
        run again: cargo xtask deploy staging --images images.json

    ✗ deploy-staging  could not run: staging: cannot deploy: another deployment is in progress in this namespace: bob renewed its lease TIME ago

    What went wrong
      ✗ deploy-staging:staging could not run: cannot deploy: another deployment is in progress in this namespace: bob renewed its lease TIME ago
          run again: cargo xtask deploy staging --images images.json
      report: target/xtask/runs/RUN/report.md

    could not run: deploy-staging (staging: cannot deploy: another deployment is in progress...) · exit 6
    ");
    assert_eq!(shop.writes(), [""; 0]);
    lease("2020-01-01T00:00:00.000000Z");
    shop.deploy(&[]).exits(0);
}
