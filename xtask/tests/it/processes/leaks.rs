//! Processes that a stage leaves behind: they hang nothing, they are killed, and they are named.

use crate::support::running::assert_nothing_left;
use crate::support::sandbox::Sandbox;

/// Waits until the last background process has become `sleep`, for its name is what is told.
const IS_SLEEP: &str = "until read -r name </proc/$!/comm && [ \"$name\" = sleep ]; do :; done";

#[test]
fn whoever_is_left_behind_is_named_and_gone_and_the_verdict_stands() {
    for (script, code) in [
        ("sleep 1000 &", 0),
        ("sleep 1000 >/dev/null 2>&1 &", 0),
        ("setsid sleep 1000 &", 0),
        ("env -i setsid sleep 1000 &", 1),
    ] {
        let sandbox = Sandbox::with_services(&["a-service"]);
        sandbox.stage("leaky", "", &format!("{script}\necho $! >../pid\n{IS_SLEEP}\nexit {code}"));
        let output = sandbox.run(&["ci", "--only", "leaky"]).exits(code);
        let pid = std::fs::read_to_string(sandbox.beside("pid")).expect("the pid");
        let named = format!("it left processes behind, which were killed: sleep (pid {})", pid.trim());
        output.says(&named);
        assert!(!std::path::Path::new(&format!("/proc/{}", pid.trim())).exists(), "{script}");
        assert_nothing_left(&sandbox.latest());
    }
}

#[test]
fn whoever_hides_completely_is_found_at_the_end_of_the_run() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    let script = format!("env -i setsid sleep 1000 >/dev/null 2>&1 &\necho $! >../pid\n{IS_SLEEP}");
    sandbox.stage("leaky", "", &script);
    let output = sandbox.run(&["ci", "--only", "leaky"]).exits(0);
    let pid = std::fs::read_to_string(sandbox.beside("pid")).expect("the pid");
    output.says(&format!("warning: a process had escaped its task and was killed: sleep (pid {})", pid.trim()));
    assert!(!std::path::Path::new(&format!("/proc/{}", pid.trim())).exists());
}
