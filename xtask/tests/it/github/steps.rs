//! Steps of `.github/workflows/ci.yml`, run as GitHub runs them: the very lines of the file, with the variables that they
//! would have there.

use crate::support::advisories::advisory;
use crate::support::peers::Registry;
use crate::support::runner::{job, steps};
use crate::support::sandbox::{Output, Sandbox};
use insta::{allow_duplicates, assert_snapshot};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// Runs a step whose command is xtask.
fn xtask(sandbox: &Sandbox, step: &Value) -> Output {
    let command = step["run"].as_str().and_then(|run| run.strip_prefix("exec cargo xtask ")).expect("xtask's command");
    sandbox.run(&command.split(' ').collect::<Vec<_>>())
}

/// Runs the final check of a run in which all jobs succeed but these; an empty result is one that is missing.
fn ci_passed(event: &str, unlike: &[(&str, &str)]) -> Output {
    let unlike: BTreeMap<&str, &str> = unlike.iter().copied().collect();
    let job = job("ci-passed");
    let results = steps(&job)[0]["env"]["RESULTS"].as_str().expect("the results").to_owned();
    let line = |line: &str| {
        let (before, needs) = line.split_once("${{ needs.").expect("a result of a job");
        let id = needs.strip_suffix(".result }}").expect("a result of a job");
        format!("{before}{}", unlike.get(id).unwrap_or(&"success"))
    };
    judge(event, &results.lines().map(line).collect::<Vec<_>>().join("\n"))
}

/// Runs the final check with these results.
fn judge(event: &str, results: &str) -> Output {
    let mut sandbox = Sandbox::new();
    let job = job("ci-passed");
    sandbox.file("step.sh", steps(&job)[0]["run"].as_str().expect("a command"));
    sandbox.var("GITHUB_EVENT_NAME", event).var("RESULTS", results);
    // The shell of a step that names none.
    sandbox.paste("bash -e step.sh")
}

