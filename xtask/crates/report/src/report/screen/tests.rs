use super::super::display::Display;
use super::super::{Fold, sample};
use super::*;
use insta::assert_snapshot;
use xtask_core::event::Kind;
use xtask_core::outcome::{Outcome, Policy};

/// A run of so many tasks, one of which has ended.
fn moment(running: usize) -> Moment {
    let names: Vec<String> = (0..running).map(|i| format!("s{i:02}-service")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut run = sample::Run::new(&[("test-services", Policy::Blocking, &names)]);
    for name in &names {
        run.start("test-services", name);
    }
    run.output(
        "test-services",
        "s00-service",
        "test session::tests::a_name_that_is_long_enough_to_be_cut_at_80_columns ... ok",
    );
    run.finish("test-services", names[running - 1], sample::tests(1, 0));
    Fold::of(&run.so_far()).moment()
}

/// The screen of a moment, so many milliseconds after the run started.
fn drawn(moment: &Moment, elapsed_ms: u64, display: Display, (columns, height): (u16, u16)) -> String {
    Screen { style: display.style(), moment, elapsed_ms }.draw(columns, height)
}

#[test]
fn at_most_eight_rows_and_the_overall_line() {
    assert_snapshot!(drawn(&moment(12), 75_900, Display::default(), (80, 40)), @r"
    test-services/s00-service  1m 15s  test session::tests::a_name_that_is_long_…
    test-services/s01-service  1m 15s
    test-services/s02-service  1m 15s
    test-services/s03-service  1m 15s
    test-services/s04-service  1m 15s
    test-services/s05-service  1m 15s
    test-services/s06-service  1m 15s
    test-services/s07-service  1m 15s
    … and 3 more
    ━───────────────────  1/12 tasks · 11 running · 1m 15s
    ");
}

#[test]
fn a_small_terminal_gets_less() {
    let ascii = Display { unicode: false, ..Display::default() };
    assert_snapshot!(drawn(&moment(12), 7_450, ascii, (40, 6)), @r"
    test-services/s0...      7s  test ...
    test-services/s0...      7s
    test-services/s0...      7s
    ... and 8 more
    1/12 tasks, 11 running, 7s
    ");
}

#[test]
fn no_line_is_ever_wider_than_the_terminal() {
    for display in [Display::default(), Display { unicode: false, colour: true, ..Display::default() }] {
        let moment = moment(12);
        for columns in 11..200 {
            for line in drawn(&moment, 2_000, display, (columns, 24)).lines() {
                assert!(console::measure_text_width(line) < usize::from(columns), "{columns}: {line}");
            }
        }
        for height in 0..30 {
            assert!(drawn(&moment, 2_000, display, (80, height)).lines().count() <= usize::from(height).max(3));
        }
    }
}

#[test]
fn a_run_that_is_being_stopped_counts_as_its_summary_will() {
    let mut run = sample::Run::new(&[("lint", Policy::Blocking, &["fmt", "a", "b", "c"])]);
    run.task("lint", "fmt", xtask_core::reading::Reading::passed()).start("lint", "a").start("lint", "b");
    run.push(Kind::Stopping { because: "interrupted (Ctrl-C)".to_owned(), at_once: false });
    run.finish("lint", "a", xtask_core::reading::Reading::because(Outcome::Cancelled, "the run was stopped"));
    run.skip("lint", "c", "the run was stopped");
    let fold = Fold::of(&run.so_far());
    let text = drawn(&fold.moment(), 3_000, Display::default(), (50, 24));
    assert_eq!(text.lines().last(), Some("  1/4 tasks · stopping, 1 still running · 3s"));
    assert!(
        super::super::verdict::line(&fold.finish(), Display::default().style()).ends_with("1 of 4 tasks had ended")
    );
}

#[test]
fn the_parts_of_a_task_have_rows_until_they_are_done() {
    let mut run = sample::Run::new(&[("deploy-staging", Policy::Blocking, &["staging"])]);
    run.start("deploy-staging", "staging");
    let mut part = |part: &str, line: &str, done| {
        let (part, line) = (part.to_owned(), line.to_owned());
        run.push(Kind::TaskPart {
            task: xtask_core::ids::StageId::new("deploy-staging").job("staging"),
            part,
            line,
            done,
        });
    };
    part("auth-service", "0 of 2 pods are new", false);
    part("user-service", "1 of 2 pods are new", false);
    part("cdn-service", "done", true);
    part("auth-service", "1 of 2 pods are available", false);
    let moment = Fold::of(&run.so_far()).moment();
    assert_snapshot!(drawn(&moment, 500, Display::default(), (80, 40)), @r"
    deploy-staging:staging      0s
      auth-service  1 of 2 pods are available
      user-service  1 of 2 pods are new
    ────────────────────  0/1 task · 1 running · 0s
    ");
}
