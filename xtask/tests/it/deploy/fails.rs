//! Deployments that fail: what is said, what is brought back, and with which exit code.

use crate::support::deploying::{NAMESPACE, Shop};
use test_cluster::{Behaviour, Effect, Fault, User};

/// A deployment of a second commit, whose `user-service` behaves so, comes to nothing: everything is brought back.
#[track_caller]
fn is_brought_back(behaviour: Behaviour, why: &[&str]) {
    let shop = Shop::new().deployed();
    shop.images('b');
    shop.cluster.behave(&Shop::image("user-service", 'b'), behaviour);
    let output = shop.deploy(&[]).exits(7).says("user-service failed; what was before is back");
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
        &["its program ends again and again", "last with exit code 3", "the password is wrong"],
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
    let next = "- `deploy-staging:staging`: what was before is back and verified: repair the cause, then deploy again\n  \
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
    shop.deploy(&[]).exits(7).says("removed again; there was none before");
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
    let output = shop.deploy(&[]).exits(3).says("check the deployment: ");
    output
        .says("and must be https://other.test")
        .says("the right to create, patch and delete deployments in shop is missing")
        .says("the right to create and update leases in shop is missing")
        .says("auth-service needs the Secret auth-service-secrets, which is not there")
        .says("and must come from other.test")
        .says("nothing was written");
    assert_eq!(shop.writes(), [""; 0]);
}

#[test]
fn whom_the_cluster_does_not_know_and_an_image_that_is_not_there() {
    let shop = Shop::new();
    shop.sandbox.file("kubeconfig", &shop.cluster.kubeconfig_for("unknown"));
    shop.sandbox
        .stub("skopeo", "case \"$1\" in inspect) echo manifest unknown >&2; exit 1;; esac; echo skopeo version 1");
    let output = shop.deploy(&[]).exits(3).says("the cluster cannot be asked: ").says("manifest unknown");
    assert_eq!(shop.writes(), [""; 0]);
    output.says("user-service cannot be had");
}

#[test]
fn half_a_set_of_images_is_never_deployed() {
    let shop = Shop::new();
    let images = shop.sandbox.read("images.json");
    shop.sandbox.file("images.json", &images.replace("\"user-service\"", "\"other-service\""));
    shop.deploy(&[]).exits(2).says("user-service has no image");
    assert_eq!(shop.writes(), [""; 0]);
}

#[test]
fn a_paused_deployment_is_refused_before_it_is_waited_for_in_vain() {
    let shop = Shop::new().deployed();
    shop.kubectl(&["rollout", "pause", "deployment/user-service"]);
    shop.images('b');
    shop.deploy(&[]).exits(3).says("user-service paused").says("kubectl rollout resume deployment user-service");
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
    shop.deploy(&[]).exits(7).says("its objects cannot be written");
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
    shop.deploy(&[]).exits(6).says("bob renewed its lease");
    assert_eq!(shop.writes(), [""; 0]);
    lease("2020-01-01T00:00:00.000000Z");
    shop.deploy(&[]).exits(0);
}