#[test]
fn the_final_check_names_each_job_that_stands_in_its_way() {
    #[track_caller]
    fn red(event: &str, job: &str, result: &str, says: &str) {
        let output = ci_passed(event, &[(job, result)]).exits(1);
        assert_eq!(output.stdout, format!("::error title=ci-passed::{job} {says}"));
    }
    let on_pull_request = [("build-and-push", "skipped")];
    for event in ["pull_request", "merge_group"] {
        allow_duplicates!(assert_snapshot!(ci_passed(event, &on_pull_request), @"
        exit code 0
        ----- stdout -----
        all jobs that have to succeed have succeeded
        "));
    }
    ci_passed("push", &[]).exits(0);
    red("push", "test-services", "failure", "has failed");
    red("push", "xtask-tests", "cancelled", "was cancelled, or has run out of time");
    red("push", "build-release", "skipped", "was skipped");
    red("push", "code-coverage", "", "has no result");
    red("push", "code-coverage", "neutral", "has a result that is unknown here: neutral");
    red("push", "build-and-push", "skipped", "was skipped");
    red("pull_request", "build-and-push", "failure", "has failed");
    red("push", "security-audit", "", "has no result");
    let several = ci_passed("push", &[("format-and-lint", "failure"), ("test-services", "skipped")]).exits(1);
    assert_eq!(several.stdout.lines().count(), 2, "{}", several.stdout);
}

#[test]
fn the_final_check_is_green_beside_a_job_that_never_blocks() {
    for (result, says) in [("failure", "has failed"), ("cancelled", "was cancelled, or has run out of time")] {
        let output = ci_passed("push", &[("security-audit", result)]).exits(0);
        let warning = format!("::warning title=ci-passed::security-audit {says}");
        assert_eq!(output.stdout, format!("{warning}\nall jobs that have to succeed have succeeded"));
    }
}

#[test]
fn the_final_check_without_results_is_red() {
    let output = judge("push", "").exits(1);
    assert_eq!(output.stdout, "::error title=ci-passed::every job has no result");
    judge("push", "test-services").exits(1);
    judge("push", "test-services perhaps failure").exits(1);
}

#[test]
fn clippy_speaks_although_rustfmt_has_found_something() {
    let mut sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.append("services/a-service/src/lib.rs", "pub fn  same(n: bool) -> bool { n == true }\n");
    sandbox.var("CI", "true");
    let job = job("format-and-lint");
    let output = xtask(&sandbox, steps(&job)[0]).exits(1);
    // Either of them may end first.
    output.says("fmt failed after TIME: 1 file is not formatted").says("lint failed after TIME: 2 lints");
}

#[test]
fn what_is_pushed_was_compiled_before_there_were_credentials() {
    let Some(registry) = Registry::start(None) else { return };
    let mut sandbox = Sandbox::with_services(&["a-service"]);
    let compiled = sandbox.root().with_file_name("compiled");
    let script = format!(
        "use std::fs::OpenOptions;\nuse std::io::Write;\n\nfn main() {{\n    let mut file = OpenOptions::new()\n        \
         .create(true)\n        .append(true)\n        .open({compiled:?})\n        .unwrap();\n    \
         writeln!(file, \"once\").unwrap();\n}}\n"
    );
    sandbox.file("services/a-service/build.rs", &script).file("ca.pem", "-----BEGIN CERTIFICATE-----\n");
    let config = "\n[workspace.metadata.xtask]\nimage.ca-bundle = \"ca.pem\"\naudit.advisory-db = \"advisories\"\n";
    sandbox.append("Cargo.toml", config);
    advisory(&sandbox, "another-crate");
    // It makes the lock file, as a clean checkout has one.
    sandbox.run(&["lint"]).exits(0);
    sandbox.commit();
    fs::remove_file(&compiled).expect("clippy ran the build script");
    let job = job("build-and-push");
    let runs: Vec<&Value> = steps(&job).into_iter().filter(|step| step["run"].to_string().contains("xtask ")).collect();
    sandbox.var("CI", "true").var("GITHUB_EVENT_NAME", "push").var("GITHUB_REF_NAME", "main");
    xtask(&sandbox, runs[0]).exits(0);
    sandbox.var("XTASK_REGISTRY", format!("{}/shop", registry.host));
    xtask(&sandbox, runs[1]).exits(0).says("pushed as");
    assert_eq!(fs::read_to_string(&compiled).expect("it was compiled"), "once\n");
}

/// The jobs that block a pull request of this workspace, with the images of a push that has no registry, in their order.
const RECORDED: [&str; 5] = ["format-and-lint", "test-services", "code-coverage", "build-release", "build-and-push"];

/// A commit of `main` in a fork, with the records that the jobs of its push have left: each made by the job's own step.
fn pushed_to_a_fork() -> Sandbox {
    let mut sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.append("Cargo.toml", "\n[workspace.metadata.xtask]\nimage.ca-bundle = \"ca.pem\"\n");
    sandbox.file("ca.pem", "-----BEGIN CERTIFICATE-----\n");
    sandbox.run(&["fmt", "--fix"]).exits(0);
    sandbox.run(&["lint"]).exits(0);
    sandbox.commit();
    fs::remove_dir_all(sandbox.root().join("target/xtask/runs")).expect("the runs before the commit");
    for (name, value) in [("CI", "true"), ("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "push")] {
        sandbox.var(name, value);
    }
    sandbox.var("GITHUB_REF", "refs/heads/main").var("GITHUB_REF_NAME", "main");
    for id in RECORDED {
        let mut step = steps(&job(id))[0].clone();
        step["run"] = step["run"].as_str().expect("a command").replace("\"$SERVICE\"", "a-service").into();
        xtask(&sandbox, &step).exits(0);
    }
    sandbox
}

/// The last step of a job, after jobs that all have succeeded but these.
fn after(sandbox: &mut Sandbox, id: &str, unlike: &[(&str, &str)]) -> Output {
    let job = job(id);
    let result = |need: &str| unlike.iter().find(|(job, _)| *job == need).map_or("success", |(_, result)| result);
    let needs = job["needs"].as_array().expect("it needs several").iter().filter_map(Value::as_str);
    let needs = needs.map(|need| (need.to_owned(), json!({ "result": result(need), "outputs": {} })));
    let step = *steps(&job).last().expect("a step");
    assert_eq!(step["env"]["XTASK_NEEDS"], "${{ toJSON(needs) }}");
    sandbox.var("XTASK_NEEDS", Value::Object(needs.collect()).to_string());
    xtask(sandbox, step)
}

/// Removes the record of a command.
fn lose(sandbox: &Sandbox, command: &str) {
    let runs = fs::read_dir(sandbox.root().join("target/xtask/runs")).expect("there are runs");
    let runs = runs.map(|run| run.expect("an entry").path()).filter(|run| !run.is_symlink());
    let is_it = |run: &PathBuf| {
        let summary = fs::read_to_string(run.join("summary.json")).expect("the run has ended");
        summary.contains(&format!("\"cargo xtask {command}\""))
    };
    let lost: Vec<PathBuf> = runs.filter(is_it).collect();
    assert_eq!(lost.len(), 1, "{command}");
    fs::remove_dir_all(&lost[0]).expect("it is removed");
}

#[test]
fn every_report_of_a_push_ends_with_the_same_word_name_and_code() {
    #[track_caller]
    fn case(sandbox: &mut Sandbox, more: &[(&str, &str)], title: &str) {
        let unlike = [&[("deploy-staging", "skipped"), ("smoke-test", "skipped")], more].concat();
        for (job, word) in [("quality-report", "# "), ("notify", "")] {
            let summary = sandbox.root().with_file_name("summary.md");
            sandbox.var("GITHUB_STEP_SUMMARY", &summary);
            let log = after(sandbox, job, &unlike).exits(0).stdout;
            let shown = sandbox.redact(&fs::read_to_string(&summary).expect("GitHub's summary"));
            fs::remove_file(summary).expect("GitHub's summary");
            assert!(shown.contains(&format!("{word}{title}")), "{shown}");
            assert!(job == "notify" || shown.trim_end() == log.trim_end(), "{log}");
        }
    }
    let mut push = pushed_to_a_fork();
    case(&mut push, &[], "✓ passed: ");
    push.var("GITHUB_STEP_SUMMARY", "/dev/full");
    after(&mut push, "quality-report", &[]).exits(0).says("warning: cannot write the step's summary to /dev/full");
    case(&mut push, &[("security-audit", "failure"), ("dependency-check", "cancelled")], "✓ passed: ");
    let red = |job: &str, why: &str| format!("✗ failed: {job} ({why}) · exit 1");
    let recorded = |why: &str| format!("its job {why}, and no record says why");
    let after_release = ("build-and-push", "skipped");
    let failed = red("build-release", &recorded("has failed"));
    case(&mut push, &[("build-release", "failure"), after_release], &failed);
    let cancelled = format!("✗ interrupted: build-release ({}) · exit 130", recorded("was cancelled"));
    case(&mut push, &[("build-release", "cancelled"), after_release], &cancelled);
    case(&mut push, &[("xtask-tests", "failure")], &red("xtask-tests", "its job has failed"));
    // The job has failed before xtask could leave a record, or its record is lost.
    lose(&push, "build");
    let failed = red("build-release", "its job has failed, and there is no record of it");
    case(&mut push, &[("build-release", "failure"), after_release], &failed);
    let lost = red("build-release", "its job has succeeded, and there is no record of it");
    case(&mut push, &[], &lost);
    let skipped = red("build-release", "its job was skipped, although nothing that it needs went ...");
    case(&mut push, &[("build-release", "skipped"), after_release], &skipped);
}
