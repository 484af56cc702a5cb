//! What holds in a process that is not a sub-reaper, where orphans are found by their group and their marker alone. For
//! a sub-reaper, and for everything else, see `tests/process`.

use super::limits::{Farewell, Limits};
use super::spawn::Streams;
use super::supervise::Supervisor;
use super::{Child, End, LINE_CAP, Signal, Stop, Surroundings, children, run};
use std::time::Duration;
use xtask_core::command::{Command, Stream};

/// Waits until the last background process has become `sleep`, because its name is checked.
const IS_SLEEP: &str = r#"until [ "$(</proc/$!/comm)" = sleep ]; do :; done;"#;

/// Runs a script that starts `sleep` in the background, and checks that it was named.
#[track_caller]
fn leaves(script: &str) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let command = Command::new("bash", directory.path()).args(["-c", &format!("{script} echo $!; {IS_SLEEP} exit 5")]);
    let child = Child {
        command: &command,
        surroundings: &Surroundings::default(),
        marker: &format!("{}:stage/task", directory.path().display()),
        log: &directory.path().join("task.log"),
        log_cap: 1 << 20,
        line_cap: LINE_CAP,
        every_line: true,
        timeout: Duration::MAX,
        grace: Duration::from_secs(60),
        stop: &Stop::new(),
        user: None,
        jobserver: None,
    };
    let mut first = None;
    let ended = run(&child, &mut |_, line| {
        first.get_or_insert_with(|| String::from_utf8_lossy(line).into_owned());
    })
    .expect("bash starts");
    assert_eq!(ended.end, End::Exited(5), "{script}");
    assert_eq!(ended.leaked, [format!("sleep (pid {})", first.expect("a line"))], "{script}");
}

#[test]
fn orphans_are_found_without_adoption() {
    leaves("sleep 1000 &");
    leaves("setsid sleep 1000 &");
    leaves("setsid sleep 1000 >/dev/null 2>&1 &");
}

#[test]
fn what_has_ended_before_it_was_looked_at_has_kept_its_limit() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let command = Command::new("bash", directory.path()).args(["-c", "echo done; exit 3"]);
    let (surroundings, stop) = (Surroundings::default(), Stop::new());
    let log = directory.path().join("log");
    let child = Child {
        command: &command,
        surroundings: &surroundings,
        marker: "run-limits:task",
        log: &log,
        log_cap: 1024,
        line_cap: LINE_CAP,
        every_line: true,
        timeout: Duration::ZERO,
        grace: Duration::from_secs(60),
        stop: &stop,
        user: None,
        jobserver: None,
    };
    let farewell = Farewell { signal: Signal::TERM, to_group: true, grace: child.grace };
    let supervisor = Supervisor::start(&child, Limits::new(&child, stop.clone(), farewell), Streams::default())
        .expect("bash starts");
    // As when xtask itself is stopped: the child ends, and its limit, which is over, is checked only then.
    children::wait_for_end(supervisor.pid());
    let ended = supervisor.supervise(&mut |_: Stream, _: &[u8]| ()).expect("it has ended");
    assert_eq!((ended.end, ended.tail), (End::Exited(3), vec!["done".to_owned()]));
}
