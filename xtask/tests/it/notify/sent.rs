//! `notify`: who is told what, alone and within a run, and what happens when somebody cannot be told.

use crate::support::hook::{Hook, nobody};
use crate::support::sandbox::Sandbox;
use insta::assert_snapshot;
use serde_json::Value;
use std::fs;

const PUSH: [&str; 7] = ["ci", "--event", "push", "--only", "fmt", "--only", "notify"];

/// A formatted service as a commit of the branch `main`.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.run(&["fmt", "--fix"]).exits(0);
    sandbox.commit();
    sandbox
}

/// The same with a file that is not formatted.
fn unformatted() -> Sandbox {
    let sandbox = sandbox();
    sandbox.append("services/a-service/src/main.rs", "\n\n\nfn  unformatted( ) { }\n");
    sandbox
}

fn stages(document: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let stages = document["stages"].as_array().expect("a list").iter();
    stages.map(|stage| format!("{} {}", text(&stage["id"]), text(&stage["outcome"]))).collect()
}

#[test]
fn a_push_ends_by_telling_both_webhooks() {
    let mut sandbox = sandbox();
    let (slack, other) = (Hook::ok(), Hook::ok());
    sandbox.var("XTASK_SLACK_WEBHOOK", slack.url("/s")).var("XTASK_WEBHOOK", other.url("/o?x=1"));
    sandbox.var("GITHUB_SERVER_URL", "https://github.example").var("GITHUB_REPOSITORY", "shop/services");
    let step = sandbox.beside("step.md");
    sandbox.var("GITHUB_RUN_ID", "17").var("GITHUB_STEP_SUMMARY", &step);
    sandbox.run(&PUSH).exits(0);
    let summary = sandbox.summary();
    assert_eq!(summary.stages(), ["format-and-lint passed", "notify passed: sent to Slack and the webhook"]);
    let request = other.request();
    assert!(request.head.starts_with("POST /o?x=1 HTTP/1.1\r\n"), "{}", request.head);
    assert!(request.head.contains("Content-Type: application/json\r\n"), "{}", request.head);
    let document = request.json();
    assert_eq!((&document["verdict"], &document["exit_code"]), (&"passed".into(), &0.into()));
    assert_eq!((&document["event"], &document["branch"]), (&"push".into(), &"main".into()));
    assert_eq!(document["url"], "https://github.example/shop/services/actions/runs/17");
    assert_eq!(
        (document["run"].as_str(), &document["pending"]),
        (Some(sandbox.latest().as_str()), &Value::Array(vec![]))
    );
    assert_eq!(stages(&document), ["format-and-lint passed"]);
    let text = slack.request().text();
    assert!(text.starts_with("*✓ passed: 1 stage in "), "{text}");
    assert!(text.contains("\n✓ `format-and-lint` passed in "), "{text}");
    // The run itself has written GitHub's summary, once.
    let step = fs::read_to_string(step).expect("it is written");
    assert_eq!(step.lines().filter(|line| line.starts_with("# ")).count(), 1, "{step}");
}

#[test]
fn a_red_run_tells_what_to_do_and_stays_red() {
    let mut sandbox = unformatted();
    let (slack, other) = (Hook::ok(), Hook::ok());
    sandbox.var("XTASK_SLACK_WEBHOOK", slack.url("/")).var("XTASK_WEBHOOK", other.url("/"));
    let output = sandbox.run(&PUSH).exits(1);
    assert!(output.verdict().starts_with("failed: format-and-lint"), "{output:?}");
    let document = other.request().json();
    assert_eq!((&document["verdict"], &document["exit_code"]), (&"failed".into(), &1.into()));
    let step = &document["next_steps"][0];
    assert_eq!((&step["about"], &step["kind"]), (&"format-and-lint:fmt".into(), &"format".into()));
    assert_eq!(step["commands"], serde_json::json!(["cargo xtask fmt --fix"]));
    let text = slack.request().text();
    assert!(text.contains("• `format-and-lint:fmt`: format the sources\n    `cargo xtask fmt --fix`"), "{text}");
    let report = sandbox.run_file(&sandbox.latest(), "report.md");
    assert!(report.contains("## What to do next\n\n- `format-and-lint:fmt`: format the sources\n"), "{report}");
}

