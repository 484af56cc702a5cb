//! The steps of a workflow's jobs, with the variables that a runner of GitHub Actions sets.

use crate::support::hook::Hook;
use crate::support::sandbox::{Sandbox, counts};
use rustix::process::Signal;
use serde_json::{Map, Value, json};
use std::fs;
use std::path::PathBuf;

/// Every job that can be before `notify`.
const JOBS: [&str; 11] = [
    "format-and-lint",
    "test-services",
    "code-coverage",
    "security-audit",
    "dependency-check",
    "integration-tests",
    "build-release",
    "build-and-push",
    "deploy-staging",
    "smoke-test",
    "quality-report",
];

/// A service as a commit of the branch `main`, in a job that a push there has started.
fn pushed() -> Sandbox {
    let mut sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.run(&["fmt", "--fix"]).exits(0);
    sandbox.commit();
    std::fs::remove_dir_all(sandbox.root().join("target/xtask/runs")).expect("the runs before the commit");
    on(&mut sandbox, "push", "refs/heads/main");
    sandbox
}

/// The variables of a job that this event about this ref has started.
fn on(sandbox: &mut Sandbox, event: &str, about: &str) {
    let name = about.trim_start_matches("refs/").split_once('/').map_or("", |(_, name)| name);
    for (variable, value) in [("CI", "true"), ("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", event)] {
        sandbox.var(variable, value);
    }
    sandbox.var("GITHUB_REF", about).var("GITHUB_REF_NAME", name);
}

fn document(sandbox: &Sandbox, args: &[&str]) -> Value {
    serde_json::from_str(&sandbox.run(args).exits(0).stdout).expect("stdout is one document")
}

#[test]
fn a_push_calls_itself_a_push_in_every_command() {
    let mut sandbox = pushed();
    sandbox.run(&["fmt"]).exits(0);
    assert_eq!(sandbox.summary().0["event"], "push");
    assert_eq!(document(&sandbox, &["report", "--json"])["event"], "push");
    sandbox.run(&["notify", "--dry-run"]).exits(0).prints("event `push`");
    // A command for one stage does what was typed: nothing is pushed that was not asked for.
    let made = sandbox.run(&["docker", "--dry-run"]).exits(0).stdout;
    assert!(made.contains("# pack the image of a-service") && !made.contains("# push the image"), "{made}");
    sandbox.var("XTASK_EVENT", "pull-request");
    assert_eq!(document(&sandbox, &["plan", "--json"])["event"], "pull-request");
    sandbox.run(&["ci", "--only", "fmt"]).exits(0);
    assert_eq!(sandbox.summary().0["event"], "pull-request");
}

#[test]
fn the_plan_is_that_of_the_event_on_github() {
    #[track_caller]
    fn case(event: &str, about: &str, wanted: (&str, bool, bool)) {
        let mut sandbox = Sandbox::with_services(&["a-service"]);
        on(&mut sandbox, event, about);
        let plan = document(&sandbox, &["plan", "--json"]);
        let stages: Vec<&str> =
            plan["stages"].as_array().expect("a list").iter().filter_map(|stage| stage["id"].as_str()).collect();
        let has = |id: &str| stages.contains(&id);
        let found = (plan["event"].as_str().expect("a text"), has("build-and-push"), has("deploy-staging"));
        assert_eq!(found, wanted, "{event} {about}");
    }
    case("push", "refs/heads/main", ("push", true, true));
    case("push", "refs/heads/other", ("push", true, false));
    case("push", "refs/tags/main", ("push", true, false));
    case("pull_request", "refs/pull/7/merge", ("pull-request", false, false));
    case("merge_group", "refs/heads/gh-readonly-queue/main/pr-7", ("pull-request", false, false));
    case("schedule", "refs/heads/main", ("pull-request", false, false));
    case("workflow_dispatch", "refs/heads/main", ("pull-request", false, false));
}

/// The jobs of a workflow that have left their records, and what others hear of them.
struct Jobs {
    sandbox: Sandbox,
    hooks: (Hook, Hook),
}

impl Jobs {
    /// The jobs of a pull request about two services, all green; nothing is known of the two that warn or inform.
    fn green() -> Self {
        let mut sandbox = Sandbox::with_services(&["a-service", "b-service"]);
        sandbox.file("services/a-service/tests/whole.rs", "#[test]\nfn works() {}\n");
        sandbox.run(&["fmt", "--fix"]).exits(0);
        sandbox.commit();
        fs::remove_dir_all(sandbox.root().join("target/xtask/runs")).expect("the runs before the commit");
        on(&mut sandbox, "pull_request", "refs/pull/7/merge");
        let jobs: [&[&str]; 7] = [
            &["fmt"],
            &["lint"],
            &["test-matrix", "a-service"],
            &["test-matrix", "b-service"],
            &["coverage"],
            &["integration"],
            &["build"],
        ];
        for job in jobs {
            sandbox.run(job).exits(0);
        }
        let hooks = (Hook::ok(), Hook::ok());
        sandbox.var("XTASK_SLACK_WEBHOOK", hooks.0.url("/")).var("XTASK_WEBHOOK", hooks.1.url("/"));
        Self { sandbox, hooks }
    }

