//! SIGKILL of xtask itself: what has happened is on disk, and the next run says what was cut off and cleans it up.

use crate::support::running::{Running, assert_nothing_left, temporary_folders};
use crate::support::sandbox::{Sandbox, cargo_behind};
use rustix::process::Signal;
use xtask_process::process::survivors;

/// Kills a run with something of it still alive, starts the next one, and checks what that says and does. Returns what
/// the next run has said.
#[track_caller]
fn killed_in(sandbox: &Sandbox, run: Running<'_>, task: &str) -> String {
    let id = sandbox.latest();
    run.signal(Signal::KILL);
    run.finish().exits(137);
    assert_ne!(survivors(&id), [], "the kill leaves something to clean up");
    assert_eq!(sandbox.events(&id, "run-finished").len(), 0);
    assert!(sandbox.events(&id, "task-started").iter().any(|event| event["task"] == task), "the record knows the task");
    let said = sandbox.run(&["ci", "--only", "quick"]).exits(0).stderr;
    let told = said.lines().find_map(|line| line.strip_prefix("warning: the previous run RUN was interrupted in "));
    let (tasks, cleaned) = told.and_then(|told| told.split_once("; cleaned up: ")).expect(&said);
    assert!(tasks.contains(task) && cleaned.contains("(pid "), "{said}");
    assert_nothing_left(&id);
    let summary: serde_json::Value = serde_json::from_str(&sandbox.run_file(&id, "summary.json")).expect("JSON");
    assert_eq!((&summary["verdict"], &summary["exit_code"]), (&"interrupted".into(), &serde_json::Value::Null));
    let again = sandbox.run(&["ci", "--only", "quick"]).exits(0).stderr;
    assert!(!again.contains("previous run"), "it is told once: {again}");
    said
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.stage("quick", "", "exit 0");
    sandbox
}

#[test]
fn in_a_stage_with_a_child_and_one_that_hides_from_it() {
    let sandbox = sandbox();
    sandbox.stage("slow", "", "setsid sleep 1000 & : >../ready; exec sleep 1000");
    let run = sandbox.start(&["ci", "--only", "slow"]);
    run.until_there("ready");
    let said = killed_in(&sandbox, run, "slow:command");
    assert_eq!(said.matches("sleep (pid ").count(), 2, "{said}");
}

#[test]
fn in_a_compile() {
    let mut sandbox = sandbox();
    let wrapper = "case \"$*\" in *--crate-name\\ a_service*) : >\"$READY\"; exec sleep 1000;; esac; exec \"$@\"";
    sandbox.stub("wrapper", wrapper);
    let (ready, wrapper) = (sandbox.beside("ready"), sandbox.beside("bin/wrapper"));
    sandbox.var("READY", ready).var("RUSTC_WRAPPER", wrapper);
    let run = sandbox.start(&["test-matrix"]);
    run.until_there("ready");
    killed_in(&sandbox, run, "test-services:compile");
}

/// Every stage whose work is a call of cargo: a stub in front of `PATH` stops at the one that is named.
#[test]
fn in_every_stage_that_calls_cargo() {
    for (command, subcommand, task) in [
        ("fmt", "fmt", "format-and-lint:fmt"),
        ("lint", "clippy", "format-and-lint:lint"),
        ("coverage", "llvm-cov", "code-coverage:instrument"),
        ("audit", "audit", "security-audit:cargo-audit"),
        ("deps", "update", "dependency-check:outdated"),
        ("build", "build", "build-release:release"),
    ] {
        let mut sandbox = sandbox();
        sandbox.stub(
            "cargo",
            "if [ \"$1\" = \"$AT\" ]; then : >\"$READY\"; exec sleep 1000; fi; exec \"$CARGO_BEHIND\" \"$@\"",
        );
        let ready = sandbox.beside("ready");
        sandbox.var("READY", ready).var("AT", subcommand).var("CARGO_BEHIND", cargo_behind());
        let run = sandbox.start(&[command]);
        run.until_there("ready");
        killed_in(&sandbox, run, task);
    }
}

