//! The summaries that the jobs of a pull request show on GitHub.

use crate::support::runner::{on_a_runner, run_step, step_summary};
use crate::support::sandbox::Sandbox;
use insta::assert_snapshot;

/// Two services as a commit, in a job of GitHub Actions.
fn sandbox() -> Sandbox {
    let mut sandbox = Sandbox::with_services(&["a-service", "b-service"]);
    sandbox.run(&["fmt", "--fix"]).exits(0);
    sandbox.commit();
    std::fs::remove_dir_all(sandbox.root().join("target/xtask/runs")).expect("the runs before the commit");
    on_a_runner(&mut sandbox);
    sandbox
}

#[test]
fn the_report_of_all_jobs_is_the_summary_of_its_job() {
    let mut sandbox = sandbox();
    run_step(&sandbox, "format-and-lint", 0).0.exits(0);
    for service in ["a-service", "b-service"] {
        sandbox.var("SERVICE", service);
        run_step(&sandbox, "test-services", 0).0.exits(0);
    }
    let (output, summary) = run_step(&sandbox, "quality-report", 0);
    let output = output.exits(0);
    assert!(summary.starts_with("# ✗ failed: code-coverage (there is no record of it)"), "{summary}");
    assert!(summary.contains("\n## Stages\n") && summary.contains("| `b-service` | 2 | 0 | 0 |"), "{summary}");
    assert_eq!(output.stdout, summary, "programs read it from stdout as before");
    sandbox.run(&["report", "--all", "--json"]).exits(0).prints("\"verdict\": \"failed\"");
    assert!(step_summary(&sandbox).starts_with("# ✗ failed"), "people get Markdown, whatever programs get");
}

#[test]
fn a_summary_that_cannot_be_written_is_a_warning() {
    let mut sandbox = sandbox();
    run_step(&sandbox, "format-and-lint", 0).0.exits(0);
    sandbox.var("GITHUB_STEP_SUMMARY", "/dev/full");
    let (output, _) = run_step(&sandbox, "quality-report", 0);
    assert!(output.stdout.starts_with("# ✗ failed"), "{}", output.stdout);
    assert_snapshot!(output.exits(0).stderr, @"warning: cannot write the step's summary to /dev/full: No space left on device (os error 28); the verdict is not affected");
}

#[test]
fn the_job_of_a_single_stage_shows_only_failures_and_findings() {
    let mut sandbox = sandbox();
    let fails = "#[test]\nfn fails() {\n    assert_eq!(1, 2);\n}\n";
    sandbox.append("services/b-service/src/lib.rs", fails);
    sandbox.append("services/a-service/src/lib.rs", "\n\n/// Doc.\npub fn same(n: bool) -> bool {\n    n == true\n}\n");
    sandbox.var("SERVICE", "a-service");
    let (output, summary) = run_step(&sandbox, "test-services", 0);
    output.exits(0);
    assert_eq!(summary, "", "nothing to say");
    sandbox.var("SERVICE", "b-service");
    let (output, summary) = run_step(&sandbox, "test-services", 0);
    output.exits(1);
    assert!(summary.starts_with("# ✗ failed: ") && summary.contains("assertion `left == right` failed"), "{summary}");
    let (output, lints) = run_step(&sandbox, "format-and-lint", 0);
    output.exits(1);
    assert!(lints.contains("`clippy::bool_comparison`") && lints.contains("`services/a-service/src/lib.rs"), "{lints}");
    for section in ["## Stages", "## Gates", "## Tests", "## Slowest tasks"] {
        assert!(!summary.contains(section) && !lints.contains(section), "{section} in {summary}\n{lints}");
    }
}

#[test]
fn a_report_within_a_run_leaves_the_summary_to_the_run() {
    let sandbox = sandbox();
    sandbox.run(&["ci", "--only", "format-and-lint", "--only", "quality-report"]).exits(0);
    let summary = step_summary(&sandbox);
    assert_eq!(summary.lines().filter(|line| line.starts_with("# ")).count(), 1, "{summary}");
    assert!(summary.contains("## Stages"), "{summary}");
}
