//! `plan` and `graph`: the specification's needs and policies, before anything runs.

use crate::support::sandbox::Sandbox;
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
fn a_push_goes_on_to_images_deployment_and_notification() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    let all = stages(&sandbox, &["plan", "--json", "--event", "push"]);
    assert_eq!(all.len(), 12);
    assert_eq!(
        all[7..],
        [
            "build-and-push <- build-release code-coverage security-audit integration-tests (blocking)",
            "deploy-staging <- build-and-push (info)",
            "smoke-test <- deploy-staging (info)",
            "quality-report <- test-services code-coverage security-audit (reporting)",
            "notify <- build-and-push deploy-staging smoke-test quality-report (reporting)",
        ]
    );
}

#[test]
fn a_report_waits_for_what_the_stages_before_it_would_have_waited_for() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    let args = ["plan", "--json", "--event", "push", "--skip", "docker", "--skip", "report"];
    let all = stages(&sandbox, &args);
    // The report that is left out waits for nothing, and what it is about has to be waited for all the same.
    assert_eq!(
        all.last().expect("there are stages"),
        "notify <- build-and-push deploy-staging smoke-test quality-report build-release code-coverage security-audit \
         integration-tests test-services (reporting)"
    );
}
