//! A real terminal: the display leaves a clean screen behind, and one that cannot move its cursor is left in peace.

use crate::support::sandbox::Sandbox;
use crate::support::terminal::{on_a_terminal, screen};

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
