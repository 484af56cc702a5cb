//! The stages of a run with their needs and policies: those of the specification.

use super::*;

/// The stages of a plan, each as `id <- needs (policy)`.
fn stages(line: &str) -> Vec<String> {
    let plan = planned(line, Value::Null).expect("it can be planned");
    let line = |stage: &StagePlan| {
        let needs = stage.needs.iter().map(StageId::as_str).collect::<Vec<_>>().join(" ");
        format!("{} <- {needs} ({})", stage.id, json!(stage.policy).as_str().expect("a policy is a word"))
    };
    plan.stages.iter().map(line).collect()
}

#[test]
fn a_push_ends_with_images_deployment_and_notification() {
    assert_eq!(
        stages("plan --event push")[6..],
        [
            "build-release <- format-and-lint test-services security-audit (blocking)",
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
    // A report that is left out waits for nothing, and the stages that it is about have to end before `notify` starts.
    assert_eq!(
        stages("plan --event push --skip docker --skip report").last().expect("there are stages"),
        "notify <- build-and-push deploy-staging smoke-test quality-report build-release code-coverage security-audit \
         integration-tests test-services (reporting)"
    );
}
