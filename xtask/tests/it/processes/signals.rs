//! Ctrl-C, `kill` and a terminal that goes away: the children are asked to end, then made to, and the run says so.

use crate::support::running::assert_nothing_left;
use crate::support::sandbox::{Output, Sandbox};
use rustix::process::Signal;

/// A service, a stage that runs until it is stopped, and one behind it that must never start.
fn sandbox(script: &str) -> Sandbox {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.stage("slow", "", script).stage("behind", "needs = [\"slow\"]", ": >../behind");
    sandbox
}

const BOTH: [&str; 5] = ["ci", "--only", "slow", "--only", "behind"];

/// Answers TERM by leaving a mark.
const POLITE: &str = "trap ': >../asked; exit 0' TERM; : >../ready; while :; do sleep 0.02; done";
/// Hears TERM and goes on; has a child in a session of its own that does the same.
const STUBBORN: &str = "trap ': >../asked' TERM; setsid sh -c 'trap \"\" TERM INT HUP; : >../ready; \
                        while :; do sleep 1000; done' & while :; do sleep 0.02; done";

/// Checks what holds however a run was interrupted: codes, words and records agree, and nothing is left.
#[track_caller]
fn interrupted(sandbox: &Sandbox, output: Output, code: i32) -> Output {
    let output = output.exits(code);
    assert!(output.verdict().ends_with(&format!(": 0 of 2 tasks had ended · exit {code}")), "{}", output.verdict());
    let (run, summary) = (sandbox.latest(), sandbox.summary().0);
    assert_eq!((&summary["verdict"], &summary["exit_code"]), (&"interrupted".into(), &code.into()));
    let outcomes: Vec<_> = summary["stages"].as_array().expect("stages").iter().map(|it| &it["outcome"]).collect();
    assert_eq!(outcomes, ["cancelled", "skipped"]);
    assert_eq!(sandbox.events(&run, "run-finished").len(), 1);
    assert!(!sandbox.has("behind"));
    assert_nothing_left(&run);
    output
}

/// Whether these tests run under `nohup`, or something like it.
fn hang_up_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).expect("it tells the ignored signals");
    u64::from_str_radix(mask.trim(), 16).expect("a mask in hexadecimal") & 1 == 1
}

#[test]
fn the_first_signal_asks_the_children_to_end_and_starts_nothing_new() {
    for (signal, word, code) in [
        (Signal::INT, "interrupted (Ctrl-C): stopping all tasks; once more kills them at once", 130),
        (Signal::TERM, "terminated (SIGTERM): stopping all tasks", 143),
        (Signal::HUP, "hung up (SIGHUP): stopping all tasks", 129),
    ] {
        if signal == Signal::HUP && hang_up_is_ignored() {
            // Under `nohup` xtask leaves it ignored, as it should; another test shows that.
            continue;
        }
        let sandbox = sandbox(POLITE);
        let run = sandbox.start(&BOTH);
        run.until_there("ready").signal(signal);
        interrupted(&sandbox, run.finish().says(word), code);
        assert!(sandbox.has("asked"), "TERM is what children get");
    }
}

#[test]
fn the_second_signal_kills_at_once_whoever_does_not_listen() {
    for (first, second, code) in [(Signal::INT, Signal::INT, 130), (Signal::TERM, Signal::INT, 143)] {
        let sandbox = sandbox(STUBBORN);
        let run = sandbox.start(&BOTH);
        run.until_there("ready").signal(first).until_there("asked").signal(second);
        interrupted(&sandbox, run.finish().says("killing the remaining tasks"), code);
        let stopping = sandbox.events(&sandbox.latest(), "stopping");
        let at_once: Vec<_> = stopping.iter().map(|event| &event["at_once"]).collect();
        assert_eq!(at_once, [false, true]);
    }
}

#[test]
fn a_hang_up_is_ignored_where_nohup_says_so() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.gate("gate").stage("slow", "", ": >../ready; read -r line <../gate");
    let mut command = sandbox.command(&["-c", "trap '' HUP; exec \"$0\" ci --only slow", env!("CARGO_BIN_EXE_xtask")]);
    let vars: Vec<_> = command.get_envs().map(|(key, value)| (key.to_owned(), value.map(ToOwned::to_owned))).collect();
    command = shell(&command, vars);
    let run = sandbox.start_command(command);
    run.until_there("ready").signal(Signal::HUP);
    sandbox.open_gate("gate");
    run.finish().exits(0);
}

/// A cargo that never ends its `at`, and neither does the child that it starts for it.
fn endless_cargo(at: &str, hears: &str) -> (Sandbox, String) {
    let (mut sandbox, mark) = with_endless_cargo("a-service", at, hears);
    let empty = sandbox.beside("cache");
    sandbox.var("XTASK_CACHE_DIR", empty);
    (sandbox, mark)
}