    /// The results of all jobs, as `toJSON(needs)` gives them: `success` but for these.
    fn needs(&mut self, others: &[(&str, &str)]) -> &mut Self {
        let result = |job: &str| others.iter().find(|(other, _)| *other == job).map_or("success", |(_, result)| result);
        let needs: Map<String, Value> =
            JOBS.iter().map(|job| ((*job).to_owned(), json!({ "result": result(job), "outputs": {} }))).collect();
        self.sandbox.var("XTASK_NEEDS", Value::Object(needs).to_string());
        self
    }

    /// Takes the record of a job's command away until `found`.
    fn lose(&self, command: &str) -> PathBuf {
        let runs = self.sandbox.root().join("target/xtask/runs");
        let directories =
            fs::read_dir(&runs).expect("there are runs").map(|directory| directory.expect("readable").path());
        let is_it = |directory: &PathBuf| {
            let text = fs::read_to_string(directory.join("summary.json")).unwrap_or_default();
            let summary: Value = serde_json::from_str(&text).unwrap_or_default();
            summary["command"] == format!("cargo xtask {command}") && !directory.is_symlink()
        };
        let directory = directories.into_iter().find(is_it).unwrap_or_else(|| panic!("no record of {command}"));
        let name = directory.file_name().expect("a name").to_owned();
        fs::rename(&directory, self.sandbox.beside(&name.to_string_lossy())).expect("both lie in the sandbox");
        directory
    }

    fn found(&self, directory: &PathBuf) {
        let name = directory.file_name().expect("a name").to_string_lossy().into_owned();
        fs::rename(self.sandbox.beside(&name), directory).expect("both lie in the sandbox");
    }

    /// The last word of the story in JSON, after checking that Markdown, Slack and the other webhook say the same.
    #[track_caller]
    fn last_word(&self) -> (String, Value) {
        let summary = document(&self.sandbox, &["report", "--all", "--json"]);
        let markdown = self.sandbox.run(&["report", "--all"]).exits(0).stdout;
        let title = markdown.lines().next().and_then(|line| line.strip_prefix("# ")).expect("a title").to_owned();
        self.sandbox.run(&["notify", "--all"]).exits(0);
        let (slack, other) = (self.hooks.0.requests(), self.hooks.1.requests());
        let other = other.last().expect("it has come").json();
        let slack = slack.last().expect("it has come").text();
        let headline = self.sandbox.redact(other["headline"].as_str().expect("a text"));
        assert_eq!(headline.replace('`', ""), title.replace('`', ""));
        assert!(self.sandbox.redact(&slack).starts_with(&format!("*{headline}*")), "{slack}");
        assert_eq!((&other["verdict"], &other["exit_code"]), (&summary["verdict"], &summary["exit_code"]));
        (title, summary)
    }
}

/// What is shown of a story: the verdict and the exit code, and the stages that did not pass.
fn shown(summary: &Value) -> (&str, Option<u64>, Vec<String>) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let stages = summary["stages"].as_array().expect("a list").iter().filter(|stage| stage["outcome"] != "passed");
    let line =
        |stage: &Value| format!("{} {}: {}", text(&stage["id"]), text(&stage["outcome"]), text(&stage["because"]));
    (summary["verdict"].as_str().expect("a word"), summary["exit_code"].as_u64(), stages.map(line).collect())
}

