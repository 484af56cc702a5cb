use super::super::display::Display;
use super::super::sample;
use super::*;
use crate::outcome::Policy;
use insta::assert_snapshot;

fn screen(running: usize, display: Display) -> (Screen, Instant) {
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
    let start = Instant::now();
    let mut screen = Screen::new(display.style(), start);
    for event in run.so_far() {
        screen.on(&event, start);
    }
    (screen, start)
}

#[test]
fn at_most_eight_rows_and_the_overall_line() {
    let (screen, start) = screen(12, Display::default());
    assert_snapshot!(screen.draw(start + Duration::from_secs(75), 80, 40), @r"
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
    let (screen, start) = screen(12, Display { unicode: false, ..Display::default() });
    assert_snapshot!(screen.draw(start + Duration::from_secs(7), 40, 6), @r"
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
        let (screen, start) = screen(12, display);
        for columns in 11..200 {
            for line in screen.draw(start, columns, 24).lines() {
                assert!(console::measure_text_width(line) < usize::from(columns), "{columns}: {line}");
            }
        }
        for height in 0..30 {
            assert!(screen.draw(start, 80, height).lines().count() <= usize::from(height).max(3));
        }
    }
}

#[test]
fn a_stopping_run_says_so() {
    let (mut screen, start) = screen(2, Display::default());
    let mut run = sample::Run::new(&[]);
    run.push(Kind::Stopping { because: "interrupted (Ctrl-C)".to_owned(), at_once: false });
    screen.on(run.so_far().last().expect("there is one"), start);
    assert!(screen.draw(start, 80, 24).contains("stopping"));
}

#[test]
fn the_parts_of_a_task_have_rows_until_they_are_done() {
    let mut run = sample::Run::new(&[("deploy-staging", Policy::Blocking, &["staging"])]);
    run.start("deploy-staging", "staging");
    let mut part = |part: &str, line: &str, done| {
        let (part, line) = (part.to_owned(), line.to_owned());
        run.push(Kind::TaskPart { task: crate::ids::StageId::new("deploy-staging").job("staging"), part, line, done });
    };
    part("auth-service", "0 of 2 pods are new", false);
    part("user-service", "1 of 2 pods are new", false);
    part("cdn-service", "done", true);
    part("auth-service", "1 of 2 pods are available", false);
    let start = Instant::now();
    let mut screen = Screen::new(Display::default().style(), start);
    for event in run.so_far() {
        screen.on(&event, start);
    }
    assert_snapshot!(screen.draw(start, 80, 40), @r"
    deploy-staging:staging      0s
      auth-service  1 of 2 pods are available
      user-service  1 of 2 pods are new
    ────────────────────  0/1 task · 1 running · 0s
    ");
}
