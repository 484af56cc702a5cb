use super::super::display::Display;
use super::super::{Fanout, printer, sample};
use super::*;
use insta::assert_snapshot;

fn shown(events: &[Event], display: Display) -> String {
    let (printer, out, err) = printer::tests::memory(display.github);
    let lines = Lines::new(display, printer, "target/xtask/runs/latest", Places::default());
    let mut fanout = Fanout::new(vec![Box::new(lines)]);
    for event in events {
        fanout.on(event);
    }
    assert_eq!(fanout.close().warnings, Fold::of(events).finish().warnings, "lines do not fail");
    assert_eq!(out.text(), "", "stdout is for data");
    err.text()
}

#[test]
fn a_line_when_a_task_ends() {
    assert_snapshot!(shown(&sample::green(), Display::default()), @r"
    ✓ format-and-lint:fmt           1.24s
    ✓ test-services/auth-service    1.24s  31 tests
    ✓ test-services/user-service    1.24s  12 tests
    ");
}

#[test]
fn every_outcome_where_no_cursor_moves() {
    assert_snapshot!(shown(&sample::every_outcome(), Display::default()), @"
    ✓ format-and-lint:fmt               1.24s
    ✓ format-and-lint:clippy            1.24s  1 finding, 1 waived
    ✗ test-services/auth-service failed after 1.24s: 2 of 31 tests failed
        session::tests::expires
          │ thread 'session::tests::expires' panicked at services/auth-service/src/session.rs:12:9:
          │ assertion failed: x == 1
          run again: cargo test --package auth-service --lib -- --exact session::tests::expires
        session::tests::refuses_a_replay
          │ thread 'session::tests::refuses_a_replay' panicked at services/auth-service/src/session.rs:12:9:
          │ assertion failed: x == 1
          run again: cargo test --package auth-service --lib -- --exact session::tests::refuses_a_replay
        log: target/xtask/runs/latest/logs/test-services.auth-service.log
        run again: cargo test-services --package auth-service
    ! test-services/user-service        1.24s  flaky: passed at the second try, 12 tests
    ✗ test-services/cart-service timed out after 600s (limit: timeouts.test)
        │ the last line
        log: target/xtask/runs/latest/logs/test-services.cart-service.log
        run again: cargo test-services --package cart-service
    ✓ code-coverage:workspace           1.24s  61.20 % of lines, 50 % are needed
    ! security-audit:audit failed after 1.24s: 1 advisory
        error RUSTSEC-2023-0071: Marvin Attack: potential key recovery (rsa 0.9.6)
        log: target/xtask/runs/latest/logs/security-audit+audit.log
        run again: cargo security-audit --package audit
    ! security-audit:deny could not run after 1.24s: cargo-deny ended without an answer
        │ the last line
        log: target/xtask/runs/latest/logs/security-audit+deny.log
        run again: cargo security-audit --package deny
    ✓ dependency-check:outdated         1.24s
    ! integration-tests/auth-service    1.24s  cancelled: a test failed before
    ✓ build-release:workspace           1.24s  cached: passed with the same inputs in run 20260101-000000-9f9f
    – build-and-push                           skipped: test-services failed
    – quality-report                           nothing to do: nothing to report
    ");
}

#[test]
fn verbose_adds_each_command() {
    let text = shown(&sample::green(), Display { verbosity: Verbosity::Verbose, ..Display::default() });
    assert_eq!(text.matches(" $ cargo ").count(), 3, "{text}");
}

#[test]
fn verbose_for_github_adds_each_command_and_why_it_runs_inside_of_the_group() {
    let mut run = sample::Run::new(&[("test-services", Policy::Blocking, &["auth-service", "user-service"])]);
    run.stage("test-services").start("test-services", "auth-service");
    let stage = StageId::new("test-services");
    let task = sample::id("test-services", "auth-service");
    run.push(Kind::TaskNotCached { task, stage, because: "src/lib.rs has changed".to_owned() });
    run.start("test-services", "user-service").finish("test-services", "auth-service", sample::tests(1, 0));
    run.finish("test-services", "user-service", sample::tests(2, 0));
    let verbose = Display { github: true, verbosity: Verbosity::Verbose, ..Display::default() };
    run.end("test-services", Policy::Blocking, Outcome::Passed, None);
    assert_snapshot!(shown(&run.over("passed", 0), verbose), @r"
    test-services has started: 2 tasks
    ::group::✓ test-services    2.31s  3 tests
      test-services/auth-service $ cargo test-services --package auth-service
      test-services/auth-service is not cached: src/lib.rs has changed
    ✓ test-services/auth-service    1.24s  1 test
      test-services/user-service $ cargo test-services --package user-service
    ✓ test-services/user-service    1.24s  2 tests
    ::endgroup::
    ");
    // The lines of a stage that does not end, as in a run with a bug, are printed with the run.
    let mut cut = sample::Run::new(&[("test-services", Policy::Blocking, &["auth-service", "user-service"])]);
    cut.task("test-services", "auth-service", sample::tests(1, 0)).start("test-services", "user-service");
    assert_snapshot!(shown(&cut.over("bug", 70), verbose), @r"
      test-services/auth-service $ cargo test-services --package auth-service
    ✓ test-services/auth-service    1.24s  1 test
      test-services/user-service $ cargo test-services --package user-service
    ");
}

#[test]
fn quiet_shows_failures_only() {
    let quiet = Display { verbosity: Verbosity::Quiet, ..Display::default() };
    assert_eq!(shown(&sample::green(), quiet), "");
    let text = shown(&sample::every_outcome(), quiet);
    assert!(text.starts_with("✗ test-services/auth-service failed after 1.24s: 2 of 31 tests failed"), "{text}");
    assert_eq!(shown(&sample::green(), Display { github: true, ..quiet }), "");
}

#[test]
fn github_gets_groups_of_what_passed_and_annotations() {
    assert_snapshot!(shown(&sample::every_outcome(), Display { github: true, ..Display::default() }), @r"
    format-and-lint has started: 2 tasks
    ::warning file=services/auth-service/src/lib.rs,line=3,title=clippy%3A%3Aneedless_return::unneeded `return` statement
    ::group::✓ format-and-lint    2.31s  1 finding, 1 waived
    ✓ format-and-lint:fmt               1.24s
    ✓ format-and-lint:clippy            1.24s  1 finding, 1 waived
    ::endgroup::
    test-services has started: 3 tasks
    ::error file=services/auth-service/src/session.rs,line=12,col=9,title=session%3A%3Atests%3A%3Aexpires failed::thread 'session::tests::expires' panicked at services/auth-service/src/session.rs:12:9:%0Aassertion failed: x == 1
    ::error file=services/auth-service/src/session.rs,line=12,col=9,title=session%3A%3Atests%3A%3Arefuses_a_replay failed::thread 'session::tests::refuses_a_replay' panicked at services/auth-service/src/session.rs:12:9:%0Aassertion failed: x == 1
    ✗ test-services/auth-service failed after 1.24s: 2 of 31 tests failed
        session::tests::expires
          │ thread 'session::tests::expires' panicked at services/auth-service/src/session.rs:12:9:
          │ assertion failed: x == 1
          run again: cargo test --package auth-service --lib -- --exact session::tests::expires
        session::tests::refuses_a_replay
          │ thread 'session::tests::refuses_a_replay' panicked at services/auth-service/src/session.rs:12:9:
          │ assertion failed: x == 1
          run again: cargo test --package auth-service --lib -- --exact session::tests::refuses_a_replay
        log: target/xtask/runs/latest/logs/test-services.auth-service.log
        run again: cargo test-services --package auth-service
    ::error title=test-services/cart-service::test-services/cart-service timed out after 600s (limit: timeouts.test)
    ✗ test-services/cart-service timed out after 600s (limit: timeouts.test)
        │ the last line
        log: target/xtask/runs/latest/logs/test-services.cart-service.log
        run again: cargo test-services --package cart-service
    ✗ test-services    2.31s  failed: 2 of 3 tasks failed
    ! test-services/user-service        1.24s  flaky: passed at the second try, 12 tests
    code-coverage has started: 1 task
    ::group::✓ code-coverage    2.31s  61.20 %25 of lines, 50 %25 are needed
    ✓ code-coverage:workspace           1.24s  61.20 % of lines, 50 % are needed
    ::endgroup::
    security-audit has started: 2 tasks
    ::warning title=RUSTSEC-2023-0071::rsa 0.9.6: Marvin Attack: potential key recovery
    ! security-audit:audit failed after 1.24s: 1 advisory
        error RUSTSEC-2023-0071: Marvin Attack: potential key recovery (rsa 0.9.6)
        log: target/xtask/runs/latest/logs/security-audit+audit.log
        run again: cargo security-audit --package audit
    ! security-audit:deny could not run after 1.24s: cargo-deny ended without an answer
        │ the last line
        log: target/xtask/runs/latest/logs/security-audit+deny.log
        run again: cargo security-audit --package deny
    ::warning title=security-audit::security-audit could not run: cargo-deny ended without an answer
    ! security-audit    2.31s  could not run: cargo-deny ended without an answer
    dependency-check has started: 1 task
    ::group::✓ dependency-check    2.31s
    ✓ dependency-check:outdated         1.24s
    ::endgroup::
    integration-tests has started: 2 tasks
    ! integration-tests    2.31s  cancelled: a test failed before
    ! integration-tests/auth-service    1.24s  cancelled: a test failed before
    build-release has started: 1 task
    ::group::✓ build-release    2.31s  cached: passed with the same inputs in run 20260101-000000-9f9f
    ✓ build-release:workspace           1.24s  cached: passed with the same inputs in run 20260101-000000-9f9f
    ::endgroup::
    – build-and-push           skipped: test-services failed
    – quality-report           nothing to do: nothing to report
    ");
}

#[test]
fn a_failure_is_never_inside_a_group_and_every_group_is_closed() {
    let mut folded = false;
    for line in shown(&sample::every_outcome(), Display { github: true, ..Display::default() }).lines() {
        match line {
            "::endgroup::" => {
                assert!(folded);
                folded = false;
            }
            _ if line.starts_with("::group::") => {
                assert!(!folded && !line.contains('✗') && !line.contains("failed"), "{line}");
                folded = true;
            }
            _ => assert!(!folded || !line.contains('✗'), "{line}"),
        }
    }
    assert!(!folded);
}

#[test]
fn words_from_outside_are_no_commands() {
    let text = shown(&sample::hostile(), Display { github: true, ..Display::default() });
    for line in text.lines().filter(|line| line.trim_start().starts_with("::")) {
        // Our own annotations: text from outside is inside of them, escaped.
        assert!(line.starts_with("::error file=") || line.starts_with("::error title="), "{line}");
    }
    assert!(!text.contains("##[") && !text.contains('\u{1b}') && !text.contains('\r'), "{text}");
    assert!(text.contains("file=src/a%2Cb%3Ac%25.rs"), "{text}");
}

#[test]
fn commands_are_for_github_alone() {
    let text = shown(&sample::every_outcome(), Display::default());
    assert!(!text.contains("::group") && !text.contains("::error"), "{text}");
}

#[test]
fn a_task_that_seems_to_hang_is_said_at_once_also_for_github() {
    let mut run = sample::Run::new(&[("test-services", Policy::Blocking, &["compile"])]);
    run.stage("test-services").start("test-services", "compile");
    let task = || StageId::new("test-services").job("compile");
    run.push(Kind::TaskBlocked { task: task(), lock: "build directory".to_owned() });
    run.push(Kind::TaskSilent { task: task(), silent_ms: 60_000 });
    let events = run.over("passed", 0);
    let said = "test-services:compile waits for cargo's lock on the build directory: another cargo holds it, and this \
                task continues when that ends\ntest-services:compile has been running for 1m 00s without output\n";
    assert_eq!(shown(&events, Display::default()), said);
    let github = shown(&events, Display { github: true, ..Display::default() });
    assert_eq!(github, format!("test-services has started: 1 task\n{said}"));
    assert_eq!(shown(&events, Display { verbosity: Verbosity::Quiet, ..Display::default() }), "");
}
