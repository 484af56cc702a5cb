use super::super::{Fanout, sample};
use super::*;
use indicatif::InMemoryTerm;
use insta::assert_snapshot;
use xtask_core::outcome::{Outcome, Policy};

/// stderr and the bars are one terminal, as in life.
struct Tty(InMemoryTerm);

impl io::Write for Tty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes).replace('\n', "\r\n");
        self.0.write_str(&text)?;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn progress(height: u16, columns: u16) -> (Progress, InMemoryTerm) {
    let terminal = InMemoryTerm::new(height, columns);
    let printer = Printer::to(Box::new(io::sink()), Box::new(Tty(terminal.clone())), false);
    let display = Display { interactive: true, columns, ..Display::default() };
    let size = Arc::new(move || (columns, height));
    (Progress::on_terminal(display, printer, "target/xtask/runs/latest", terminal.clone(), size), terminal)
}

/// The screen after the bar has been drawn in this state.
fn drawn(progress: &Progress, terminal: &InMemoryTerm) -> String {
    progress.bar.force_draw();
    terminal.contents()
}

fn show(progress: &Progress, events: &[Event]) {
    let mut fold = Fold::default();
    for event in events {
        fold.on(event);
        progress.on(&fold, event).expect("the display does not fail");
    }
}

fn running() -> sample::Run {
    let mut run = sample::Run::new(&[
        ("format-and-lint", Policy::Blocking, &["fmt"]),
        ("test-services", Policy::Blocking, &["auth-service", "user-service"]),
    ]);
    run.stage("format-and-lint").task("format-and-lint", "fmt", xtask_core::reading::Reading::passed());
    run.end("format-and-lint", Policy::Blocking, Outcome::Passed, None);
    run.stage("test-services").start("test-services", "auth-service").start("test-services", "user-service");
    run.output("test-services", "user-service", "test users::tests::an_address_is_checked ... ok");
    run
}

#[test]
fn rows_at_the_bottom_ended_stages_and_failures_above() {
    let (progress, terminal) = progress(30, 80);
    let mut run = running();
    let failed_tests = vec![sample::failed_test("session::tests::expires")];
    let reading = xtask_core::reading::Reading { failed_tests, ..sample::tests(30, 1) };
    run.finish("test-services", "auth-service", reading);
    // The clocks show real time since the last event: a whole second is left for drawing.
    let events: Vec<Event> = run.so_far().into_iter().map(|event| Event { elapsed_ms: 0, ..event }).collect();
    show(&progress, &events);
    assert_snapshot!(drawn(&progress, &terminal), @r"
    ✓ format-and-lint    2.31s
    ✗ test-services/auth-service failed after 1.24s: 1 of 31 tests failed
        session::tests::expires
          │ thread 'session::tests::expires' panicked at services/auth-service/src/s
    ession.rs:12:9:
          │ assertion failed: x == 1
          run again: cargo test --package auth-service --lib -- --exact session::tes
    ts::expires
        log: target/xtask/runs/latest/logs/test-services.auth-service.log
        run again: cargo test-services --package auth-service
      test-services/user-service      0s  test users::tests::an_address_is_checked…
      ━━━━━━━━━━━━━───────  2/3 tasks · 1 running · 0s
    ");
}

#[test]
fn nothing_is_left_on_the_screen_at_the_end() {
    let (progress, terminal) = progress(60, 80);
    let mut fanout = Fanout::new(vec![Box::new(progress)]);
    for event in sample::green() {
        fanout.on(&event);
    }
    fanout.close();
    assert_eq!(terminal.contents(), "✓ format-and-lint    2.31s\n✓ test-services      2.31s  43 tests");
}

#[test]
fn a_run_that_ends_without_a_word_leaves_a_clean_screen() {
    let (progress, terminal) = progress(30, 80);
    show(&progress, &running().so_far());
    assert!(drawn(&progress, &terminal).contains("2 running"));
    drop(progress);
    assert_eq!(terminal.contents(), "✓ format-and-lint    2.31s");
}

#[test]
fn ctrl_c_once_and_twice_leaves_a_clean_screen() {
    let (progress, terminal) = progress(30, 80);
    let bar = progress.bar.clone();
    let mut run = running();
    let mut fanout = Fanout::new(vec![Box::new(progress)]);
    let mut seen = 0;
    let mut show = |run: &sample::Run| {
        let events = run.so_far();
        events[seen..].iter().for_each(|event| fanout.on(event));
        seen = events.len();
    };
    show(&run);
    for at_once in [false, true] {
        bar.force_draw();
        // The terminal's echo at the position of the cursor.
        terminal.write_str("^C").expect("memory is a terminal");
        run.push(Kind::Stopping { because: "interrupted (Ctrl-C)".to_owned(), at_once });
        show(&run);
    }
    run.over("interrupted", 130);
    show(&run);
    assert_snapshot!(terminal.contents(), @r"
    ✓ format-and-lint    2.31s
    interrupted (Ctrl-C): stopping all tasks; once more kills them at once
    interrupted (Ctrl-C): killing the remaining tasks
    ");
}

#[test]
fn more_events_than_the_screen_has_lines_scroll_and_leave_no_row_behind() {
    let (progress, terminal) = progress(12, 80);
    let mut fanout = Fanout::new(vec![Box::new(progress)]);
    for event in sample::every_outcome() {
        fanout.on(&event);
    }
    fanout.close();
    let text = terminal.contents();
    assert!(!text.contains("running") && !text.contains("tasks ·"), "{text}");
    assert_eq!(text.lines().last(), Some("– quality-report              nothing to do: nothing to report"), "{text}");
}
