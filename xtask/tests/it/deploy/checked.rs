//! The checks before the first write: the target, what is missing there, and the keys of Secrets, never their values.

use crate::support::deploying::{NAMESPACE, Shop, meets};
use insta::assert_snapshot;
use std::collections::BTreeSet;
use test_cluster::Behaviour;

const CANARY: &str = "canary-of-a-secret-0815";

/// A shop whose `auth-service` needs PostgreSQL, and gets its address from a Secret.
fn with_a_secret() -> Shop {
    let shop = Shop::with("secret = \"{service}-secrets\"");
    let facts = "\n[package.metadata.xtask.service]\nneeds = [\"postgres\"]\n";
    shop.sandbox.append("services/auth-service/Cargo.toml", facts);
    shop.kubectl(&["create", "secret", "generic", "user-service-secrets"]);
    shop
}

#[test]
fn a_context_that_is_not_there_is_told_with_those_that_are() {
    let shop = Shop::with("context = \"other\"");
    assert_snapshot!(shop.deploy(&[]), @"
    exit code 3
    ----- stderr -----
    ✗ deploy-staging:staging could not run: cannot read the context `other` of your kubeconfig: error: cannot locate context other: from `kubectl config view --minify --flatten --raw --output=json --context=other`
        │ cannot read the context `other` of your kubeconfig
        │ because: error: cannot locate context other
        │ because: from `kubectl config view --minify --flatten --raw --output=json --context=other`
        │ hint: `kubectl config get-contexts` lists the contexts of your kubeconfig
        log: target/xtask/runs/RUN/logs/deploy-staging+staging.log
        run again: cargo xtask deploy staging --images images.json

    ✗ deploy-staging  could not run: staging: cannot read the context `other` of your kubeconfig: error: cannot locate context other: from `kubectl config view --minify --flatten --raw --output=json --context=other`

    What went wrong
      ✗ deploy-staging:staging could not run: cannot read the context `other` of your kubeconfig: error: cannot locate context other: from `kubectl config view --minify --flatten --raw --output=json --context=other`
          run again: cargo xtask deploy staging --images images.json
      report: target/xtask/runs/RUN/report.md

    could not run: deploy-staging (staging: cannot read the context `other` of your kubeconf...) · exit 3
    ");
    // Which version the server has is what some builds of kubectl ask by themselves.
    assert!(shop.cluster.requests().iter().all(|request| request.path == "/version"), "{:?}", shop.cluster.requests());
}

#[test]
fn everything_that_is_missing_is_told_at_once() {
    let shop = Shop::with("secret = \"shared\"\nserver = \"https://other.test\"");
    shop.cluster.delete("namespaces", "", NAMESPACE);
    let stub = "case \"$1\" in inspect) echo manifest unknown >&2; exit 1;; esac; echo skopeo version 1";
    shop.sandbox.stub("skopeo", stub);
    assert_snapshot!(shop.deploy(&[]), @"
    exit code 3
    ----- stderr -----
    ✗ deploy-staging:staging could not run: cannot deploy: the checks found 6 problems: the API server is https://127.0.0.1:PORT, expected https://other.test
        │ cannot deploy: the checks found 6 problems
        │ because: the API server is https://127.0.0.1:PORT, expected https://other.test
        │ there is no namespace shop: `kubectl create namespace shop`
        │ auth-service needs the Secret shared, which does not exist
        │ user-service needs the Secret shared, which does not exist
        │ the image of auth-service is not available: manifest unknown
        │ the image of user-service is not available: manifest unknown
        │ hint: nothing was written: fix these, then run the same command again
        log: target/xtask/runs/RUN/logs/deploy-staging+staging.log
        run again: cargo xtask deploy staging --images images.json

    ✗ deploy-staging  could not run: staging: cannot deploy: the checks found 6 problems: the API server is https://127.0.0.1:PORT, expected https://other.test

    What went wrong
      ✗ deploy-staging:staging could not run: cannot deploy: the checks found 6 problems: the API server is https://127.0.0.1:PORT, expected https://other.test
          run again: cargo xtask deploy staging --images images.json
      report: target/xtask/runs/RUN/report.md

    could not run: deploy-staging (staging: cannot deploy: the checks found 6 problems: the ...) · exit 3
    ");
    assert_eq!(shop.writes(), [""; 0]);
}

#[test]
fn the_right_server_is_no_problem() {
    let shop = Shop::new();
    let manifest = shop.sandbox.read("Cargo.toml");
    let server = format!("context = \"test\"\nserver = \"{}\"", shop.cluster.endpoint());
    shop.sandbox.file("Cargo.toml", &manifest.replace("context = \"test\"", &server));
    shop.deploy(&[]).exits(0);
}

#[test]
fn a_key_that_a_secret_lacks_is_told_before_a_pod_misses_it() {
    let shop = with_a_secret();
    shop.kubectl(&["create", "secret", "generic", "auth-service-secrets", "--from-literal=OTHER=1"]);
    shop.cluster.clear_requests();
    assert_snapshot!(shop.deploy(&[]), @"
    exit code 3
    ----- stderr -----
    ✗ deploy-staging:staging could not run: cannot deploy: the checks found 1 problem: the Secret auth-service-secrets lacks DATABASE_URL
        │ cannot deploy: the checks found 1 problem
        │ because: the Secret auth-service-secrets lacks DATABASE_URL
        │ hint: nothing was written: fix these, then run the same command again
        log: target/xtask/runs/RUN/logs/deploy-staging+staging.log
        run again: cargo xtask deploy staging --images images.json

    ✗ deploy-staging  could not run: staging: cannot deploy: the checks found 1 problem: the Secret auth-service-secrets lacks DATABASE_URL

    What went wrong
      ✗ deploy-staging:staging could not run: cannot deploy: the checks found 1 problem: the Secret auth-service-secrets lacks DATABASE_URL
          run again: cargo xtask deploy staging --images images.json
      report: target/xtask/runs/RUN/report.md

    could not run: deploy-staging (staging: cannot deploy: the checks found 1 problem: the S...) · exit 3
    ");
    assert_eq!(shop.writes(), [""; 0]);
}

#[test]
fn the_values_of_secrets_stand_nowhere() {
    let shop = with_a_secret();
    let value = format!("--from-literal=DATABASE_URL=postgres://shop:{CANARY}@db/shop");
    shop.kubectl(&["create", "secret", "generic", "auth-service-secrets", &value]);
    let mut outputs = vec![shop.deploy(&[]).exits(0)];
    shop.images('b');
    shop.cluster.behave(&Shop::image("auth-service", 'b'), Behaviour::CrashLoop(1, String::new()));
    for args in [&["--plan"][..], &["--render"], &[]] {
        outputs.push(shop.deploy(args));
    }
    for command in ["status", "smoke", "rollback"] {
        outputs.push(shop.sandbox.run(&[command, "staging", "-v"][..if command == "status" { 2 } else { 3 }]));
    }
    let codes: Vec<i32> = outputs.iter().map(|output| output.code).collect();
    assert_eq!(codes, [0, 0, 0, 7, 0, 0, 0]);
    let said: BTreeSet<&String> = outputs.iter().flat_map(|output| [&output.stdout, &output.stderr]).collect();
    let left = shop.left_behind();
    // "canary-of-a-secret" as base64 has it, wherever in a triple it begins.
    for canary in [CANARY, "Y2FuYXJ5LW9mLWEtc2VjcmV0", "NhbmFyeS1vZi1hLXNlY3JldC", "jYW5hcnktb2YtYS1zZWNyZXQt"] {
        assert!(said.iter().all(|text| !text.contains(canary)) && !left.contains(canary), "{canary}");
    }
}

#[test]
fn a_secret_that_is_taken_away_after_the_checks_dooms_the_service() {
    let shop = with_a_secret();
    shop.kubectl(&["create", "secret", "generic", "auth-service-secrets", "--from-literal=DATABASE_URL=x"]);
    shop.deploy(&[]).exits(0);
    shop.cluster.clear_requests();
    shop.images('b');
    let place = shop.stall("patch", "auth-service", 2);
    let child = shop.begin();
    meets(&place, 2);
    shop.kubectl(&["delete", "secret", "auth-service-secrets"]);
    place.release();
    let output = shop.sandbox.wait(child);
    output.says("a ConfigMap or Secret, or a key of it, is missing (CreateContainerConfigError)").exits(7);
}
