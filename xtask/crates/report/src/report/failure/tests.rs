use super::super::display::Display;
use super::super::{Fold, sample};
use super::*;
use insta::assert_snapshot;
use xtask_core::reading::Reading;

fn shown(reading: Reading, display: Display, whole: bool) -> String {
    let mut run = sample::Run::new(&[("test-services", Policy::Blocking, &["auth-service"])]);
    run.task("test-services", "auth-service", reading);
    let summary = Fold::of(&run.so_far()).finish();
    let failure =
        Failure { task: &summary.stages[0].tasks[0], policy: Policy::Blocking, run_dir: "target/xtask/runs/1/" };
    if whole { failure.whole(display) } else { failure.short(display) }
}

fn failing(n: usize) -> Reading {
    let failed_tests = (0..n).map(|i| sample::failed_test(&format!("t{i}"))).collect();
    Reading { failed_tests, ..sample::tests(1, n as u64) }
}

#[test]
fn failed_tests_come_with_their_output_and_their_command() {
    assert_snapshot!(shown(failing(2), Display::default(), true), @r"
    ✗ test-services/auth-service failed after 1.24s: 2 of 3 tests failed
        t0
          │ thread 't0' panicked at services/auth-service/src/session.rs:12:9:
          │ assertion failed: x == 1
          run again: cargo test --package auth-service --lib -- --exact t0
        t1
          │ thread 't1' panicked at services/auth-service/src/session.rs:12:9:
          │ assertion failed: x == 1
          run again: cargo test --package auth-service --lib -- --exact t1
        log: target/xtask/runs/1/logs/test-services.auth-service.log
        run again: cargo test-services --package auth-service
    ");
    assert_snapshot!(shown(failing(2), Display::default(), false), @r"
    ✗ test-services/auth-service failed after 1.24s: 2 of 3 tests failed
        t0
        t1
        run again: cargo test-services --package auth-service
    ");
}

#[test]
fn in_short_a_single_failed_test_is_what_runs_again() {
    assert_snapshot!(shown(failing(1), Display::default(), false), @r"
    ✗ test-services/auth-service failed after 1.24s: 1 of 2 tests failed
        t0
        run again: cargo test --package auth-service --lib -- --exact t0
    ");
}

#[test]
fn findings_stand_in_for_the_last_lines() {
    let reading = Reading {
        findings: vec![
            sample::finding(Severity::Error, "unneeded `return`"),
            sample::finding(Severity::Note, "see here"),
        ],
        ..Reading::because(Outcome::Failed, "2 findings")
    };
    assert_snapshot!(shown(reading, Display::default(), true), @r"
    ✗ test-services/auth-service failed after 1.24s: 2 findings
        error clippy::needless_return: unneeded `return` (services/auth-service/src/lib.rs:3)
        note clippy::needless_return: see here (services/auth-service/src/lib.rs:3)
        log: target/xtask/runs/1/logs/test-services.auth-service.log
        run again: cargo test-services --package auth-service
    ");
}

#[test]
fn without_details_the_last_lines_are_shown() {
    let reading = Reading::because(Outcome::TimedOut, "timed out after 600s (limit: timeouts.test)");
    assert_snapshot!(shown(reading, Display { unicode: false, ..Display::default() }, true), @r"
    x test-services/auth-service timed out after 600s (limit: timeouts.test)
        | the last line
        log: target/xtask/runs/1/logs/test-services.auth-service.log
        run again: cargo test-services --package auth-service
    ");
}

#[test]
fn many_failures_are_limited_and_counted() {
    let text = shown(failing(100), Display::default(), true);
    assert!(text.contains("… and 90 more failed tests"), "{text}");
    assert_eq!(text.matches("panicked at").count(), TESTS);
    assert!(shown(failing(100), Display::default(), false).contains("… and 95 more failed tests"));
    let mut reading = failing(1);
    reading.failed_tests[0].output = (0..50).map(|i| format!("line {i}")).collect::<Vec<_>>().join("\n");
    let text = shown(reading, Display::default(), true);
    assert!(
        text.contains("… 30 lines above are in the log") && !text.contains("line 29") && text.contains("line 49"),
        "{text}"
    );
}

#[test]
fn lines_that_no_log_has_are_only_left_out() {
    let mut reading = failing(1);
    reading.failed_tests[0].output = (0..50).map(|i| format!("line {i}")).collect::<Vec<_>>().join("\n");
    let mut run = sample::Run::new(&[("test-services", Policy::Blocking, &["auth-service"])]);
    run.task("test-services", "auth-service", reading);
    let mut summary = Fold::of(&run.so_far()).finish();
    summary.stages[0].tasks[0].log = None;
    let failure = Failure { task: &summary.stages[0].tasks[0], policy: Policy::Blocking, run_dir: "runs/1" };
    let text = failure.whole(Display::default());
    assert!(text.contains("… 30 lines above are left out") && !text.contains("log:"), "{text}");
}

#[test]
fn a_command_is_never_cut() {
    let display = Display { interactive: true, columns: 20, ..Display::default() };
    assert!(shown(failing(1), display, true).contains("cargo test --package auth-service --lib -- --exact t0"));
}
