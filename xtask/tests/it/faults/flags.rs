//! The flags of a run: repair instead of complaint, when to stop, what to show, what to pass on.

use crate::support::sandbox::Sandbox;
use insta::assert_snapshot;
use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

/// A workspace with two stages of its own that need nobody: the first one fails.
fn two_stages() -> Sandbox {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.append(
        "Cargo.toml",
        "[workspace.metadata.xtask.stages]\nfirst.command = [\"false\"]\nsecond.command = [\"true\"]\n",
    );
    sandbox
}

/// Runs both, one after the other.
fn both(sandbox: &Sandbox, flag: &[&str]) -> Vec<String> {
    sandbox.run(&[&["ci", "-j1", "--only", "first", "--only", "second"], flag].concat()).exits(1);
    sandbox.summary().stages()
}

#[test]
fn a_failure_stops_the_run_on_a_laptop_and_not_in_ci() {
    let mut sandbox = two_stages();
    let stopped = [
        "first failed: command: exited with code 1",
        "second skipped: `first:command` failed, and the run stops at the first failure",
    ];
    let went_on = ["first failed: command: exited with code 1", "second passed"];
    assert_eq!(both(&sandbox, &[]), stopped);
    assert_eq!(both(&sandbox, &["--keep-going"]), went_on);
    sandbox.var("CI", "true");
    assert_eq!(both(&sandbox, &[]), went_on);
    assert_eq!(both(&sandbox, &["--fail-fast"]), stopped);
}

#[test]
fn fix_changes_the_sources_and_then_there_is_nothing_to_find() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    let main = "services/a-service/src/main.rs";
    sandbox.append(main, "\n#[test]\nfn  late() {\n    return;\n}\n");
    sandbox.run(&["lint"]).exits(1);
    sandbox.run(&["lint", "--fix"]).exits(0);
    assert!(!sandbox.read(main).contains("return"), "{}", sandbox.read(main));
    sandbox.run(&["lint"]).exits(0);
    assert_snapshot!(sandbox.run(&["fmt"]), @"
    exit code 1
    ----- stderr -----
    ✗ format-and-lint:fmt failed: 1 file is not formatted
        error: not formatted (services/a-service/src/main.rs:6)
        log: target/xtask/runs/RUN/logs/format-and-lint+fmt.log
        run again: cargo fmt --all --check -- --color=never

    ✗ format-and-lint  failed: fmt: 1 file is not formatted

    What went wrong
      ✗ format-and-lint:fmt failed: 1 file is not formatted
          run again: cargo fmt --all --check -- --color=never
      report: target/xtask/runs/RUN/report.md

    failed: format-and-lint (fmt: 1 file is not formatted) · exit 1
    ");
    sandbox.run(&["fmt", "--fix"]).exits(0);
    assert_eq!(sandbox.read(main), "fn main() {\n    a_service::twice(1);\n}\n\n#[test]\nfn late() {}\n");
    sandbox.run(&["fmt"]).exits(0);
}

#[test]
fn arguments_behind_two_dashes_reach_clippy() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.append("services/a-service/src/main.rs", "\n#[test]\nfn late() {\n    return;\n}\n");
    sandbox.run(&["lint", "--", "--allow", "clippy::needless_return"]).exits(0);
}

#[test]
fn a_dry_run_prints_the_commands_and_does_nothing() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.append(
        "Cargo.toml",
        "\n[workspace.metadata.xtask.stages.own]\ncommand = [\"touch\", \"a file\"]\nneeds = [\"test-services\"]\n",
    );
    let output = sandbox.run(&["ci", "--dry-run", "--skip", "coverage", "--skip", "report"]);
    assert_snapshot!(output, @"
    exit code 0
    ----- stdout -----
    # format-and-lint (2 tasks)
    cargo fmt --all --check -- --color=never
    cargo clippy --workspace --all-targets --message-format=json -- -D warnings
    # test-services (4 tasks)
    cargo test --workspace --lib --bins --no-run --message-format=json
      # run the compiled unit tests of a-service
    cargo test --workspace --doc --no-fail-fast
      # take the results of a-service from test-services:doc
    # code-coverage (left out by --skip)
    # security-audit (3 tasks)
    cargo audit --json
    cargo deny --format json check bans sources
    cargo deny --format json check advisories
    # dependency-check (2 tasks)
    cargo update --dry-run --verbose --color=never
    cargo tree --workspace --duplicates --depth 0 --color=never
    # integration-tests (no selected package has anything for it)
    # build-release (1 task)
    cargo build --release --workspace --bins --message-format=json
    # quality-report (left out by --skip)
    # own (1 task)
    touch 'a file'
    ");
    assert!(!sandbox.root().join("a file").exists());
    assert!(!sandbox.root().join("target").exists());
    // What is printed can be pasted.
    let line = output.stdout.lines().last().expect("a line").to_owned();
    sandbox.paste(&line).exits(0);
    assert!(sandbox.root().join("a file").exists());
}

