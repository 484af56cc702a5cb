//! A configuration that is wrong: everything is said at once, with the manifest, the key and what was probably meant.

use super::*;
use insta::assert_snapshot;

/// Why nothing can be planned with this configuration.
#[track_caller]
fn wrong(metadata: Value) -> String {
    refused("plan", metadata)
}

#[test]
fn a_table_of_another_kind_is_refused() {
    assert_snapshot!(wrong(json!(3)), @"
    cannot read the configuration of xtask: 1 problem
      /shop/Cargo.toml: `workspace.metadata.xtask` is a number, and must be a table
    hint: docs/configuration.md lists every key with its default
    ");
    assert_snapshot!(wrong(json!({ "stages": ["lint"] })), @"
    cannot read the configuration of xtask: 1 problem
      /shop/Cargo.toml: `workspace.metadata.xtask.stages` is a list, and must be a table
    hint: docs/configuration.md lists every key with its default
    ");
}

#[test]
fn everything_that_is_wrong_with_a_server_is_reported_at_once() {
    let servers = json!({
        "redis": { "version": 7, "crates": ["a b"] },
        "mongo": { "url": "mongo", "container": { "image": "mongo:6", "prot": 1 } },
    });
    assert_snapshot!(wrong(json!({ "integration": { "servers": servers } })), @"
    cannot read the configuration of xtask: 6 problems
      /shop/Cargo.toml: `workspace.metadata.xtask.integration.servers.mongo.env` is missing
      /shop/Cargo.toml: `workspace.metadata.xtask.integration.servers.mongo.url` must begin with its scheme, as in `redis://`
      /shop/Cargo.toml: `workspace.metadata.xtask.integration.servers.mongo.container.port` is missing
      /shop/Cargo.toml: `workspace.metadata.xtask.integration.servers.mongo.container.prot` is unknown: did you mean `port`?
      /shop/Cargo.toml: `workspace.metadata.xtask.integration.servers.redis.version` is 7, and must be a string
      /shop/Cargo.toml: `workspace.metadata.xtask.integration.servers.redis.crates` names `a b`, which is neither a crate nor `crate/feature`
    hint: docs/configuration.md lists every key with its default
    ");
}

#[test]
fn a_cycle_is_shown_with_its_whole_path() {
    let stage = |need: &str| json!({ "command": ["true"], "needs": [need] });
    let three = json!({ "a": stage("c"), "b": stage("a"), "c": stage("b") });
    assert_snapshot!(wrong(json!({ "stages": three })), @"
    cannot order the stages: they need each other in a circle: a → c → b → a
    hint: remove one of these needs from `[workspace.metadata.xtask.stages]`
    ");
    assert_snapshot!(wrong(json!({ "stages": { "a": stage("b"), "b": stage("a") } })), @"
    cannot order the stages: they need each other in a circle: a → b → a
    hint: remove one of these needs from `[workspace.metadata.xtask.stages]`
    ");
    assert_snapshot!(wrong(json!({ "stages": { "a": stage("a") } })), @"
    cannot order the stages: they need each other in a circle: a → a
    hint: remove one of these needs from `[workspace.metadata.xtask.stages]`
    ");
}

#[test]
fn needs_that_point_nowhere_are_refused_all_at_once_with_the_nearest() {
    let stages = json!({
        "a": { "command": ["true"], "needs": ["test-servces", "b"] },
        "b": { "command": ["true"], "needs": ["zzz"], "polcy": "info" },
    });
    assert_snapshot!(wrong(json!({ "stages": stages })), @"
    cannot read the configuration of xtask: 3 problems
      /shop/Cargo.toml: `workspace.metadata.xtask.stages.a.needs` names `test-servces`, which is not a stage: did you mean `test-services`?
      /shop/Cargo.toml: `workspace.metadata.xtask.stages.b.needs` names `zzz`, which is not a stage: the stages are a, b, build-and-push, build-release, code-coverage, dependency-check, deploy-staging, format-and-lint, integration-tests, notify, quality-report, security-audit, smoke-test and test-services
      /shop/Cargo.toml: `workspace.metadata.xtask.stages.b.polcy` is unknown: did you mean `policy`?
    hint: docs/configuration.md lists every key with its default
    ");
}

#[test]
fn a_stage_of_its_own_needs_a_command_and_a_plain_name() {
    assert_snapshot!(wrong(json!({ "stages": { "test-servics": { "policy": "info" } } })), @"
    cannot read the configuration of xtask: 1 problem
      /shop/Cargo.toml: `workspace.metadata.xtask.stages.test-servics` is not a built-in stage, so it needs a `command`, or did you mean `test-services`?
    hint: docs/configuration.md lists every key with its default
    ");
    let names = json!({ "../x": { "command": ["true"] }, "-p": { "command": ["true"] } });
    assert_snapshot!(wrong(json!({ "stages": names })), @r#"
    cannot read the configuration of xtask: 2 problems
      /shop/Cargo.toml: `workspace.metadata.xtask.stages.-p` is not a valid stage name: use letters, digits and dashes
      /shop/Cargo.toml: `workspace.metadata.xtask.stages."../x"` is not a valid stage name: use letters, digits and dashes
    hint: docs/configuration.md lists every key with its default
    "#);
}

#[test]
fn an_older_xtask_refuses_a_newer_configuration_whatever_else_it_holds() {
    let own = env!("CARGO_PKG_VERSION");
    let newer = json!({ "min-version": "9.1.0", "keep-runs": "all", "not-known-yet": 1 });
    assert_snapshot!(wrong(newer).replace(own, "OWN"), @"
    cannot read the configuration of xtask: 1 problem
      /shop/Cargo.toml: `workspace.metadata.xtask.min-version` requires xtask 9.1.0 or newer, and this is xtask OWN
    hint: update this xtask, or run the workspace's own: `cargo xtask` in its directory
    ");
    for version in ["0.0.1", own] {
        planned("plan", json!({ "min-version": version })).expect("it is new enough");
    }
}

#[test]
fn a_malformed_version_is_a_problem_among_others() {
    assert_snapshot!(wrong(json!({ "min-version": "9", "keep-run": 1 })), @r#"
    cannot read the configuration of xtask: 2 problems
      /shop/Cargo.toml: `workspace.metadata.xtask.min-version` is "9", and must be a version such as "0.2.0"
      /shop/Cargo.toml: `workspace.metadata.xtask.keep-run` is unknown: did you mean `keep-runs`?
    hint: docs/configuration.md lists every key with its default
    "#);
}
