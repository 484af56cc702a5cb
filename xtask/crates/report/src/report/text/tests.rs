use super::super::display::Display;
use super::super::{Fold, sample};
use super::*;
use insta::assert_snapshot;

const DIR: &str = "target/xtask/runs/latest";

fn shown(events: &[xtask_core::event::Event], display: Display) -> String {
    // An empty line sets it off from what the run has printed.
    let text = summary(&Fold::of(events).finish(), display, DIR);
    let quiet = display.verbosity == Verbosity::Quiet;
    assert_eq!(text.starts_with('\n'), !quiet, "{text:?}");
    text.trim_start_matches('\n').to_owned()
}

#[test]
fn a_green_run() {
    assert_snapshot!(shown(&sample::green(), Display::default()), @r"
    ✓ format-and-lint    2.31s
    ✓ test-services      2.31s  43 tests

    passed: 2 stages, 43 tests in 1m 12s
    ");
}

#[test]
fn every_outcome() {
    assert_snapshot!(shown(&sample::every_outcome(), Display::default()), @r"
    ✓ format-and-lint      2.31s  1 finding, 1 waived
    ✗ test-services        2.31s  failed: 2 of 3 tasks failed
    ✓ code-coverage        2.31s  61.20 % of lines, 50 % are needed
    ! security-audit       2.31s  could not run: cargo-deny ended without an answer
    ✓ dependency-check     2.31s
    ! integration-tests    2.31s  cancelled: a test failed before
    ✓ build-release        2.31s  cached: passed with the same inputs in run 20260101-000000-9f9f
    – build-and-push              skipped: test-services failed
    – quality-report              nothing to do: nothing to report

    What went wrong
      ✗ test-services/auth-service failed after 1.24s: 2 of 31 tests failed
          session::tests::expires
          session::tests::refuses_a_replay
          run again: cargo test-services --package auth-service
      ✗ test-services/cart-service timed out after 600s (limit: timeouts.test)
          run again: cargo test-services --package cart-service
      ! security-audit:audit failed after 1.24s: 1 advisory
          run again: cargo security-audit --package audit
      ! security-audit:deny could not run after 1.24s: cargo-deny ended without an answer
          run again: cargo security-audit --package deny
      report: target/xtask/runs/latest/report.md

    1 task of integration-tests skipped: test-services failed

    note: the registry was not asked
    warning: the previous run 20260101-000000-9f9f was interrupted in build-release:workspace; cleaned up: 1 process
    warning: the cache cannot be written to

    failed: test-services (2 tests in auth-service and 1 more task) · exit 1
    ");
}

#[test]
fn every_outcome_on_a_terminal_of_80_columns_in_ascii() {
    let display = Display { interactive: true, unicode: false, ..Display::default() };
    let text = shown(&sample::every_outcome(), display);
    let table: String = text.lines().take(9).collect::<Vec<_>>().join("\n");
    assert!(table.lines().all(|line| console::measure_text_width(line) <= 80), "{table}");
    assert!(text.is_ascii(), "{text}");
    assert_snapshot!(table, @r"
    + format-and-lint      2.31s  1 finding, 1 waived
    x test-services        2.31s  failed: 2 of 3 tasks failed
    + code-coverage        2.31s  61.20 % of lines, 50 % are needed
    ! security-audit       2.31s  could not run: cargo-deny ended without an answer
    + dependency-check     2.31s
    ! integration-tests    2.31s  cancelled: a test failed before
    + build-release        2.31s  cached: passed with the same inputs in run 2026...
    - build-and-push              skipped: test-services failed
    - quality-report              nothing to do: nothing to report
    ");
}

#[test]
fn a_stage_that_runs_alone_shows_its_tables() {
    let coverage = xtask_core::reading::Coverage {
        line_percent: 61.2,
        services: [("auth-service".to_owned(), 70.0), ("user-service".to_owned(), 41.25)].into(),
    };
    let rows = (0..42).map(|i| vec![format!("crate{i}"), "1.0.0".to_owned(), "x".repeat(90)]).collect();
    let outdated = xtask_core::reading::Table {
        title: "Outdated".to_owned(),
        columns: ["crate", "locked", "newest"].map(str::to_owned).into(),
        rows,
    };
    let mut run =
        sample::Run::new(&[("code-coverage", xtask_core::outcome::Policy::Blocking, &["a-service", "b-service"])]);
    let reading =
        xtask_core::reading::Reading { coverage: Some(coverage), tables: vec![outdated], ..sample::tests(3, 0) };
    run.task("code-coverage", "a-service", reading).task("code-coverage", "b-service", sample::tests(4, 0));
    run.end("code-coverage", xtask_core::outcome::Policy::Blocking, Outcome::Passed, None);
    let text = shown(&run.over("passed", 0), Display { interactive: true, ..Display::default() });
    let without_the_middle: Vec<&str> =
        text.lines().filter(|line| !line.starts_with("  crate") || line.contains("crate39")).collect();
    assert_snapshot!(without_the_middle.join("\n"), @r"
    Tests
      task                     tests
      code-coverage/a-service  3 tests
      code-coverage/b-service  4 tests

    Coverage
      service       lines
      all           61.20 %
      auth-service  70.00 %
      user-service  41.25 %

    Outdated
      crate39  1.0.0   xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
      … and 2 more rows

    ✓ code-coverage    2.31s  7 tests

    passed: 1 stage, 7 tests in 1m 12s
    ");
}

#[test]
fn quiet_is_the_verdict_alone() {
    let display = Display { verbosity: Verbosity::Quiet, ..Display::default() };
    assert_eq!(shown(&sample::green(), display), "passed: 2 stages, 43 tests in 1m 12s");
}

#[test]
fn colours_come_only_when_wanted_and_change_no_word() {
    let events = sample::every_outcome();
    let plain = shown(&events, Display::default());
    let colourful = shown(&events, Display { colour: true, ..Display::default() });
    assert!(!plain.contains('\u{1b}') && colourful.contains('\u{1b}'));
    assert_eq!(console::strip_ansi_codes(&colourful), plain);
}

#[test]
fn the_last_line_is_the_verdict_whatever_the_words_from_outside() {
    for events in [sample::green(), sample::every_outcome(), sample::hostile(), sample::many(1000)] {
        let summary = Fold::of(&events).finish();
        let text = super::summary(&summary, Display::default(), DIR);
        assert_eq!(text.lines().last(), Some(verdict::line(&summary, Display::default().style()).as_str()));
        assert!(!text.contains("\n::") && !text.contains("##[") && !text.contains('\r'), "{text}");
    }
}

#[test]
fn a_thousand_services_fit() {
    let text = shown(&sample::many(1000), Display::default());
    assert!(text.lines().count() < 20, "{text}");
    assert!(text.contains("s0999-service"));
}