/// The same for a package of this name, with the tools of the machine.
fn with_endless_cargo(package: &str, at: &str, hears: &str) -> (Sandbox, String) {
    let mut sandbox = Sandbox::with_services(&[package]);
    let endless = format!("{hears}; sleep 1000 & : >\"$READY\"; while :; do wait; done");
    sandbox.stub("cargo", &format!("if [ \"$1\" = {at} ]; then {endless}; fi; exec \"$CARGO_BEHIND\" \"$@\""));
    let ready = sandbox.beside("ready");
    let mark = format!("ending-{}", ready.parent().and_then(std::path::Path::file_name).expect("a name").display());
    sandbox.var("READY", ready).var("CARGO_BEHIND", crate::support::sandbox::cargo_behind());
    // By this mark the test finds whatever is left of it.
    sandbox.var("XTASK_TASK", format!("{mark}:test"));
    (sandbox, mark)
}

#[test]
fn an_installation_ends_with_setup() {
    for (signal, word, code) in [
        (Signal::TERM, "terminated (SIGTERM): stopping all tasks", 143),
        (Signal::INT, "interrupted (Ctrl-C): stopping all tasks; once more kills them at once", 130),
    ] {
        let (sandbox, mark) = endless_cargo("install", ":");
        let run = sandbox.start(&["setup"]);
        run.until_there("ready").signal(signal);
        let output = run.finish().exits(code).says(word);
        assert_eq!(output.stderr.matches("running ").count(), 1, "nothing new starts: {}", output.stderr);
        assert_nothing_left(&mark);
    }
}

#[test]
fn the_second_signal_kills_an_installation_that_does_not_listen() {
    let (sandbox, mark) = endless_cargo("install", "trap '' TERM");
    let run = sandbox.start(&["setup"]);
    run.until_there("ready").signal(Signal::TERM).until_says("stopping all tasks").signal(Signal::TERM);
    run.finish().exits(143).says("terminated (SIGTERM): killing the remaining tasks");
    assert_nothing_left(&mark);
}

#[test]
fn xtasks_own_tests_end_with_it() {
    let (sandbox, mark) = with_endless_cargo("xtask", "test", ":");
    // An engine answers, so none of its own is started.
    sandbox.stub("docker", "echo 27.0.0");
    let run = sandbox.start(&["test", "--no-install"]);
    run.until_there("ready").signal(Signal::TERM);
    run.finish().exits(143).says("terminated (SIGTERM): stopping all tasks");
    assert_nothing_left(&mark);
}

#[test]
fn a_question_to_cargo_ends_with_xtask() {
    let (sandbox, mark) = endless_cargo("metadata", ":");
    let run = sandbox.start(&["plan"]);
    run.until_there("ready").signal(Signal::TERM);
    run.finish().exits(143);
    assert_nothing_left(&mark);
}

#[test]
fn a_question_within_a_run_ends_with_the_first_signal_and_not_at_its_limit() {
    let mut sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.append("services/a-service/src/lib.rs", "\n/// ```\n/// ```\npub fn documented() {}\n");
    sandbox.commit();
    let ready = sandbox.beside("ready");
    sandbox
        .stub("git", "case \"$*\" in *ls-files*) : >\"$READY\"; exec sleep 1000;; esac; exec \"$GIT_BEHIND\" \"$@\"");
    sandbox.var("READY", ready).var("GIT_BEHIND", which::which("git").expect("git is there"));
    let run = sandbox.start(&["test-matrix", "--verbose"]);
    run.until_there("ready").signal(Signal::INT);
    let output = run.finish().exits(130);
    assert!(!output.stderr.contains("gave no answer within"), "{}", output.stderr);
    assert_nothing_left(&sandbox.latest());
}

#[test]
fn a_notification_on_its_way_ends_with_notify() {
    let mut sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.stage("quick", "", "exit 0").run(&["ci", "--only", "quick"]).exits(0);
    let ready = sandbox.beside("ready");
    let mark = format!("ending-{}", sandbox.root().display()).replace('/', "-");
    sandbox.stub("curl", "sleep 1000 & : >\"$READY\"; while :; do wait; done");
    sandbox.var("READY", ready).var("XTASK_TASK", format!("{mark}:test")).var("XTASK_WEBHOOK", "http://localhost:9/");
    let run = sandbox.start(&["notify"]);
    run.until_there("ready").signal(Signal::TERM);
    run.finish().exits(143).says("terminated (SIGTERM): stopping all tasks");
    assert_nothing_left(&mark);
}

/// The same command with a shell as its program.
#[expect(clippy::disallowed_methods, reason = "a test stands outside of xtask, and starts it as a user would")]
fn shell(
    like: &std::process::Command,
    vars: Vec<(std::ffi::OsString, Option<std::ffi::OsString>)>,
) -> std::process::Command {
    let mut command = std::process::Command::new("sh");
    command.args(like.get_args()).current_dir(like.get_current_dir().expect("it has a directory")).env_clear();
    command.envs(vars.into_iter().filter_map(|(key, value)| Some((key, value?))));
    command
}
