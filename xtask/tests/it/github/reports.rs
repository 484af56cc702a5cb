//! `report`: one run, all runs of a commit as one, and the jobs that have left no record.

use crate::support::sandbox::Sandbox;
use insta::assert_snapshot;
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
    let lost = ["format-and-lint failed", "test-services failed", "code-coverage failed", "build-release failed"];
    assert_eq!(stages(&without_records), lost);
    assert_eq!((&without_records["verdict"], &without_records["exit_code"]), (&"failed".into(), &1.into()));
    sandbox.run(&["fmt"]).exits(0);
    let all = report(&sandbox, &["--needs", needs]);
    assert_eq!(stages(&all), ["format-and-lint passed", "build-release failed"]);
    assert_snapshot!(sandbox.run(&["report", "--needs", "x"]), @r#"
    exit code 2
    ----- stderr -----
    error: cannot read the results of the jobs in `--needs` or XTASK_NEEDS
      because: expected value at line 1 column 1
    hint: expected the format of GitHub's `toJSON(needs)`: {"job":{"result":"success","outputs":{}}}
    "#);
}

#[test]
fn a_run_that_is_not_there_is_an_error() {
    let sandbox = sandbox();
    assert_snapshot!(sandbox.run(&["report"]), @"
    exit code 4
    ----- stderr -----
    error: cannot report on the latest run: no run is recorded in this checkout
    hint: run one: `cargo xtask ci`
    ");
    sandbox.run(&["fmt"]).exits(0);
    assert_snapshot!(sandbox.run(&["report", "--run", "nonsense"]), @"
    exit code 2
    ----- stderr -----
    error: unknown run `nonsense`
    hint: see the directory target/xtask/runs
    ");
}

#[test]
fn a_run_that_still_runs_is_reported_as_running() {
    let sandbox = sandbox();
    sandbox.gate("gate").stage("quick", "", "exit 0");
    sandbox.stage("slow", "needs = [\"quick\"]", ": >../ready; read -r line <../gate");
    let run = sandbox.start(&["ci", "--only", "quick", "--only", "slow"]);
    run.until_there("ready");
    let told = report(&sandbox, &[]);
    assert_eq!((&told["verdict"], &told["exit_code"]), (&"running".into(), &Value::Null));
    assert_eq!((stages(&told), &told["pending"]), (vec!["quick passed".to_owned()], &serde_json::json!(["slow"])));
    let text = sandbox.run(&["report"]).exits(0).stdout;
    assert!(text.starts_with("# – running: nothing has failed so far, 1 stage ended, slow not ended"), "{text}");
    assert!(!text.contains("interrupted"), "{text}");
    sandbox.open_gate("gate");
    run.finish().exits(0);
    assert_eq!(report(&sandbox, &[])["verdict"], "passed");
}

/// What happens to a record.
type Damage = fn(&str) -> String;

/// Changes the record of the latest run.
fn damage(sandbox: &Sandbox, change: Damage) {
    let path = "target/xtask/runs/latest/events.ndjson";
    sandbox.file(path, &change(&sandbox.read(path)));
}

#[test]
fn a_run_with_a_damaged_record_is_reported_by_what_is_whole() {
    let sandbox = sandbox();
    let from_summary = "; this report is made from summary.json";
    let cases: [(Damage, &str); 3] = [
        (
            |text| text[..text.len() - 9].to_owned(),
            "events.ndjson is cut off in the middle of a line, as on a full disk",
        ),
        (
            |text| text[..=text.trim_end().rfind('\n').expect("lines")].to_owned(),
            "events.ndjson ends before the run did",
        ),
        (
            |text| text.replacen("\"event\":\"task-finished\"", "\"event\":\"ta", 1),
            "1 line of events.ndjson cannot be read",
        ),
    ];
    for (change, what) in cases {
        sandbox.run(&["fmt"]).exits(0);
        damage(&sandbox, change);
        let told = report(&sandbox, &[]);
        assert_eq!((&told["verdict"], &told["exit_code"]), (&"passed".into(), &0.into()), "{what}");
        assert_eq!(told["warnings"], serde_json::json!([format!("{what}{from_summary}")]));
        sandbox.file("target/xtask/runs/latest/summary.json", "{\"version\":");
        let told = report(&sandbox, &[]);
        // A record that merely ends early is what a run leaves that was killed.
        let named = !what.contains("ends before");
        assert_eq!(told["warnings"].as_array().expect("a list").len(), usize::from(named), "{told}");
    }
}

#[test]
fn the_newest_run_is_the_last_that_was_started_whatever_the_clock_says() {
    let sandbox = sandbox();
    sandbox.run(&["fmt"]).exits(0);
    let runs = sandbox.root().join("target/xtask/runs");
    // As if the clock had been wrong then.
    std::fs::rename(runs.join(sandbox.latest()), runs.join("29990101T000000000Z-1")).expect("it is there");
    sandbox.stage("quick", "", "exit 0").run(&["ci", "--only", "quick"]).exits(0);
    assert_eq!(report(&sandbox, &[])["command"], "cargo xtask ci --only quick");
    assert!(sandbox.latest().starts_with("29990101T000000001Z-"), "{}", sandbox.latest());
}
