//! A real terminal: the display leaves a clean screen behind, and one that cannot move its cursor is left in peace.

use crate::sandbox::{Output, Sandbox};
use indicatif::{InMemoryTerm, TermLike as _};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::process::Stdio;

const ROWS: u16 = 40;
const COLUMNS: u16 = 80;

/// Runs xtask with a terminal as its stderr, and as its stdin when somebody has `typed` something there. Returns how it
/// ended, and all that the terminal was sent.
pub fn on_a_terminal(sandbox: &Sandbox, args: &[&str], typed: Option<&str>) -> (Output, String) {
    let (mut master, slave) = terminal();
    let mut command = sandbox.command(args);
    if let Some(typed) = typed {
        command.stdin(Stdio::from(slave.try_clone().expect("another handle")));
        master.write_all(typed.as_bytes()).expect("it waits there to be read");
    }
    let child = command.stderr(Stdio::from(slave)).spawn().expect("xtask starts");
    // The terminal hangs up when nobody has its other end open any more, this process included.
    drop(command);
    let sent = read_until(&mut master, |_| false);
    (sandbox.wait(child), sent)
}

/// Runs xtask with a terminal as its stdin and stderr, and types what `answer` returns once `question` is shown.
#[track_caller]
pub fn answer_on_a_terminal(
    sandbox: &Sandbox,
    args: &[&str],
    question: &str,
    answer: impl FnOnce() -> &'static str,
) -> (Output, String) {
    let (mut master, slave) = terminal();
    let mut command = sandbox.command(args);
    command.stdin(Stdio::from(slave.try_clone().expect("another handle")));
    let child = command.stderr(Stdio::from(slave)).spawn().expect("xtask starts");
    drop(command);
    let asked = read_until(&mut master, |sent| sent.contains(question));
    assert!(asked.contains(question), "{question:?} is missing: {asked}");
    master.write_all(answer().as_bytes()).expect("xtask reads it");
    let sent = asked + &read_until(&mut master, |_| false);
    (sandbox.wait(child), sent)
}

/// A terminal: the end that a person has, and the one that programs have.
fn terminal() -> (File, File) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a terminal");
    grantpt(&master).expect("it is ours");
    unlockpt(&master).expect("it can be opened");
    tcsetwinsize(&master, Winsize { ws_row: ROWS, ws_col: COLUMNS, ws_xpixel: 0, ws_ypixel: 0 })
        .expect("it has a size");
    let name = ptsname(&master, Vec::new()).expect("it has a name");
    let slave = OpenOptions::new().read(true).write(true).open(std::ffi::OsStr::from_bytes(name.as_bytes()));
    (File::from(master), slave.expect("its other end"))
}

/// Reads what a terminal is sent until that is `enough`, or until all programs have closed it.
fn read_until(master: &mut File, enough: impl Fn(&str) -> bool) -> String {
    let mut sent = Vec::new();
    let mut chunk = [0; 4096];
    while !enough(&String::from_utf8_lossy(&sent)) {
        let Ok(length @ 1..) = master.read(&mut chunk) else { break };
        sent.extend_from_slice(&chunk[..length]);
    }
    String::from_utf8_lossy(&sent).into_owned()
}

/// What is left on a screen that was sent this.
fn screen(sent: &str) -> String {
    let terminal = InMemoryTerm::new(ROWS, COLUMNS);
    terminal.write_str(sent).expect("memory");
    terminal.contents()
}

fn sandbox(term: &str) -> Sandbox {
    let mut sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.stage("good", "", "echo something").stage("bad", "needs = [\"good\"]", "echo what is wrong; exit 1");
    sandbox.var("TERM", term);
    sandbox
}

const BOTH: [&str; 5] = ["ci", "--only", "good", "--only", "bad"];

#[test]
fn the_display_leaves_the_failure_and_the_summary_and_no_bars() {
    let sandbox = sandbox("xterm-256color");
    let (output, sent) = on_a_terminal(&sandbox, &BOTH, None);
    let output = output.exits(1);
    assert_eq!(output.stdout, "");
    assert!(sent.contains("\u{1b}["), "it moves the cursor: {sent:?}");
    assert!(sent.ends_with("\r\n") && !sent.trim_end().ends_with("\u{1b}[?25l"), "{sent:?}");
    assert_eq!(sent.matches("\u{1b}[?25l").count(), sent.matches("\u{1b}[?25h").count(), "the cursor is shown again");
    let screen = sandbox.redact(&screen(&sent));
    let words = screen.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>();
    assert_eq!(
        words,
        [
            "✓ good TIME",
            "✗ bad:command failed after TIME: exited with code 1",
            "│ what is wrong",
            "log: target/xtask/runs/RUN/logs/bad+command.log",
            "run again: stub-bad",
            "✗ bad TIME failed: command: exited with code 1",
            "",
            "✓ good TIME",
            "✗ bad TIME failed: command: exited with code 1",
            "",
            "What went wrong",
            "✗ bad:command failed after TIME: exited with code 1",
            "run again: stub-bad",
            "report: target/xtask/runs/RUN/report.md",
            "",
            "failed: bad (command: exited with code 1) · exit 1",
        ]
    );
}

#[test]
fn a_dumb_terminal_and_ci_get_lines_without_cursor_moves() {
    for (term, ci) in [("dumb", false), ("xterm", true)] {
        let mut sandbox = sandbox(term);
        if ci {
            sandbox.var("CI", "true");
        }
        sandbox.var("NO_COLOR", "1");
        let (output, sent) = on_a_terminal(&sandbox, &BOTH, None);
        output.exits(1);
        assert!(!sent.contains('\u{1b}'), "{sent:?}");
        assert!(!sent.replace("\r\n", "\n").contains('\r'), "{sent:?}");
    }
}

#[test]
fn without_colours_the_display_still_works() {
    let mut sandbox = sandbox("xterm-256color");
    sandbox.var("NO_COLOR", "1");
    let (output, sent) = on_a_terminal(&sandbox, &BOTH, None);
    output.exits(1);
    assert!(sent.contains("\u{1b}[") && !sent.contains("\u{1b}[3"), "{sent:?}");
}
