//! A workspace whose services follow other conventions than those of this repository.

use crate::support::deploying::Shop;
use crate::support::sandbox::Sandbox;
use serde_json::json;

const OTHERS: &str = "\n[workspace.metadata.xtask]\nimage.user = \"1000:2000\"\n\
    [workspace.metadata.xtask.service]\nport = 7000\nhealth = \"/livez\"\nready = false\nversion = \"/about\"\n\
    env = { PORT = \"{port}\", REVISION = \"{service} {version} of {commit}\" }\n";

fn shop() -> Shop {
    let shop = Shop::new();
    shop.sandbox.append("Cargo.toml", OTHERS);
    shop
}

#[test]
fn manifests_follow_the_conventions_of_the_workspace() {
    let shop = shop();
    let rendered = shop.deploy(&["auth-service", "--render"]).exits(0).stdout;
    let commit = "a".repeat(40);
    for wanted in [
        "containerPort: 7000",
        "path: \"/livez\"",
        "PORT: \"7000\"",
        &format!("REVISION: \"auth-service 0.1.0 of {commit}\""),
        "runAsUser: 1000",
        "runAsGroup: 2000",
        "fsGroup: 2000",
    ] {
        assert!(rendered.contains(wanted), "{wanted}:\n{rendered}");
    }
    for other in ["8080", "/healthz", "readyz", "readinessProbe", "LISTEN", "GIT_COMMIT", "65532"] {
        assert!(!rendered.contains(other), "{other}:\n{rendered}");
    }
}

#[test]
fn a_smoke_test_asks_where_the_workspace_says() {
    let shop = shop();
    shop.deploy(&[]).exits(0);
    shop.sandbox.run(&["smoke", "staging"]).exits(1).says("/about cannot be queried");
    for service in ["auth-service", "user-service"] {
        shop.cluster.answer_at(service, "/about", 200, &json!({ "commit": "a".repeat(40) }).to_string());
    }
    shop.sandbox.run(&["smoke", "staging"]).exits(0);
    shop.cluster.answer_at("user-service", "/about", 200, "{\"commit\":\"0000\"}");
    shop.sandbox.run(&["smoke", "staging"]).exits(1).says("/about reports commit 0000");
}

#[test]
fn a_smoke_test_asks_nothing_of_services_without_a_version() {
    let shop = Shop::new();
    shop.sandbox.append("Cargo.toml", "\n[workspace.metadata.xtask]\nservice.version = false\n");
    shop.deploy(&[]).exits(0);
    for path in ["/version", "/"] {
        shop.cluster.answer_at("user-service", path, 500, "{}");
    }
    shop.sandbox.run(&["smoke", "staging"]).exits(0);
}

#[test]
fn the_suffix_that_may_be_left_out_is_the_configured_one() {
    let sandbox = Sandbox::with_services(&["auth-svc", "user-service"]);
    sandbox.append("Cargo.toml", "[workspace.metadata.xtask]\nservice.suffix = \"-svc\"\n");
    let matrix = |name: &str| sandbox.run(&["matrix", "test-services", name]);
    assert_eq!(matrix("auth").exits(0).stdout, "{\"service\":[\"auth-svc\"]}");
    matrix("user").exits(2).says("no package of this workspace has that name");
    matrix("auht").exits(2).says("did you mean `auth-svc`?");
    matrix("user-service").exits(0);
}
