//! Servers that run beside the tasks.

use crate::bench::{Bench, runs};
use std::time::Duration;
use xtask_process::process::{Background, End, Level, Signal, spawn_background};

/// Waits until the server has printed `ready`.
fn ready(server: &Background) {
    while server.is_alive() && !server.tail().contains(&"ready".to_owned()) {
        std::thread::yield_now();
    }
}

fn start(bench: &Bench, script: &str) -> Background {
    let server = spawn_background(&bench.child(&bench.command(script))).expect("bash starts");
    ready(&server);
    server
}

#[test]
fn a_server_is_stopped_by_the_signal_of_its_kind() {
    let bench = Bench::new();
    // Not INT: where the tests run in the background of a shell it is ignored, and a shell cannot trap it then.
    let server = start(&bench, "trap 'echo fast; exit 0' USR1; trap '' TERM; echo ready; while :; do sleep 0.02; done");
    assert!(server.is_alive());
    assert!(runs(&server.pid().to_string()));
    let ended = server.stop(Signal::USR1, crate::bench::NEVER).expect("it stops");
    assert_eq!((ended.end, ended.tail.last().map(String::as_str)), (End::Cancelled, Some("fast")));
    assert_eq!(ended.leaked, [] as [&str; 0]);
}

#[test]
fn a_server_that_will_not_stop_is_killed_with_its_workers() {
    let bench = Bench::new();
    let server =
        start(&bench, "trap '' INT TERM; setsid sleep 1000 & echo $!; echo ready; while :; do sleep 1000; done");
    let (pid, worker) = (server.pid().to_string(), server.tail()[0].clone());
    let ended = server.stop(Signal::TERM, Duration::from_millis(50)).expect("it stops");
    assert_eq!(ended.end, End::Cancelled);
    assert!(ended.leaked.concat().contains(&format!("(pid {worker})")), "{:?}", ended.leaked);
    assert!(!runs(&pid) && !runs(&worker));
}

#[test]
fn a_server_ends_when_nobody_holds_it() {
    let bench = Bench::new();
    let server = start(&bench, "echo ready; exec sleep 1000");
    let pid = server.pid().to_string();
    drop(server);
    assert!(!runs(&pid));
}

#[test]
fn a_server_that_ends_by_itself_says_how() {
    let bench = Bench::new();
    let server = start(&bench, "echo cannot bind; exit 3");
    while server.is_alive() {
        std::thread::yield_now();
    }
    assert_eq!(server.try_status(), Some(End::Exited(3)));
    assert_eq!(server.tail(), ["cannot bind"]);
    assert_eq!(server.stop(Signal::TERM, Duration::ZERO).expect("it has ended").end, End::Exited(3));
}

#[test]
fn a_server_outlives_the_first_order_to_stop_and_not_the_second() {
    let bench = Bench::new();
    let server = start(&bench, "trap 'echo asked' TERM; echo ready; while :; do sleep 0.02; done");
    bench.stop.raise(Level::Terminate);
    assert!(server.is_alive());
    bench.stop.raise(Level::Kill);
    while server.is_alive() {
        std::thread::yield_now();
    }
    assert_eq!(server.try_status(), Some(End::Cancelled));
}