#[test]
fn json_is_the_summary_and_nothing_else_on_stdout() {
    let sandbox = two_stages();
    let output = sandbox.run(&["ci", "--only", "second", "--json"]).exits(0);
    let printed: Value = serde_json::from_str(&output.stdout).expect("it is JSON");
    assert_eq!(printed, sandbox.summary().0);
    assert_eq!(
        (&printed["version"], &printed["verdict"], &printed["exit_code"]),
        (&1.into(), &"passed".into(), &0.into())
    );
    let failed = sandbox.run(&["ci", "--only", "first", "--json"]).exits(1);
    let printed: Value = serde_json::from_str(&failed.stdout).expect("it is JSON");
    assert_eq!((&printed["verdict"], &printed["exit_code"]), (&"failed".into(), &1.into()));
}

#[test]
fn events_go_to_a_pipe_while_somebody_reads_it() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.stage("quick", "", "exit 0").gate("pipe");
    let events = ["ci", "--only", "quick", "--events", "../pipe"];
    assert_snapshot!(sandbox.run(&events), @"
    exit code 3
    ----- stderr -----
    error: cannot open ../pipe to record the run's events
      because: No such device or address (os error 6)
    hint: start the reader of this pipe first
    ");
    // Open for reading before the run starts, and read when it has ended.
    let reader = fs::OpenOptions::new().read(true).write(true).open(sandbox.beside("pipe")).expect("a pipe");
    sandbox.run(&events).exits(0);
    let mut lines = BufReader::new(reader).lines().map(|line| line.expect("a line"));
    assert!(lines.any(|line| line.contains("\"event\":\"run-finished\"")));
    // A reader that takes nothing: the pipe fills up, and the run goes on.
    let _stuck = fs::OpenOptions::new().read(true).write(true).open(sandbox.beside("pipe")).expect("a pipe");
    let full = vec![b' '; 1 << 20];
    let mut filler = fs::OpenOptions::new();
    let filler = filler.write(true).custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    let mut filler = filler.open(sandbox.beside("pipe")).expect("it has a reader");
    while filler.write(&full).is_ok() {}
    assert_snapshot!(sandbox.run(&events), @"
    exit code 0
    ----- stderr -----
    ✓ quick:command

    ✓ quick

    warning: the file of --events is incomplete: its reader has stopped reading; the verdict is not affected

    passed: 1 stage in TIME
    ");
}

#[test]
fn events_go_to_the_file_that_was_asked_for() {
    let sandbox = two_stages();
    sandbox.run(&["ci", "--only", "second", "--events", "events.ndjson"]).exits(0);
    let events: Vec<Value> =
        sandbox.read("events.ndjson").lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let names: Vec<&str> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!(
        names,
        ["run-started", "stage-started", "task-started", "task-finished", "stage-finished", "run-finished"]
    );
    assert_eq!(sandbox.read("events.ndjson"), sandbox.read("target/xtask/runs/latest/events.ndjson"));
}

#[test]
fn quiet_says_the_verdict_and_verbose_the_commands() {
    let sandbox = two_stages();
    let run = |flag: &str, stage: &str| sandbox.run(&["ci", flag, "--only", stage]);
    assert_snapshot!(run("-q", "second"), @"
    exit code 0
    ----- stderr -----
    passed: 1 stage in TIME
    ");
    assert_snapshot!(run("-q", "first"), @"
    exit code 1
    ----- stderr -----
    ✗ first:command failed: exited with code 1
        log: target/xtask/runs/RUN/logs/first+command.log
        run again: false
    failed: first (command: exited with code 1) · exit 1
    ");
    assert_snapshot!(run("-v", "second"), @"
    exit code 0
    ----- stderr -----
      second:command $ true
    ✓ second:command

    ✓ second

    passed: 1 stage in TIME
    ");
    assert_snapshot!(run("--color=never", "second"), @"
    exit code 0
    ----- stderr -----
    ✓ second:command

    ✓ second

    passed: 1 stage in TIME
    ");
    assert!(run("--color=always", "second").stderr.contains('\u{1b}'));
}
