//! `notify`: what it remembers of what it has told, and what it makes of it.

use crate::support::hook::Hook;
use crate::support::sandbox::Sandbox;
use insta::assert_snapshot;
use std::fs;

const MEMORY: &str = "target/xtask/notified.ndjson";

/// A formatted service whose configuration says when to tell.
fn sandbox(on: &str) -> Sandbox {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.append("Cargo.toml", &format!("[workspace.metadata.xtask.notify]\non = \"{on}\"\n"));
    sandbox.run(&["fmt", "--fix"]).exits(0);
    sandbox.commit();
    sandbox
}

fn lines(sandbox: &Sandbox) -> usize {
    sandbox.read(MEMORY).lines().count()
}

#[test]
fn others_are_told_of_changes_only_when_so_configured() {
    let mut sandbox = sandbox("change");
    let hook = Hook::ok();
    sandbox.var("XTASK_WEBHOOK", hook.url("/"));
    let run = |code: i32| {
        sandbox.run(&["fmt"]).exits(code);
        sandbox.run(&["notify"]).exits(0).stderr
    };
    assert_eq!(run(0), "sent to the webhook");
    assert_snapshot!(run(0), @r#"nothing was sent: passed after passed on main is no change (notify.on = "change")"#);
    let main = "services/a-service/src/main.rs";
    let good = sandbox.read(main);
    sandbox.append(main, "\n\n\nfn  unformatted( ) { }\n");
    assert_eq!(run(1), "sent to the webhook");
    // Telling about the same run again says the same again.
    assert_eq!(sandbox.run(&["notify"]).exits(0).stderr, "sent to the webhook");
    assert_snapshot!(run(1), @r#"nothing was sent: failed after failed on main is no change (notify.on = "change")"#);
    sandbox.file(main, &good);
    assert_eq!(run(0), "sent to the webhook");
    let told: Vec<_> =
        hook.requests().iter().map(|it| (it.json()["before"].clone(), it.json()["changed"].clone())).collect();
    let [passed, failed] = ["passed", "failed"].map(serde_json::Value::from);
    let yes = serde_json::Value::Bool(true);
    assert_eq!(
        told,
        [(serde_json::Value::Null, yes.clone()), (passed.clone(), yes.clone()), (passed, yes.clone()), (failed, yes)]
    );
    assert_eq!(lines(&sandbox), 6);
    // Another branch has a state of its own.
    sandbox.var("GITHUB_REF_NAME", "other");
    assert_eq!(sandbox.run(&["notify"]).exits(0).stderr, "sent to the webhook");
}

#[test]
fn within_a_run_no_change_is_nothing_to_do() {
    let mut sandbox = sandbox("change");
    let hook = Hook::ok();
    sandbox.var("XTASK_WEBHOOK", hook.url("/"));
    let push = ["ci", "--event", "push", "--only", "fmt", "--only", "notify"];
    sandbox.run(&push).exits(0);
    sandbox.run(&push).exits(0);
    let why = "notify nothing-to-do: notify: passed after passed on main is no change (notify.on = \"change\")";
    assert_eq!(sandbox.summary().stages(), ["format-and-lint passed", why]);
    hook.request();
}

#[test]
fn three_green_runs_say_what_is_usual_and_only_what_was_taken_is_noted() {
    let mut sandbox = sandbox("always");
    let step = sandbox.beside("step.md");
    sandbox.var("XTASK_WEBHOOK", Hook::answers(&["404 Gone"]).url("/")).var("GITHUB_STEP_SUMMARY", step);
    sandbox.run(&["fmt"]).exits(0);
    assert_snapshot!(sandbox.run(&["notify"]), @"
    exit code 3
    ----- stderr -----
    sent to GitHub's summary
    error: cannot notify the webhook: it refuses with status 404
    hint: the address in XTASK_WEBHOOK is not, or no longer, a webhook: make a new one
    ");
    assert!(!sandbox.root().join(MEMORY).exists(), "the webhook has still to be told");
    sandbox.var("GITHUB_STEP_SUMMARY", "");
    let hook = Hook::ok();
    sandbox.var("XTASK_WEBHOOK", hook.url("/"));
    for _ in 0..4 {
        sandbox.run(&["fmt"]).exits(0);
        sandbox.run(&["notify"]).exits(0);
    }
    let usual: Vec<bool> = hook.requests().iter().map(|request| request.json()["usual_ms"].is_u64()).collect();
    assert_eq!(usual, [false, false, false, true]);
    // A line that was cut off and one of a newer program are no trouble.
    let whole = sandbox.read(MEMORY);
    sandbox.file(MEMORY, &format!("{{\"version\":9,\"new\":true}}\n{}", &whole[..whole.len() - 9]));
    let output = sandbox.run(&["notify"]).exits(0);
    assert_eq!(output.stderr, "sent to the webhook");
    assert_eq!(lines(&sandbox), 6);
}

#[test]
fn trouble_with_the_memory_is_a_warning() {
    let mut sandbox = sandbox("change");
    let hook = Hook::ok();
    sandbox.var("XTASK_WEBHOOK", hook.url("/"));
    fs::create_dir_all(sandbox.root().join(MEMORY)).expect("a directory is in the way");
    assert_snapshot!(sandbox.run(&["ci", "-j1", "--event", "push", "--only", "fmt", "--only", "notify"]), @"
    exit code 0
    ----- stderr -----
    ✓ format-and-lint:fmt
    ✓ format-and-lint:lint
    ✓ notify:notify  sent to the webhook

    ✓ format-and-lint
    ✓ notify  sent to the webhook

    note: cannot read the earlier notifications, /w/target/xtask/notified.ndjson: Is a directory (os error 21); the verdict is not affected
    note: cannot record the notification in /w/target/xtask/notified.ndjson: Is a directory (os error 21); the verdict is not affected

    passed: 2 stages in TIME
    ");
    assert_eq!(sandbox.summary().stages(), ["format-and-lint passed", "notify passed: sent to the webhook"]);
    assert_snapshot!(sandbox.run(&["notify"]), @"
    exit code 0
    ----- stderr -----
    warning: cannot read the earlier notifications, /w/target/xtask/notified.ndjson: Is a directory (os error 21); the verdict is not affected
    warning: cannot record the notification in /w/target/xtask/notified.ndjson: Is a directory (os error 21); the verdict is not affected
    sent to the webhook
    ");
    assert_eq!(hook.requests().len(), 2);
}
