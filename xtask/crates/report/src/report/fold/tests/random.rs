//! What holds for the fold of any run, in whatever order its tasks start, print and end, and wherever it is cut.

use super::super::super::display::Display;
use super::super::super::record::{self, Recorder};
use super::super::super::screen::Screen;
use super::super::super::{Subscriber as _, sample};
use super::super::*;
use proptest::prelude::*;
use xtask_core::outcome::Outcome;
use xtask_core::reading::{Coverage, Finding, Severity};

const STAGES: [(&str, Policy, &[&str]); 3] = [
    ("format-and-lint", Policy::Blocking, &["fmt", "lint"]),
    ("test-services", Policy::Blocking, &["auth-service", "user-service", "auth-service:doc"]),
    ("build-and-push", Policy::Info, &["auth-service", "user-service"]),
];

/// Plays a run in which each number decides what happens next. It ends as a run does, unless it was `killed`.
fn run(choices: &[u16], killed: bool) -> Vec<Event> {
    let mut run = sample::Run::new(&STAGES);
    let mut waiting: Vec<(&str, &str)> =
        STAGES.iter().flat_map(|(stage, _, tasks)| tasks.iter().map(move |task| (*stage, *task))).collect();
    let mut running: Vec<(&str, &str)> = Vec::new();
    for choice in choices {
        let n = usize::from(choice / 16);
        match choice % 16 {
            0..4 if !waiting.is_empty() => {
                let (stage, task) = waiting.remove(n % waiting.len());
                run.stage(stage).start(stage, task);
                running.push((stage, task));
            }
            4 if !waiting.is_empty() => {
                let (stage, task) = waiting.remove(n % waiting.len());
                run.skip(stage, task, "it is not needed");
            }
            5..8 if !running.is_empty() => {
                let (stage, task) = running.remove(n % running.len());
                run.finish(stage, task, reading(task, n));
                if waiting.iter().chain(&running).all(|(other, _)| *other != stage) {
                    run.end(stage, Policy::Blocking, Outcome::Failed, Some("it says so"));
                }
            }
            8..11 if !running.is_empty() => {
                let (stage, task) = running[n % running.len()];
                run.output(stage, task, ["", "a line", " \u{1b}[1m \"quoted\" "][n % 3]);
            }
            other => beside(&mut run, other, n, &running),
        }
    }
    if killed { run.so_far() } else { run.over("failed", 1) }
}

/// Something that changes no count.
fn beside(run: &mut sample::Run, what: u16, n: usize, running: &[(&str, &str)]) {
    let task =
        running.get(n % running.len().max(1)).map(|(stage, task)| (StageId::new(stage), sample::id(stage, task)));
    match (what, task) {
        (11, Some((_, task))) => {
            let (part, line) = (format!("part {}", n % 2), format!("state {n}"));
            run.push(Kind::TaskPart { task, part, line, done: n.is_multiple_of(3) });
        }
        (12, Some((stage, task))) => {
            run.push(Kind::TaskNotCached { task, stage, because: "a file has changed".to_owned() });
        }
        (13, Some((_, task))) => {
            run.push(Kind::TaskSilent { task, silent_ms: 60_000 });
        }
        (14, _) => {
            run.push(Kind::Warning { message: format!("warning {}", n % 2) });
        }
        (15, _) if n.is_multiple_of(4) => {
            run.push(Kind::Stopping { because: "interrupted (Ctrl-C)".to_owned(), at_once: n.is_multiple_of(8) });
        }
        _ => {}
    }
}

fn reading(task: &str, n: usize) -> Reading {
    let service = task.split(':').next().unwrap_or_default().to_owned();
    match n % 6 {
        0 => sample::tests(3, 0),
        1 => Reading { failed_tests: vec![sample::failed_test("a::b")], ..sample::tests(3, 1) },
        2 => Reading {
            findings: vec![Finding { waived: Some("known".to_owned()), ..sample::finding(Severity::Error, "x") }],
            ..Reading::because(Outcome::EnvironmentError, "no tool")
        },
        3 => Reading {
            coverage: Some(Coverage { line_percent: 61.25, services: [(service, 50.0)].into() }),
            ..Reading::passed()
        },
        4 => Reading {
            image: Some(Image { service, digest: format!("sha256:{n}"), ..Image::default() }),
            ..Reading::passed()
        },
        _ => Reading::because(Outcome::Cancelled, "the run was stopped"),
    }
}

fn is_output(event: &Event) -> bool {
    matches!(event.kind, Kind::TaskOutput { .. })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_record_that_is_read_back_folds_to_the_same_wherever_it_is_cut(
        choices in prop::collection::vec(any::<u16>(), 0..60),
        killed in any::<bool>(),
    ) {
        let events = run(&choices, killed);
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join(record::FILE);
        let recorder = Recorder::create(&path).expect("the directory can be written to");
        // Lines of output are not recorded: `quiet` is the run without them.
        let (mut live, mut quiet) = (Fold::default(), Fold::default());
        for event in &events {
            live.on(event);
            recorder.on(&live, event).expect("the disk has room");
            if is_output(event) {
                continue;
            }
            quiet.on(event);
            let read = record::read(&path).expect("it is there");
            prop_assert_eq!(&read.fold, &quiet);
            prop_assert_eq!(read.fold.finish(), live.finish());
            prop_assert_eq!(read.fold.so_far(), live.so_far());
        }
        if !killed {
            let without_rows = |fold: &Fold| Fold { running: Vec::new(), ..fold.clone() };
            prop_assert_eq!(without_rows(&live), without_rows(&quiet));
        }
    }

    #[test]
    fn after_each_event_the_display_shows_the_counts_of_the_summary(
        choices in prop::collection::vec(any::<u16>(), 0..100),
    ) {
        let mut fold = Fold::default();
        for event in &run(&choices, false) {
            fold.on(event);
            let (moment, summary, killed) = (fold.moment(), fold.so_far(), fold.finish());
            let Counts { done, running, total } = summary.counts;
            prop_assert_eq!(killed.counts, summary.counts);
            let screen = Screen { style: Display::default().style(), moment: &moment, elapsed_ms: moment.elapsed_ms };
            let drawn = screen.draw(50, 40);
            let overall = drawn.lines().last().unwrap_or_default();
            let word = if summary.interrupted.is_some() { "stopping, " } else { "" };
            let expected = format!("{done}/{total} tasks · {word}{running} ");
            prop_assert!(overall.trim_start().starts_with(&expected), "{}, not {}", overall, expected);

            let rows: Vec<&TaskId> = fold.running().map(|row| &row.task).collect();
            prop_assert_eq!(rows.len(), running);
            let ended: usize = fold.stages().iter().map(|stage| stage.ended.len()).sum();
            prop_assert!(done == ended || summary.interrupted.is_some() && done < ended);
            // What a summary of this moment calls unfinished is what the display shows as running.
            prop_assert_eq!(killed.tasks().count(), ended + rows.len());
            prop_assert!(rows.iter().all(|row| killed.tasks().any(|(_, task)| task.id == **row)));
        }
    }
}
