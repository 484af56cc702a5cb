//! `plan` and `graph`: the specification's needs and policies, before anything runs.

use crate::support::sandbox::Sandbox;
use insta::assert_snapshot;
use serde_json::Value;

/// What a plan's JSON says of each stage: `id ← needs (policy)`.
fn stages(sandbox: &Sandbox, args: &[&str]) -> Vec<String> {
    let output = sandbox.run(args).exits(0);
    let plan: Value = serde_json::from_str(&output.stdout).expect("it is JSON");
    assert_eq!(plan["version"], 1);
    let list = |value: &Value| value.as_array().expect("a list").clone();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    list(&plan["stages"])
        .iter()
        .map(|stage| {
            let needs: Vec<String> = list(&stage["needs"]).iter().map(text).collect();
            format!("{} <- {} ({})", text(&stage["id"]), needs.join(" "), text(&stage["policy"]))
        })
        .collect()
}

#[test]
fn a_pull_request_has_the_specifications_needs_and_policies() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    assert_eq!(
        stages(&sandbox, &["plan", "--json"]),
        [
            "format-and-lint <-  (blocking)",
            "test-services <- format-and-lint (blocking)",
            "code-coverage <- test-services (blocking)",
            "security-audit <- format-and-lint (warning)",
            "dependency-check <- format-and-lint (info)",
            "integration-tests <- test-services (blocking)",
            "build-release <- format-and-lint test-services security-audit (blocking)",
            "quality-report <- test-services code-coverage security-audit (reporting)",
        ]
    );
}

#[test]
fn a_plan_shows_every_command_and_why_a_stage_has_none() {
    let sandbox = Sandbox::with_services(&["a-service", "b-service"]);
    // The same on every machine, whichever engine is installed.
    sandbox.append("Cargo.toml", "[workspace.metadata.xtask]\ncoverage.engine = \"llvm-cov\"\n");
    assert_snapshot!(sandbox.run(&["plan"]), @"
    exit code 0
    ----- stdout -----
    # format-and-lint (2 tasks)
    cargo fmt --all --check -- --color=never
    cargo clippy --workspace --all-targets --message-format=json -- -D warnings
    # test-services (8 tasks, at most 6 at once)
    CARGO_TARGET_DIR=/w/target/llvm-cov-HASH cargo llvm-cov show-env
    cargo llvm-cov clean --profraw-only
    cargo test --workspace --lib --bins --no-run --message-format=json
      # run the compiled unit tests of a-service
      # run the compiled unit tests of b-service
    LLVM_PROFILE_FILE=/dev/null cargo test --workspace --doc --no-fail-fast
      # take the results of a-service from test-services:doc
      # take the results of b-service from test-services:doc
    # code-coverage (3 tasks)
    cargo llvm-cov report --json --summary-only
    cargo llvm-cov report --lcov --output-path /w/target/xtask/coverage/lcov.info
    cargo llvm-cov report --cobertura --output-path /w/target/xtask/coverage/cobertura.xml
    # security-audit (3 tasks)
    cargo audit --json
    cargo deny --format json check bans sources
    cargo deny --format json check advisories
    # dependency-check (2 tasks)
    cargo update --dry-run --verbose --color=never
    cargo tree --workspace --duplicates --depth 0 --color=never
    # integration-tests (no selected package has anything for it)
    # build-release (1 task)
    cargo build --release --workspace --bins --message-format=json
    # quality-report (1 task)
      # write the report of the run so far to report.md in the run's directory
    ");
    assert_snapshot!(sandbox.run(&["plan", "--only", "test-services", "a-service"]), @"
    exit code 0
    ----- stdout -----
    # test-services (4 tasks)
    cargo test --package a-service --lib --bins --no-run --message-format=json
      # run the compiled unit tests of a-service
    cargo test --package a-service --doc --no-fail-fast
      # take the results of a-service from test-services:doc
    ");
}

#[test]
fn a_graph_draws_the_stages_with_their_needs() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    assert_snapshot!(sandbox.run(&["graph"]), @"
    exit code 0
    ----- stdout -----
    pull-request · 1 service
    ├─ format-and-lint
    │     blocking: 2 tasks
    ├─ test-services ← format-and-lint
    │     blocking: 6 tasks
    ├─ code-coverage ← test-services
    │     blocking: 3 tasks
    ├─ security-audit ← format-and-lint
    │     warning: 3 tasks
    ├─ dependency-check ← format-and-lint
    │     info: 2 tasks
    ├─ integration-tests ← test-services
    │     blocking: no selected package has anything for it
    ├─ build-release ← format-and-lint, test-services, security-audit
    │     blocking: 1 task
    └─ quality-report ← test-services, code-coverage, security-audit
          reporting: 1 task
    ");
    assert_snapshot!(sandbox.run(&["graph", "--event", "push"]), @"
    exit code 0
    ----- stdout -----
    push · 1 service
    ├─ format-and-lint
    │     blocking: 2 tasks
    ├─ test-services ← format-and-lint
    │     blocking: 6 tasks
    ├─ code-coverage ← test-services
    │     blocking: 3 tasks
    ├─ security-audit ← format-and-lint
    │     warning: 3 tasks
    ├─ dependency-check ← format-and-lint
    │     info: 2 tasks
    ├─ integration-tests ← test-services
    │     blocking: no selected package has anything for it
    ├─ build-release ← format-and-lint, test-services, security-audit
    │     blocking: 1 task
    ├─ build-and-push ← build-release, code-coverage, security-audit, integration-tests
    │     blocking: 2 tasks
    ├─ deploy-staging ← build-and-push
    │     info: there is no environment `staging` in the configuration, or it is guarded
    ├─ smoke-test ← deploy-staging
    │     info: there is no environment `staging` in the configuration, or it is guarded
    ├─ quality-report ← test-services, code-coverage, security-audit
    │     reporting: 1 task
    └─ notify ← build-and-push, deploy-staging, smoke-test, quality-report
          reporting: no webhook is set: XTASK_SLACK_WEBHOOK or XTASK_WEBHOOK
    ");
}