#[test]
fn a_job_that_is_lost_skipped_or_cancelled_is_no_success_whatever_its_result() {
    let mut jobs = Jobs::green();
    let (title, summary) = jobs.last_word();
    assert!(title.starts_with("✓ passed: 5 stages, "), "{title}");
    assert_eq!(shown(&summary), ("passed", Some(0), vec![]));

    let coverage = jobs.lose("coverage");
    let (title, summary) = jobs.last_word();
    assert_eq!(title, "✗ failed: code-coverage (there is no record of it) · exit 1");
    assert_eq!(shown(&summary), ("failed", Some(1), vec!["code-coverage failed: there is no record of it".to_owned()]));
    let (title, _) = jobs.needs(&[("build-and-push", "skipped")]).last_word();
    assert_eq!(title, "✗ failed: code-coverage (its job has succeeded, and there is no record of it) · exit 1");
    jobs.needs(&[("code-coverage", "failure"), ("build-and-push", "skipped")]);
    assert_eq!(
        jobs.last_word().0,
        "✗ failed: code-coverage (its job has failed, and there is no record of it) · exit 1"
    );
    jobs.needs(&[("code-coverage", "cancelled"), ("build-and-push", "skipped")]);
    let (title, summary) = jobs.last_word();
    assert_eq!(title, "✗ interrupted: code-coverage (its job was cancelled, and there is no record of it) · exit 130");
    assert_eq!((shown(&summary).0, shown(&summary).1), ("interrupted", Some(130)));
    jobs.needs(&[("code-coverage", "skipped"), ("build-and-push", "skipped")]);
    let (title, _) = jobs.last_word();
    assert!(title.starts_with("✗ failed: code-coverage (its job was skipped, although nothing"), "{title}");
    jobs.found(&coverage);

    // Two commands of one job have two records.
    let lint = jobs.lose("lint");
    let (title, _) = jobs.needs(&[("build-and-push", "skipped")]).last_word();
    assert_eq!(title, "✗ failed: format-and-lint (there is no record of lint) · exit 1");
    jobs.found(&lint);
    // The records of a matrix are one for each service.
    jobs.lose("test-matrix b-service");
    let (title, _) = jobs.needs(&[("build-and-push", "skipped")]).last_word();
    assert_eq!(title, "✗ failed: test-services (there is no record of b-service) · exit 1");
}

#[test]
fn a_test_counts_once_whichever_jobs_have_run_it() {
    let jobs = Jobs::green();
    let (title, summary) = jobs.last_word();
    // Each service has a unit test and a doc test, and one of them an integration test.
    assert!(title.contains(", 5 tests in "), "{title}");
    assert_eq!(counts(&summary), [5, 0, 0]);
    let markdown = jobs.sandbox.run(&["report", "--all"]).exits(0).stdout;
    for row in ["| **all** | 5 | 0 | 0 |", "| `a-service` | 3 | 0 | 0 |", "| `b-service` | 2 | 0 | 0 |"] {
        assert!(markdown.contains(row), "no {row} in {markdown}");
    }
    let services = jobs.hooks.1.requests().last().expect("it has come").json()["services"].clone();
    let tests = |service: &Value| service["tests"]["passed"].as_u64();
    assert_eq!(services.as_array().expect("a list").iter().map(tests).collect::<Vec<_>>(), [Some(3), Some(2)]);
}

#[test]
fn on_a_push_the_images_are_expected_too() {
    let mut jobs = Jobs::green();
    on(&mut jobs.sandbox, "push", "refs/heads/main");
    let (title, summary) = jobs.last_word();
    assert_eq!(title, "✗ failed: build-and-push (there is no record of it) · exit 1");
    assert_eq!(summary["event"], "push");
    // Before the images something was lost, so their job was skipped: what was lost is the reason.
    jobs.lose("build");
    jobs.needs(&[("build-release", "failure"), ("build-and-push", "skipped"), ("deploy-staging", "skipped")]);
    let (title, summary) = jobs.last_word();
    assert_eq!(title, "✗ failed: build-release (its job has failed, and there is no record of it) · exit 1");
    let skipped = "build-and-push skipped: needs `build-release`, which failed".to_owned();
    assert!(shown(&summary).2.contains(&skipped), "{summary:#}");
}

#[test]
fn without_any_record_every_stage_that_blocks_is_named() {
    let sandbox = pushed();
    let summary = document(&sandbox, &["report", "--all", "--json"]);
    let (verdict, exit, stages) = shown(&summary);
    assert_eq!((verdict, exit), ("failed", Some(1)));
    let blocking = ["format-and-lint", "test-services", "code-coverage", "build-release", "build-and-push"];
    assert_eq!(stages, blocking.map(|id| format!("{id} failed: there is no record of it")));
    assert_eq!((&summary["event"], &summary["version"]), (&"push".into(), &1.into()));
    let markdown = sandbox.run(&["report", "--all"]).exits(0).stdout;
    let named = blocking.map(|id| format!("{id} (there is no record of it)"));
    let title = format!("# ✗ failed: {} and {} · exit 1", named[..4].join(", "), named[4]);
    assert_eq!(markdown.lines().next(), Some(title.as_str()));
}

