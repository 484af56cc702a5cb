//! Time limits, of a task and of the run: a limit that is reached is no failing test, and names the key that sets it.

use crate::support::running::assert_nothing_left;
use crate::support::sandbox::Sandbox;
use insta::assert_snapshot;
use rustix::process::Signal;
use std::time::Instant;

#[test]
fn a_task_that_takes_too_long_is_stopped_and_names_the_key() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.stage("slow", "timeout = \"200ms\"", "exec sleep 1000");
    assert_snapshot!(sandbox.run(&["ci", "--only", "slow"]), @"
    exit code 5
    ----- stderr -----
    ✗ slow:command timed out: it took longer than 200ms ([workspace.metadata.xtask.stages.slow] timeout)
        log: target/xtask/runs/RUN/logs/slow+command.log
        run again: stub-slow

    ✗ slow  timed out: command: it took longer than 200ms ([workspace.metadata.xtask.stages.slow] timeout)

    What went wrong
      ✗ slow:command timed out: it took longer than 200ms ([workspace.metadata.xtask.stages.slow] timeout)
          run again: stub-slow
      report: target/xtask/runs/RUN/report.md

    timed out: slow (command: it took longer than 200ms ([workspace.metadata.x...) · exit 5
    ");
    assert_eq!(sandbox.summary().0["stages"][0]["outcome"], "timed-out");
    assert_nothing_left(&sandbox.latest());
}

#[test]
fn a_test_that_hangs_is_timed_out_and_not_failed() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.append("Cargo.toml", "[workspace.metadata.xtask.stages.test-services]\ntimeout = \"5s\"\n");
    let hangs = "#[test]\nfn hangs() {\n    std::fs::read(\"../../../gate\").unwrap();\n}\n";
    sandbox.gate("gate").append("services/a-service/src/lib.rs", hangs);
    let output = sandbox.run(&["test-matrix", "--no-cache"]).exits(5);
    let output = output.says("it took longer than TIME ([workspace.metadata.xtask.stages.test-services] timeout)");
    assert!(output.verdict().starts_with("timed out: test-services"), "{}", output.verdict());
}

#[test]
fn a_warning_stage_that_takes_too_long_leaves_the_run_green() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.stage("slow", "timeout = \"200ms\"\npolicy = \"warning\"", "exec sleep 1000");
    sandbox.stage("quick", "needs = [\"slow\"]", "exit 0");
    assert_snapshot!(sandbox.run(&["ci", "--only", "slow", "--only", "quick"]), @"
    exit code 0
    ----- stderr -----
    ! slow:command timed out: it took longer than 200ms ([workspace.metadata.xtask.stages.slow] timeout)
        log: target/xtask/runs/RUN/logs/slow+command.log
        run again: stub-slow
    ✓ quick:command

    ! slow  timed out: command: it took longer than 200ms ([workspace.metadata.xtask.stages.slow] timeout)
    ✓ quick

    What went wrong
      ! slow:command timed out: it took longer than 200ms ([workspace.metadata.xtask.stages.slow] timeout)
          run again: stub-slow
      report: target/xtask/runs/RUN/report.md

    passed: 1 stage in TIME · slow timed out, which does not block
    ");
}

#[test]
fn a_run_that_takes_too_long_is_stopped_as_a_whole() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.append("Cargo.toml", "[workspace.metadata.xtask]\ntimeout = \"300ms\"\n");
    sandbox.stage("slow", "", "exec sleep 1000").stage("behind", "needs = [\"slow\"]", ": >../behind");
    let output = sandbox.run(&["ci", "--only", "slow", "--only", "behind"]).exits(5);
    assert_eq!(output.verdict(), "timed out: the run's time is up (timeout = \"300ms\") · exit 5");
    assert!(!sandbox.has("behind"));
    assert_nothing_left(&sandbox.latest());
}

#[test]
fn a_run_that_is_put_aside_loses_neither_grace_nor_time() {
    let mut sandbox = Sandbox::with_services(&["a-service"]);
    // Its grace is five seconds then, and it is put aside for longer.
    sandbox.var("CI", "true").gate("gate");
    let tidy = ": >../asked; sleep 6; : >../slept; read -r line <../gate; sleep 1; : >../tidied; exit 0";
    sandbox.stage("slow", "", &format!("trap '{tidy}' TERM; : >../ready; while :; do sleep 0.02; done"));
    let started = Instant::now();
    let run = sandbox.start(&["ci", "--only", "slow"]);
    run.until_there("ready").signal(Signal::TERM).until_there("asked").signal(Signal::STOP);
    let stopped = Instant::now();
    run.until_there("slept");
    let aside = stopped.elapsed();
    run.signal(Signal::CONT);
    sandbox.open_gate("gate");
    run.finish().exits(143);
    let awake = started.elapsed().saturating_sub(aside).as_millis();
    assert!(sandbox.has("tidied"), "it was killed although its grace was not over");
    let took = &sandbox.summary().0["duration_ms"];
    assert!(took.as_u64().is_some_and(|took| u128::from(took) <= awake), "{took} ms, awake for {awake} ms");
}
