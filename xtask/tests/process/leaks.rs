//! Processes that outlive the child which started them.

use crate::bench::{Bench, alone, runs};
use std::path::Path;
use xtask_core::command::Command;
use xtask_process::process::{self, End, Level, kill_survivors, spawn_background, survivors, sweep};

/// Waits until the last background process has become `sleep`, for its name is what is looked at.
const IS_SLEEP: &str = r#"until [ "$(</proc/$!/comm)" = sleep ]; do :; done;"#;

/// Runs a script that starts `sleep` in the background, and checks that it was named and is gone.
#[track_caller]
fn leaves(script: &str) {
    let bench = Bench::new();
    let ran = bench.bash(&format!("{script} echo $!; {IS_SLEEP} exit 5"));
    assert_eq!(ran.ended.end, End::Exited(5), "{script}");
    let pid = ran.stdout.first().expect("the script prints a pid");
    assert_eq!(ran.ended.leaked, [format!("sleep (pid {pid})")], "{script}");
    assert!(!runs(pid), "{script}");
}

#[test]
fn who_stays_in_the_group_is_killed_and_named() {
    leaves("sleep 1000 >/dev/null 2>&1 &");
}

#[test]
fn who_ignores_signals_is_killed_and_named() {
    leaves("(trap '' TERM HUP INT; exec sleep 1000) >/dev/null 2>&1 &");
}

#[test]
fn who_holds_the_output_open_is_killed_and_named() {
    leaves("sleep 1000 &");
}

#[test]
fn who_leaves_the_group_is_killed_and_named() {
    leaves("setsid sleep 1000 >/dev/null 2>&1 &");
    leaves("setsid sleep 1000 &");
}

#[test]
fn who_leaves_the_group_and_drops_the_marker_is_found_by_the_output_it_holds() {
    leaves("env -i setsid sleep 1000 &");
}

#[test]
fn who_descends_from_a_leftover_is_killed_too() {
    let bench = Bench::new();
    let ran = bench.bash(
        "setsid bash -c 'env -i setsid sleep 1000 & echo $!; echo $$; wait' >pids & until [ $(wc -l <pids) = 2 ]; do :; done; exit 5",
    );
    assert_eq!(ran.ended.leaked.len(), 2, "{:?}", ran.ended.leaked);
    for pid in std::fs::read_to_string(bench.directory.path().join("pids")).expect("the pids").lines() {
        assert!(!runs(pid));
    }
}

#[test]
fn who_escapes_a_stop_is_killed_and_named() {
    let mut bench = Bench::new();
    bench.grace = std::time::Duration::from_millis(100);
    let ran = bench.bash_ready("setsid bash -c 'echo $$; echo ready; exec sleep 1000 >/dev/null 2>&1' & wait", || {
        bench.stop.raise(Level::Terminate);
    });
    assert_eq!(ran.ended.end, End::Cancelled);
    assert!(ran.ended.leaked.concat().ends_with(&format!("(pid {})", ran.stdout[0])), "{:?}", ran.ended.leaked);
}

#[test]
fn who_ends_a_moment_later_is_no_leak_and_no_zombie() {
    let _alone = alone();
    let ran = Bench::within().bash("setsid true & true & exit 0");
    assert_eq!((ran.ended.end, ran.ended.leaked), (End::Exited(0), Vec::new()));
    assert_eq!(sweep(), [] as [&str; 0]);
    assert_eq!(crate::crowd::children(), [] as [i32; 0]);
}

#[test]
fn who_hides_completely_is_gone_at_the_end_of_the_run() {
    let _alone = alone();
    let ran = Bench::within().bash(&format!("env -i setsid sleep 1000 >/dev/null 2>&1 & echo $!; {IS_SLEEP} exit 0"));
    assert_eq!(sweep(), [format!("sleep (pid {})", ran.stdout[0])]);
    assert_eq!(crate::crowd::children(), [] as [i32; 0]);
}