#[test]
fn a_red_job_and_those_that_were_skipped_for_it_are_one_red_story() {
    let mut sandbox = pushed();
    sandbox.append("services/a-service/src/main.rs", "\n\n\nfn  unformatted( ) { }\n").commit();
    sandbox.run(&["fmt"]).exits(1);
    let needs: Map<String, Value> = JOBS
        .iter()
        .map(|job| {
            let result = match *job {
                "format-and-lint" => "failure",
                "quality-report" => "success",
                _ => "skipped",
            };
            ((*job).to_owned(), json!({ "result": result }))
        })
        .collect();
    sandbox.var("XTASK_NEEDS", Value::Object(needs).to_string());
    let summary = document(&sandbox, &["report", "--all", "--json"]);
    let (verdict, exit, stages) = shown(&summary);
    assert_eq!((verdict, exit), ("failed", Some(1)));
    assert_eq!(stages.iter().filter(|stage| stage.contains(" failed: ")).count(), 1, "{stages:#?}");
    assert!(
        stages.contains(&"code-coverage skipped: needs `test-services`, which was skipped".to_owned()),
        "{stages:#?}"
    );
}

#[test]
fn what_a_run_was_asked_to_leave_out_is_not_missing() {
    let sandbox = pushed();
    let skipped = ["--skip", "coverage", "--skip", "build", "--skip", "audit", "--skip", "deps"];
    sandbox.run(&[&["ci", "--event", "pull-request"][..], &skipped].concat()).exits(0);
    let report = ["report", "--all", "--json", "--event", "pull-request"];
    let summary = document(&sandbox, &report);
    assert_eq!((shown(&summary).0, shown(&summary).1), ("passed", Some(0)));
    // Where it has a job of its own, that one has lost its record.
    let needs = ["--needs", r#"{"build-release":{"result":"success"}}"#];
    let summary = document(&sandbox, &[&report[..], &needs].concat());
    let lost = "build-release failed: its job has succeeded, and there is no record of it";
    assert!(shown(&summary).2.contains(&lost.to_owned()), "{summary:#}");
    assert_eq!(shown(&summary).0, "failed");
}

#[test]
fn a_job_that_was_cancelled_is_no_success_when_it_has_left_a_record() {
    let mut sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.run(&["fmt", "--fix"]).exits(0);
    sandbox.stage("slow", "", "trap 'exit 0' TERM; : >../ready; while :; do sleep 0.02; done");
    sandbox.stage("behind", "needs = [\"slow\"]", "exit 0").commit();
    on(&mut sandbox, "pull_request", "refs/pull/7/merge");
    let others = ["slow", "behind", "coverage", "build", "audit", "deps"].iter().flat_map(|stage| ["--skip", *stage]);
    sandbox.run(&["ci"].into_iter().chain(others).collect::<Vec<_>>()).exits(0);
    let run = sandbox.start(&["ci", "--only", "slow", "--only", "behind"]);
    run.until_there("ready").signal(Signal::INT);
    run.finish().exits(130);
    let summary = document(&sandbox, &["report", "--all", "--json"]);
    let (verdict, exit, stages) = shown(&summary);
    assert_eq!((verdict, exit), ("interrupted", Some(130)));
    let cancelled: Vec<&str> = stages.iter().filter_map(|stage| Some(stage.split_once(" cancelled: ")?.0)).collect();
    assert_eq!(cancelled, ["slow", "behind"]);
    let title = sandbox.run(&["report", "--all"]).exits(0).stdout;
    assert!(title.starts_with("# ✗ interrupted: slow ("), "{title}");
}

#[test]
fn where_the_plan_cannot_be_made_every_stage_is_expected() {
    let mut sandbox = pushed();
    // No registry takes it, so the plan of a push cannot be made; commands for other stages can.
    sandbox
        .file("services/a-service/src/bin/x.rs", "fn main() {}\n")
        .file("services/a-service/src/bin/y.rs", "fn main() {}\n");
    fs::remove_file(sandbox.root().join("services/a-service/src/main.rs")).expect("the program of the service's name");
    sandbox.run(&["fmt"]).exits(0);
    sandbox.var("XTASK_NEEDS", r#"{"test-services":{"result":"failure"}}"#);
    let output =
        sandbox.run(&["report", "--all", "--json"]).exits(0).says("warning: cannot make images of the services");
    let summary: Value = serde_json::from_str(&output.stdout).expect("stdout is one document");
    let stages = shown(&summary).2;
    assert_eq!(stages[0], "test-services failed: its job has failed, and there is no record of it");
    assert_eq!(
        stages.last().map(String::as_str),
        Some("build-and-push skipped: needs `build-release`, which was skipped")
    );
    let warning =
        "every stage is expected, because the plan cannot be made: cannot make images of the services: 1 problem";
    assert!(summary["warnings"][0].as_str().expect("a text").starts_with(warning), "{}", summary["warnings"]);
}
