//! Two runs in one checkout: the second is told who is first, or waits; who only reads is never in the way.

use crate::support::running::Running;
use crate::support::sandbox::Sandbox;
use insta::assert_snapshot;

/// A checkout in which a run is held up by a gate.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.gate("gate").stage("slow", "", ": >../ready; read -r line <../gate").stage("quick", "", "exit 0");
    sandbox
}

fn holder(sandbox: &Sandbox) -> Running<'_> {
    let run = sandbox.start(&["ci", "--only", "slow"]);
    run.until_there("ready");
    run
}

#[test]
fn the_second_run_is_told_who_holds_the_checkout_where_it_is_and_for_how_long() {
    let sandbox = sandbox();
    let first = holder(&sandbox);
    let mut second = sandbox.run(&["ci", "--only", "quick"]);
    second.stderr = second.stderr.replace(&format!("(process {},", first.pid()), "(process FIRST,");
    assert_snapshot!(second, @"
    exit code 6
    ----- stderr -----
    error: cannot take the lock of this checkout, /w/target/xtask/lock
      because: another run holds it: `cargo xtask ci --only slow` (process FIRST, run RUN, in slow:command, for TIME)
    hint: wait for it with `--wait`, or stop it; `plan`, `report` and `doctor` work meanwhile
    ");
    sandbox.open_gate("gate");
    first.finish().exits(0);
    sandbox.run(&["ci", "--only", "quick"]).exits(0);
}

#[test]
fn the_second_run_waits_when_it_is_told_to() {
    let sandbox = sandbox();
    let first = holder(&sandbox);
    let second = sandbox.start(&["ci", "--only", "quick", "--wait"]);
    second.until_says("waiting for another run: `cargo xtask ci --only slow` (process ");
    let waited_for = sandbox.latest();
    sandbox.open_gate("gate");
    first.finish().exits(0);
    second.finish().exits(0);
    // The time that it waited is none of its own: its clock started when the first run had ended.
    let at =
        |event: &serde_json::Value| humantime::parse_rfc3339(event["at"].as_str().expect("a time")).expect("a time");
    let ended = at(&sandbox.events(&waited_for, "run-finished")[0]);
    let last = &sandbox.events(&sandbox.latest(), "run-finished")[0];
    let since = at(last).duration_since(ended).expect("it ended later");
    assert!(u128::from(last["elapsed_ms"].as_u64().expect("a number")) <= since.as_millis() + 1, "{last}");
}

#[test]
fn commands_that_only_read_work_meanwhile() {
    let sandbox = sandbox();
    let first = holder(&sandbox);
    assert!(sandbox.run(&["plan"]).exits(0).stdout.contains("cargo"));
    assert!(sandbox.run(&["graph"]).exits(0).stdout.contains("slow"));
    assert!(sandbox.run(&["ci", "--dry-run"]).exits(0).stdout.contains("stub-slow"));
    assert!(sandbox.run(&["report"]).exits(0).stdout.contains("slow"));
    let doctor = sandbox.run(&["doctor"]);
    assert!(doctor.stdout.contains("rustfmt") && [0, 3].contains(&doctor.code), "{doctor:?}");
    sandbox.open_gate("gate");
    first.finish().exits(0);
}

#[test]
fn a_lock_whose_holder_is_dead_is_free() {
    let sandbox = sandbox();
    let first = holder(&sandbox);
    first.signal(rustix::process::Signal::KILL);
    first.finish().exits(137);
    sandbox.run(&["ci", "--only", "quick"]).exits(0);
}

#[test]
fn a_lock_that_leads_to_another_file_is_refused_and_the_file_stays() {
    let sandbox = sandbox();
    std::fs::create_dir_all(sandbox.root().join("target/xtask")).expect("a directory");
    let manifest = sandbox.read("Cargo.toml");
    std::os::unix::fs::symlink("../../Cargo.toml", sandbox.root().join("target/xtask/lock")).expect("a link");
    assert_snapshot!(sandbox.run(&["ci", "--only", "quick"]), @"
    exit code 3
    ----- stderr -----
    error: cannot take the lock of this checkout, /w/target/xtask/lock
      because: it is a link to another file
    hint: remove it
    ");
    assert_eq!(sandbox.read("Cargo.toml"), manifest);
}

#[test]
fn a_wait_for_cargos_lock_is_said_at_once_and_recorded() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    let waits = "echo '    Blocking waiting for file lock on build directory' >&2; : >../ready; read -r line <../gate";
    sandbox.gate("gate").stage("slow", "", waits);
    let run = sandbox.start(&["ci", "--only", "slow"]);
    run.until_says("slow:command waits for cargo's lock on the build directory: another cargo holds it");
    sandbox.open_gate("gate");
    run.finish().exits(0);
    let blocked = sandbox.events(&sandbox.latest(), "task-blocked");
    assert_eq!(blocked.iter().map(|event| &event["lock"]).collect::<Vec<_>>(), ["build directory"]);
}