/// Starts a process as an xtask would have that was killed since.
fn orphan_of(marker: &str) -> std::process::Child {
    #[expect(clippy::disallowed_methods, reason = "it stands for a child of another xtask, which supervises nothing")]
    let mut command = std::process::Command::new("sleep");
    command.arg("1000").env(process::MARKER, marker);
    command.spawn().expect("sleep starts")
}

#[test]
fn survivors_of_one_run_are_found_and_those_of_others_left_alone() {
    let _alone = alone();
    let run = format!("20260101-{}", std::process::id());
    let marker = format!("{run}:stage/task");
    let (mut ours, mut other) = (orphan_of(&marker), orphan_of(&format!("{run}7:stage/task")));
    let found: Vec<_> = survivors(&run).into_iter().map(|it| (it.pid.unsigned_abs(), it.name, it.marker)).collect();
    assert_eq!(found, [(ours.id(), "sleep".to_owned(), marker)]);
    assert_eq!((survivors(""), survivors("20260101")), (vec![], vec![]));
    assert_eq!(kill_survivors(&run), [format!("sleep (pid {})", ours.id())]);
    assert!(ours.wait().is_ok_and(|status| !status.success()));
    assert_eq!(survivors(&run), []);
    assert!(runs(&other.id().to_string()));
    other.kill().expect("it can be killed");
    other.wait().expect("it ended");
}

/// Calls `start` on a thread that is gone afterwards. What it starts then hangs from the main thread, as orphans do.
fn on_a_passing_thread<T: Send>(start: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(start).join().expect("it starts"))
}

/// Waits until a process has ended, without reaping it.
fn until_it_ended(pid: u32) {
    while runs(&pid.to_string()) {
        std::thread::yield_now();
    }
}

#[test]
fn a_library_that_waits_for_its_own_child_keeps_its_status() {
    let _alone = alone();
    let mut foreign = on_a_passing_thread(|| {
        #[expect(clippy::disallowed_methods, reason = "it stands for a library that spawns on its own")]
        let mut command = std::process::Command::new("bash");
        command.args(["-c", "exit 9"]).spawn().expect("bash starts")
    });
    until_it_ended(foreign.id());
    Bench::within().bash("setsid true & exit 0");
    assert_eq!(sweep(), [] as [&str; 0]);
    assert_eq!(foreign.wait().expect("its status is still there").code(), Some(9));
}

#[test]
fn a_supervisor_that_still_clears_up_keeps_the_status_of_its_child() {
    let _alone = alone();
    let bench = Bench::within();
    let command = bench.command("setsid sleep 1000 & exit 7");
    let server = on_a_passing_thread(|| spawn_background(&bench.child(&command)).expect("bash starts"));
    until_it_ended(server.pid().unsigned_abs());
    sweep();
    while server.is_alive() {
        std::thread::yield_now();
    }
    assert_eq!(server.try_status(), Some(End::Exited(7)));
}

/// Makes shared memory of both kinds, and hears nothing but KILL.
const SHARES: &str = r"
import ctypes, mmap, os, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
libc = ctypes.CDLL(None)
segment = libc.shmget(0, 4096, 0o1600)
libc.shmat.restype = ctypes.c_void_p
libc.shmat(segment, None, 0)
file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
os.ftruncate(file, 4096)
mapped = mmap.mmap(file, 4096)
print(segment, flush=True)
print('ready', flush=True)
signal.pause()
";

#[test]
fn a_process_that_is_killed_leaves_no_shared_memory() {
    let bench = Bench::new();
    let file = format!("/dev/shm/xtask-test-{}", std::process::id());
    let command = Command::new("python3", bench.directory.path()).args(["-c", SHARES, &file]);
    let kill = |line: &str| {
        if line == "ready" {
            assert!(Path::new(&file).exists());
            bench.stop.raise(Level::Kill);
        }
    };
    let ran = bench.run_with(&command, kill).expect("python3 starts");
    let segments = std::fs::read_to_string("/proc/sysvipc/shm").expect("Linux shows them");
    let left = segments.lines().find(|line| line.split_ascii_whitespace().nth(1) == Some(&ran.stdout[0]));
    assert_eq!((left, Path::new(&file).exists()), (None, false));
}
