//! The steps of a workflow's jobs, with the variables that a runner of GitHub Actions sets.

use crate::sandbox::Sandbox;
use serde_json::Value;

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
    assert!(made.contains("docker a-service") && !made.contains("push-image"), "{made}");
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
