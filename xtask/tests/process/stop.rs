//! Children that are stopped: by the run, by their time, and against their will.
//!
//! Those that answer a signal wait in short naps: a signal that meets bash between fork and exec is lost on the nap.

use crate::bench::{Bench, runs};
use std::time::Duration;
use xtask_process::process::{End, Level};

const SHORT: Duration = Duration::from_millis(100);

#[test]
fn a_child_that_is_asked_to_end_was_cancelled_whatever_it_says() {
    for script in [
        "trap 'exit 0' TERM; echo ready; while :; do sleep 0.02; done",
        "trap 'exit 3' TERM; echo ready; while :; do sleep 0.02; done",
        "echo ready; exec sleep 1000",
    ] {
        let mut bench = Bench::new();
        (bench.timeout, bench.grace) = (Duration::MAX, Duration::MAX);
        let ran = bench.bash_ready(script, || bench.stop.raise(Level::Terminate));
        assert_eq!(ran.ended.end, End::Cancelled, "{script}");
        assert_eq!(ran.ended.leaked, [] as [&str; 0], "{script}");
    }
}

#[test]
fn a_child_that_ignores_the_request_is_killed_when_its_grace_is_over() {
    let mut bench = Bench::new();
    bench.grace = SHORT;
    let ran = bench.bash_ready("trap '' TERM; echo $$; echo ready; while :; do sleep 1000; done", || {
        bench.stop.raise(Level::Terminate);
    });
    assert_eq!(ran.ended.end, End::Cancelled);
    assert!(!runs(&ran.stdout[0]));
}

#[test]
fn a_kill_waits_for_no_grace() {
    let bench = Bench::new();
    let script = "trap 'echo asked' TERM; echo $$; echo ready; while :; do sleep 0.02; done";
    let ran = bench
        .run_with(&bench.command(script), |line| match line {
            "ready" => bench.stop.raise(Level::Terminate),
            "asked" => bench.stop.raise(Level::Kill),
            _ => {}
        })
        .expect("bash starts");
    assert_eq!(ran.ended.end, End::Cancelled);
    assert!(!runs(&ran.stdout[0]));
}

#[test]
fn a_stop_from_another_thread_is_heard_by_a_silent_child() {
    let bench = Bench::new();
    let (ready, told) = std::sync::mpsc::channel();
    let stop = bench.stop.clone();
    let coordinator = std::thread::spawn(move || {
        told.recv().expect("the child is ready");
        stop.raise(Level::Terminate);
    });
    let ran = bench.bash_ready("echo ready; exec sleep 1000", || ready.send(()).expect("somebody listens"));
    coordinator.join().expect("the coordinator");
    assert_eq!(ran.ended.end, End::Cancelled);
}

#[test]
fn a_stopped_process_is_woken_to_hear_that_it_shall_end() {
    let mut bench = Bench::new();
    bench.grace = Duration::from_secs(20);
    let script = "
        (trap 'echo asked; exit' TERM; kill -STOP $BASHPID; while :; do sleep 0.02; done) &
        until read -r stat </proc/$!/stat && [[ $stat = *') T '* ]]; do :; done
        echo ready; wait";
    let ran = bench.bash_ready(script, || bench.stop.raise(Level::Terminate));
    assert_eq!((ran.ended.end, ran.stdout.last().map(String::as_str)), (End::Cancelled, Some("asked")));
}

#[test]
fn nothing_is_started_after_the_order_to_stop() {
    let bench = Bench::new();
    bench.stop.raise(Level::Terminate);
    let ran = bench.bash("touch started");
    assert_eq!(ran.ended.end, End::Cancelled);
    assert!(!bench.directory.path().join("started").exists());
}

#[test]
fn a_time_limit_is_no_failure_whatever_the_child_says() {
    for script in
        ["exec sleep 1000", "trap 'exit 0' TERM; sleep 1000 & wait", "trap '' TERM; while :; do sleep 1000; done"]
    {
        let mut bench = Bench::new();
        (bench.timeout, bench.grace) = (SHORT, SHORT);
        assert_eq!(bench.bash(script).ended.end, End::TimedOut, "{script}");
    }
}

#[test]
fn a_flood_of_output_does_not_drown_the_time_limit() {
    let mut bench = Bench::new();
    bench.timeout = SHORT;
    let ran = bench.bash("exec yes");
    assert_eq!(ran.ended.end, End::TimedOut);
}

#[test]
fn those_in_the_group_have_their_share_of_the_grace() {
    let bench = Bench::new();
    let script = r"
        (trap 'echo tidying; until [ -e tidy ]; do sleep 0.02; done; echo tidied; exit' TERM
         echo ready; while :; do sleep 0.02; done) &
        wait";
    let ran = bench
        .run_with(&bench.command(script), |line| match line {
            "ready" => bench.stop.raise(Level::Terminate),
            "tidying" => std::fs::write(bench.directory.path().join("tidy"), "").expect("a file"),
            _ => {}
        })
        .expect("bash starts");
    assert_eq!(ran.ended.end, End::Cancelled);
    assert!(ran.stdout.contains(&"tidied".to_owned()), "{:?}", ran.stdout);
    assert_eq!(ran.ended.leaked, [] as [&str; 0]);
}

#[test]
fn a_panic_of_xtask_leaves_no_child_behind() {
    let bench = Bench::new();
    let pid = std::sync::Mutex::new(String::new());
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        bench.run_with(&bench.command("echo $$; exec sleep 1000"), |line| {
            line.clone_into(&mut pid.lock().expect("not poisoned"));
            panic!("on purpose");
        })
    }));
    assert!(outcome.is_err());
    assert!(!runs(&pid.into_inner().expect("not poisoned")));
}
