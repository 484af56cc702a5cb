//! Jobs that fail before their run begins: what GitHub shows of them, and what the report of all jobs says.

use crate::support::runner::{annotations, on_a_runner, run_step, step_summary};
use crate::support::sandbox::{Output, Sandbox};
use insta::assert_snapshot;
use serde_json::Value;

/// A service as a commit, with this configuration, in a job of GitHub Actions.
fn sandbox(config: &str) -> Sandbox {
    let mut sandbox = Sandbox::with_services(&["a-service", "b-service"]);
    sandbox.append("Cargo.toml", config);
    sandbox.commit();
    on_a_runner(&mut sandbox);
    sandbox
}

/// The only stage of the latest record, which is what a later job gets of this one: its id, outcome and reason, and the
/// exit code of the run.
fn recorded(sandbox: &Sandbox) -> (Vec<String>, Value) {
    let summary = sandbox.summary();
    (summary.stages(), summary.0["exit_code"].clone())
}

#[track_caller]
fn annotated(output: &Output, expected: &[&str]) {
    assert_eq!(annotations(output), expected, "{}", output.stderr);
}

#[test]
fn a_wrong_configuration_is_annotated_key_by_key() {
    let sandbox = sandbox(
        "\n[workspace.metadata.xtask]\nkeep-runs = 0\n\n[workspace.metadata.xtask.stages.test-services]\n\
         policy = \"warn\"\n",
    );
    let (output, summary) = run_step(&sandbox, "build-release", 0);
    let output = output.exits(2);
    assert_snapshot!(output.stderr, @r#"
    ::error file=Cargo.toml,line=6,title=cargo xtask build::`workspace.metadata.xtask.keep-runs` is 0, and must be a whole number from 1 to 10000
    ::error file=Cargo.toml,line=9,title=cargo xtask build::`workspace.metadata.xtask.stages.test-services.policy` is "warn", and must be one of "blocking", "warning", "info", "reporting"
    error: cannot read the configuration of xtask: 2 problems
      /w/Cargo.toml: `workspace.metadata.xtask.keep-runs` is 0, and must be a whole number from 1 to 10000
      /w/Cargo.toml: `workspace.metadata.xtask.stages.test-services.policy` is "warn", and must be one of "blocking", "warning", "info", "reporting"
    hint: docs/configuration.md lists every key with its default
    "#);
    annotated(
        &output,
        &[
            "::error file=Cargo.toml,line=6,title=cargo xtask build::`workspace.metadata.xtask.keep-runs` is 0, and must \
             be a whole number from 1 to 10000",
            "::error file=Cargo.toml,line=9,title=cargo xtask build::`workspace.metadata.xtask.stages.test-services.policy` \
             is \"warn\", and must be one of \"blocking\", \"warning\", \"info\", \"reporting\"",
        ],
    );
    assert!(
        summary.starts_with("# ✗ `cargo xtask build` · exit 2\n\n```text\ncannot read the configuration"),
        "{summary}"
    );
    let (stages, code) = recorded(&sandbox);
    assert_eq!((stages.len(), code), (1, 2.into()));
    assert!(
        stages[0].starts_with("build-release failed: cannot read the configuration of xtask: 2 problems"),
        "{stages:?}"
    );
}

#[test]
fn the_report_of_all_jobs_names_the_job_of_an_unknown_service() {
    let mut sandbox = sandbox("");
    sandbox.var("SERVICE", "a-servise");
    let (output, summary) = run_step(&sandbox, "test-services", 0);
    let output = output.exits(2);
    annotated(
        &output,
        &[
            "::error file=Cargo.toml,title=cargo xtask test-matrix a-servise::cannot select `a-servise`: no package of this \
          workspace has that name%0Ahint: did you mean `a-service` and `b-service`?",
        ],
    );
    assert!(summary.contains("hint: did you mean `a-service`"), "{summary}");
    let (output, report) = run_step(&sandbox, "quality-report", 0);
    let output = output.exits(0);
    let reason = "cannot select `a-servise`: no package of this workspace has that name";
    assert!(report.lines().next().is_some_and(|title| title.contains("test-services")), "{report}");
    let row = format!("| ✗ | `test-services` | blocking | failed |  | {}; ", reason.replace('`', "&#96;"));
    assert!(report.contains(&row), "no {row} in {report}");
    assert_eq!(output.stdout, report);
}

#[test]
fn a_missing_tool_is_recorded_for_the_stage_that_needs_it() {
    let mut sandbox = sandbox("");
    let empty = sandbox.beside("no-tools");
    sandbox.var("XTASK_NO_INSTALL", "1").var("XTASK_CACHE_DIR", &empty);
    // In front of one that this machine may have.
    sandbox.stub("cargo-audit", "exit 1");
    let (output, summary) = run_step(&sandbox, "security-audit", 0);
    let output = output.exits(3);
    let annotations = annotations(&output);
    assert_eq!(annotations.len(), 1, "{annotations:?}");
    let start = "::error file=Cargo.toml,title=cargo xtask audit::cannot get the tools of this run ready%0A  because: cargo-audit";
    assert!(annotations[0].starts_with(start), "{annotations:?}");
    assert!(summary.starts_with("# ✗ `cargo xtask audit` · exit 3\n"), "{summary}");
    let (stages, code) = recorded(&sandbox);
    assert!(
        stages[0].starts_with("security-audit environment-error: cannot get the tools of this run ready"),
        "{stages:?}"
    );
    assert_eq!(code, 3);
}

#[test]
fn a_workspace_that_cargo_cannot_read_is_annotated_where_cargo_says() {
    let sandbox = sandbox("");
    sandbox.append("services/a-service/Cargo.toml", "license =\n");
    let output = sandbox.run(&["-C", "services", "lint"]).exits(2);
    let annotations = annotations(&output);
    let start = "::error file=services/a-service/Cargo.toml,line=5,col=10,title=cargo xtask -C services lint::";
    assert!(annotations.len() == 1 && annotations[0].starts_with(start), "{annotations:?}");
    assert!(step_summary(&sandbox).contains("string values must be quoted"));
    let (stages, code) = recorded(&sandbox);
    assert!(
        stages[0].starts_with("format-and-lint failed: cannot read the cargo workspace of /w/services"),
        "{stages:?}"
    );
    assert_eq!(code, 2);
}

#[test]
fn a_directory_that_is_missing_and_a_line_that_cannot_be_read_are_annotated() {
    let mut sandbox = sandbox("");
    let output = sandbox.run(&["-C", "nope", "lint"]).exits(2);
    let annotations = annotations(&output);
    let start = "::error file=Cargo.toml,title=cargo xtask -C nope lint::cannot change to directory `nope`";
    assert!(annotations.len() == 1 && annotations[0].starts_with(start), "{annotations:?}");
    assert!(step_summary(&sandbox).starts_with("# ✗ `cargo xtask -C nope lint` · exit 2\n"));
    let (stages, code) = recorded(&sandbox);
    assert!(stages[0].starts_with("format-and-lint failed: cannot change to directory `nope`"), "{stages:?}");
    assert_eq!(code, 2);
    sandbox.var("DEPLOY_TOKEN", "canary-token-1");
    let output = sandbox.run(&["lint", "--nope", "canary-token-1"]).exits(2);
    let annotations = crate::support::runner::annotations(&output);
    let start = "::error title=cargo xtask lint --nope ***::error: unexpected argument '--nope' found";
    assert!(annotations.len() == 1 && annotations[0].starts_with(start), "{annotations:?}");
    assert!(step_summary(&sandbox).contains("unexpected argument '--nope' found"));
    assert!(annotations_of_help(&sandbox).is_empty());
}

/// What a job shows of a command that was asked for its help.
fn annotations_of_help(sandbox: &Sandbox) -> String {
    sandbox.run(&["lint", "--help"]).exits(0);
    step_summary(sandbox)
}

#[test]
fn what_makes_no_run_leaves_no_record() {
    let sandbox = sandbox("");
    annotated(
        &sandbox.run(&["report"]).exits(4),
        &[
            "::error file=Cargo.toml,title=cargo xtask report::cannot report on the latest run: no run is recorded in this \
          checkout%0Ahint: run one: `cargo xtask ci`",
        ],
    );
    sandbox.run(&["test-matrix", "nope", "--dry-run"]).exits(2);
    sandbox.run(&["plan", "nope"]).exits(2);
    assert!(!sandbox.root().join("target").exists());
}

#[test]
fn an_error_shows_no_secret() {
    let mut sandbox = sandbox("");
    sandbox.var("DEPLOY_TOKEN", "canary-token-1");
    let output = sandbox.run(&["test-matrix", "canary-token-1"]);
    crate::support::traces::none_in(&["canary-token-1"], "stderr", output.stderr.as_bytes());
    crate::support::traces::none_in(&["canary-token-1"], "the summary", step_summary(&sandbox).as_bytes());
    assert_snapshot!(output, @"
    exit code 2
    ----- stderr -----
    ::error file=Cargo.toml,title=cargo xtask test-matrix ***::cannot select `***`: no package of this workspace has that name%0Ahint: the packages are `a-service` and `b-service`
    error: cannot select `***`: no package of this workspace has that name
    hint: the packages are `a-service` and `b-service`
    ");
    crate::support::traces::none_below(&["canary-token-1"], &sandbox.root().join("target/xtask"));
}
