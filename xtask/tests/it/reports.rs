//! `report`: one run, all runs of a commit as one, and the jobs that have left no record.

use crate::sandbox::Sandbox;
use serde_json::Value;

/// Two services as a commit.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_services(&["a-service", "b-service"]);
    sandbox.run(&["fmt", "--fix"]).exits(0);
    sandbox.commit();
    std::fs::remove_dir_all(sandbox.root().join("target/xtask/runs")).expect("the runs before the commit");
    sandbox
}

fn report(sandbox: &Sandbox, args: &[&str]) -> Value {
    let output = sandbox.run(&[&["report", "--json"], args].concat()).exits(0);
    serde_json::from_str(&output.stdout).expect("stdout is one document")
}

fn stages(report: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let stages = report["stages"].as_array().expect("a list").iter();
    stages.map(|stage| format!("{} {}", text(&stage["id"]), text(&stage["outcome"]))).collect()
}

#[test]
fn the_runs_of_a_commit_are_one_story() {
    let sandbox = sandbox();
    sandbox.run(&["test-matrix", "a"]).exits(0);
    sandbox.run(&["fmt"]).exits(0);
    sandbox.run(&["test-matrix", "b", "--", "no_such_test"]).exits(4);
    let all = report(&sandbox, &["--all"]);
    assert_eq!(stages(&all), ["format-and-lint passed", "test-services passed"]);
    assert_eq!((&all["verdict"], &all["exit_code"]), (&"passed".into(), &0.into()));
    assert_eq!(all["services"], serde_json::json!(["a-service", "b-service"]));
    let text = sandbox.run(&["report", "--all"]).exits(0).stdout;
    assert_eq!(text.lines().filter(|line| line.starts_with("# ")).count(), 1, "{text}");
    assert!(text.contains("`cargo xtask test-matrix a and 2 more runs`"), "{text}");
}

#[test]
fn a_job_without_a_record_counts_by_its_result() {
    let sandbox = sandbox();
    let needs =
        r#"{"build-release":{"result":"failure","outputs":{}},"format-and-lint":{"result":"success","outputs":{}}}"#;
    let without_records = report(&sandbox, &["--all", "--needs", needs]);
    assert_eq!(stages(&without_records), ["format-and-lint passed", "build-release failed"]);
    assert_eq!((&without_records["verdict"], &without_records["exit_code"]), (&"failed".into(), &1.into()));
    sandbox.run(&["fmt"]).exits(0);
    let all = report(&sandbox, &["--needs", needs]);
    assert_eq!(stages(&all), ["format-and-lint passed", "build-release failed"]);
    sandbox.run(&["report", "--needs", "x"]).exits(2).says("toJSON(needs)");
}

#[test]
fn a_run_that_is_not_there_is_an_error() {
    let sandbox = sandbox();
    sandbox.run(&["report"]).exits(4).says("there has been none in this checkout");
    sandbox.run(&["fmt"]).exits(0);
    sandbox.run(&["report", "--run", "nonsense"]).exits(2).says("there is no record of it");
}