#[test]
fn typed_alone_it_tells_about_the_latest_finished_run() {
    let mut sandbox = sandbox();
    fs::remove_dir_all(sandbox.root().join("target/xtask/runs")).expect("the runs before the commit");
    assert_snapshot!(sandbox.run(&["notify"]), @"
    exit code 4
    ----- stderr -----
    error: cannot report on the latest run: no run is recorded in this checkout
    hint: run one: `cargo xtask ci`
    ");
    sandbox.run(&["fmt"]).exits(0);
    assert_snapshot!(sandbox.run(&["notify"]), @"
    exit code 4
    ----- stderr -----
    error: cannot notify about the run: no webhook is set
    hint: set XTASK_SLACK_WEBHOOK or XTASK_WEBHOOK; `--dry-run` shows what would be sent
    ");
    let hook = Hook::ok();
    let step = sandbox.beside("step.md");
    sandbox.var("XTASK_WEBHOOK", hook.url("/")).var("GITHUB_STEP_SUMMARY", &step).var("XTASK_EVENT", "push");
    let first = sandbox.latest();
    let gate = sandbox.gate("gate").stage("slow", "", ": >../ready; read -r line <../gate");
    let going_on = gate.start(&["ci", "--only", "slow"]);
    going_on.until_there("ready");
    let output = sandbox.run(&["notify"]).exits(0);
    assert_eq!(output.stderr, "sent to the webhook and GitHub's summary");
    sandbox.open_gate("gate");
    going_on.finish().exits(0);
    let document = hook.request().json();
    assert_eq!((document["run"].as_str(), &document["event"]), (Some(first.as_str()), &"push".into()));
    let step = fs::read_to_string(step).expect("it is written");
    assert!(step.starts_with("# ✓ passed: 1 stage in ") && step.contains("\nbranch main · took "), "{step}");
}

#[test]
fn what_may_work_a_moment_later_is_tried_again() {
    let mut sandbox = sandbox();
    let hook = Hook::answers(&["500 Oh", "429 Slowly", "200 OK"]);
    sandbox.var("XTASK_WEBHOOK", hook.url("/"));
    sandbox.run(&["fmt"]).exits(0);
    sandbox.run(&["notify"]).exits(0);
    let requests = hook.requests();
    assert_eq!(requests.len(), 3);
    assert!(requests.iter().all(|request| request.body == requests[0].body));
}

#[test]
fn a_receiver_that_cannot_be_told_changes_no_verdict_and_keeps_the_others_informed() {
    let mut sandbox = sandbox();
    let (gone, other) = (Hook::answers(&["404 Gone"]), Hook::ok());
    sandbox.var("XTASK_SLACK_WEBHOOK", gone.url("/canary")).var("XTASK_WEBHOOK", other.url("/"));
    let output = sandbox.run(&PUSH).exits(0);
    assert!(output.verdict().starts_with("passed: 1 stage"), "{output:?}");
    let why = "notify environment-error: notify: cannot notify Slack: it refuses with status 404";
    assert_eq!(sandbox.summary().stages(), ["format-and-lint passed", why]);
    assert_eq!((gone.requests().len(), other.requests().len()), (1, 1), "what is final is not tried again");
    assert_snapshot!(sandbox.run(&["notify"]), @"
    exit code 3
    ----- stderr -----
    sent to the webhook
    error: cannot notify Slack: it refuses with status 404
    hint: the address in XTASK_SLACK_WEBHOOK is not, or no longer, a webhook: make a new one
    ");
    sandbox.var("XTASK_WEBHOOK", nobody("/"));
    assert_snapshot!(sandbox.run(&["notify"]), @"
    exit code 3
    ----- stderr -----
    error: cannot notify Slack: it refuses with status 404
    hint: the address in XTASK_SLACK_WEBHOOK is not, or no longer, a webhook: make a new one
    error: cannot notify the webhook: it refuses the connection
    hint: check the address in XTASK_WEBHOOK, the network and its proxies
    ");
}

#[test]
fn a_redirect_is_not_followed() {
    let mut sandbox = sandbox();
    let elsewhere = Hook::ok();
    let hook = Hook::answers(&[&format!("307 Elsewhere\r\nLocation: {}", elsewhere.url("/"))]);
    sandbox.var("XTASK_WEBHOOK", hook.url("/"));
    sandbox.run(&["fmt"]).exits(0);
    assert_snapshot!(sandbox.run(&["notify"]), @"
    exit code 3
    ----- stderr -----
    error: cannot notify the webhook: it has moved (status 307), and redirects are not followed
    hint: set XTASK_WEBHOOK to where it is now
    ");
    assert_eq!((hook.requests().len(), elsewhere.requests().len()), (1, 0));
}

#[test]
fn without_a_webhook_the_stage_has_nothing_to_do() {
    let sandbox = sandbox();
    sandbox.run(&PUSH).exits(0);
    let why = "notify nothing-to-do: no webhook is set: XTASK_SLACK_WEBHOOK or XTASK_WEBHOOK";
    assert_eq!(sandbox.summary().stages(), ["format-and-lint passed", why]);
    assert_snapshot!(sandbox.run(&["ci", "--only", "notify"]), @"
    exit code 4
    ----- stderr -----
    error: nothing to run: the plan is empty
      because: notify: no webhook is set: XTASK_SLACK_WEBHOOK or XTASK_WEBHOOK
    hint: `cargo xtask plan` shows what would run
    ");
}

#[test]
fn a_dry_run_shows_what_each_would_get_and_sends_nothing() {
    let mut sandbox = unformatted();
    sandbox.run(&["fmt"]).exits(1);
    let all = sandbox.run(&["notify", "--dry-run"]).exits(0).says("Slack would get:").says("dry run: nothing was sent");
    let mut documents = serde_json::Deserializer::from_str(&all.stdout).into_iter::<Value>();
    let mut next = || documents.next().expect("there is another one").expect("it is JSON");
    assert!(next()["blocks"].is_array());
    assert_eq!(next()["next_steps"][0]["kind"], "format");
    assert!(all.stdout[documents.byte_offset()..].trim_start().starts_with("# ✗ failed: format-and-lint"));
    let hook = Hook::ok();
    sandbox.var("XTASK_SLACK_WEBHOOK", hook.url("/canary"));
    let output = sandbox.run(&["notify", "--dry-run"]).exits(0);
    serde_json::from_str::<Value>(&output.stdout).expect("Slack's is the only one");
    assert!(!output.stdout.contains("canary") && !output.stderr.contains("canary"), "{output:?}");
    assert!(hook.requests().is_empty() && !sandbox.root().join("target/xtask/notified.ndjson").exists());
}

#[test]
fn jobs_are_told_about_as_one() {
    let mut sandbox = sandbox();
    let hook = Hook::ok();
    fs::remove_dir_all(sandbox.root().join("target/xtask/runs")).expect("the runs before the commit");
    let needs = r#"{"format-and-lint":{"result":"success"},"build-and-push":{"result":"failure","outputs":{}}}"#;
    sandbox.var("XTASK_WEBHOOK", hook.url("/")).var("XTASK_NEEDS", needs).var("XTASK_EVENT", "push");
    sandbox.run(&["test-matrix"]).exits(0);
    sandbox.run(&["fmt"]).exits(0);
    sandbox.run(&["lint"]).exits(0);
    sandbox.run(&["notify", "--all"]).exits(0);
    let document = hook.request().json();
    let lost = ["code-coverage failed", "build-release failed", "build-and-push failed"];
    assert_eq!(stages(&document), [&["format-and-lint passed", "test-services passed"], &lost[..]].concat());
    assert_eq!((&document["verdict"], &document["tests"]["passed"]), (&"failed".into(), &2.into()));
    assert_eq!(document["services"][0]["name"], "a-service");
    assert_eq!(document["next_steps"][0]["kind"], "job");
}
