//! Time limits, of a task and of the run: a limit that is reached is no failing test, and names the key that sets it.

use crate::running::assert_nothing_left;
use crate::sandbox::Sandbox;

#[test]
fn a_task_that_takes_too_long_is_stopped_and_names_the_key() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.stage("slow", "timeout = \"200ms\"", "exec sleep 1000");
    let output = sandbox.run(&["ci", "--only", "slow"]).exits(5);
    let output = output.says("it took longer than 200ms ([workspace.metadata.xtask.stages.slow] timeout)");
    assert!(output.verdict().starts_with("timed out: slow"), "{}", output.verdict());
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
    let output = sandbox.run(&["ci", "--only", "slow", "--only", "quick"]).exits(0);
    assert!(output.verdict().starts_with("passed: 1 stage"), "{}", output.verdict());
    assert!(output.verdict().ends_with("slow timed out, which does not block"), "{}", output.verdict());
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