/// A cargo that stops where it is asked what the services' images are made of.
fn stops_at_metadata(sandbox: &mut Sandbox) {
    let asked = "case \"$*\" in *metadata*--filter-platform*) : >\"$READY\"; exec sleep 1000;; esac";
    sandbox.stub("cargo", &format!("{asked}\nexec \"$CARGO_BEHIND\" \"$@\""));
    sandbox.file("ca.pem", "-----BEGIN CERTIFICATE-----\n");
    sandbox.append("Cargo.toml", "[workspace.metadata.xtask.image]\nca-bundle = \"ca.pem\"\n");
    let ready = sandbox.beside("ready");
    sandbox.var("READY", ready).var("CARGO_BEHIND", cargo_behind());
}

#[test]
fn in_the_bills_of_materials() {
    let mut sandbox = sandbox();
    stops_at_metadata(&mut sandbox);
    let run = sandbox.start(&["docker"]);
    run.until_there("ready");
    killed_in(&sandbox, run, "build-and-push:bills-of-materials");
}

#[test]
fn the_bills_of_materials_are_stopped_with_the_run() {
    let mut sandbox = sandbox();
    stops_at_metadata(&mut sandbox);
    let run = sandbox.start(&["docker"]);
    run.until_there("ready").signal(Signal::TERM);
    run.finish().exits(143);
    assert_nothing_left(&sandbox.latest());
    let tasks = sandbox.summary().tasks("build-and-push");
    assert!(
        tasks.contains(&"build-and-push:bills-of-materials cancelled: the run was stopped".to_owned()),
        "{tasks:?}"
    );
}

#[test]
fn in_a_test() {
    let sandbox = sandbox();
    sandbox.gate("gate").append(
        "services/a-service/src/lib.rs",
        "#[test]\nfn waits() {\n    std::fs::write(\"../../../ready\", \"\").unwrap();\n    \
         std::fs::read(\"../../../gate\").unwrap();\n}\n",
    );
    let run = sandbox.start(&["test-matrix"]);
    run.until_there("ready");
    killed_in(&sandbox, run, "test-services/a-service");
}

#[test]
fn in_the_integration_tests_with_servers_up() {
    let sandbox = sandbox();
    sandbox.needs("a-service", &["postgres", "redis"]);
    sandbox.gate("gate").file(
        "services/a-service/tests/waits.rs",
        "#[test]\nfn waits() {\n    assert!(std::env::var(\"DATABASE_URL\").is_ok());\n    \
         std::fs::write(\"../../../ready\", \"\").unwrap();\n    std::fs::read(\"../../../gate\").unwrap();\n}\n",
    );
    let run = sandbox.start(&["integration", "--servers", "local"]);
    run.until_there("ready");
    let id = sandbox.latest();
    assert_eq!(temporary_folders(&id).len(), 2, "each server has a directory");
    let said = killed_in(&sandbox, run, "integration-tests/a-service");
    for what in ["postgres (pid ", "redis-server (pid ", "removed the directory "] {
        assert!(said.contains(what), "{what:?} is missing in {said}");
    }
}

#[test]
fn the_report_tells_of_a_killed_run_before_another_one_has_cleaned_up() {
    let sandbox = sandbox();
    sandbox.stage("slow", "", ": >../ready; exec sleep 1000");
    let run = sandbox.start(&["ci", "--only", "slow"]);
    run.until_there("ready").signal(Signal::KILL);
    run.finish().exits(137);
    let report = sandbox.run(&["report", "--json"]).exits(0);
    let summary: serde_json::Value = serde_json::from_str(&report.stdout).expect("it is JSON");
    assert_eq!(summary["verdict"], "interrupted");
    assert_eq!(summary["stages"][0]["tasks"][0]["outcome"], "cancelled");
    sandbox.run(&["ci", "--only", "quick"]).exits(0);
}
