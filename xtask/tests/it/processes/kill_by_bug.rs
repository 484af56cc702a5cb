//! A crash of xtask itself: the children are stopped, the record is closed, the exit code says whose fault it was.

use crate::support::running::{assert_nothing_left, wait_for};
use crate::support::sandbox::Sandbox;
use rustix::process::{Pid, Resource, Rlimit, prlimit};

/// A panic can be had from outside: a thread that cannot be started is one. So the address space is limited to what is
/// in use, while a gate holds the run up, and then two stages want threads at once.
#[test]
fn a_panic_of_a_worker_stops_the_children_and_closes_the_record() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.gate("gate").stage("held", "", "echo up; read -r line <../gate");
    for stage in ["one", "two", "three"] {
        sandbox.stage(stage, "needs = [\"held\"]", "exec sleep 1000");
    }
    let stages = ["ci", "-j", "8", "--only", "held", "--only", "one", "--only", "two", "--only", "three"];
    let run = sandbox.start(&stages);
    // What stands in the log has come through the threads of this stage: they are all there.
    let log = sandbox.root().join("target/xtask/runs/latest/logs/held+command.log");
    wait_for("the first stage", || std::fs::read(&log).is_ok_and(|log| log == b"up\n"));
    // Less than the stack of one more thread, enough for everything else.
    let limit = Some(run.memory("VmSize") * 1024 + 1_500_000);
    let pid = Pid::from_raw(run.pid().cast_signed());
    prlimit(pid, Resource::As, Rlimit { current: limit, maximum: limit }).expect("it can be limited");
    sandbox.open_gate("gate");
    let output =
        run.finish().exits(70).says("error: cannot run the plan: xtask has a bug\n  because: failed to spawn thread");
    assert!(output.stderr.contains(" · exit 70\n"), "the verdict and the code agree: {}", output.stderr);
    let id = sandbox.latest();
    assert_eq!(sandbox.events(&id, "run-finished").len(), 1);
    assert_eq!((&sandbox.summary().0["verdict"], &sandbox.summary().0["exit_code"]), (&"bug".into(), &70.into()));
    wait_for("the kernel to bury them", || xtask_process::process::survivors(&id).is_empty());
    assert_nothing_left(&id);
}
