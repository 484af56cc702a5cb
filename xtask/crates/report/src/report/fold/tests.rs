mod random;

use super::super::sample;
use super::*;
use xtask_core::outcome::{Outcome, TestCounts};

#[test]
fn a_green_run_is_summed_up() {
    let summary = Fold::of(&sample::green()).finish();
    assert_eq!((summary.verdict.as_str(), summary.exit_code, summary.duration_ms), ("passed", Some(0), 72_400));
    assert_eq!(summary.tests, TestCounts { passed: 43, failed: 0, ignored: 0 });
    assert_eq!(summary.started, "2026-01-02T03:04:00.000Z");
    assert_eq!(summary.stages.len(), 2);
    assert_eq!(summary.stages[1].tasks.len(), 2);
}

#[test]
fn summary_json_has_the_keys_that_programs_read() {
    let summary = Fold::of(&sample::every_outcome()).finish();
    let json: serde_json::Value = serde_json::from_str(&summary.to_json()).expect("it is JSON");
    assert_eq!(json["version"], 1);
    let keys = |value: &serde_json::Value, keys: &[&str]| {
        for key in keys {
            assert!(value.get(key).is_some(), "{key} is missing in {value}");
        }
    };
    keys(&json, &["run", "event", "commit", "verdict", "exit_code", "started", "duration_ms", "stages"]);
    keys(&json, &["tests", "coverage", "images"]);
    let stage = &json["stages"][1];
    keys(stage, &["id", "policy", "outcome", "because", "duration_ms", "tasks"]);
    keys(&stage["tasks"][0], &["id", "service", "outcome", "exit_code", "duration_ms", "log"]);
    keys(&stage["tasks"][0]["tests"], &["passed", "failed", "ignored"]);
    assert_eq!(stage["tasks"][0]["log"], "logs/test-services.auth-service.log");
    assert_eq!(json["coverage"]["services"]["user-service"], 41.25);
    let read: Summary = serde_json::from_value(json).expect("it is read back");
    assert_eq!(read, summary);
}

#[test]
fn a_summary_of_a_newer_program_is_read() {
    let mut json: serde_json::Value =
        serde_json::from_str(&Fold::of(&sample::green()).finish().to_json()).expect("it is JSON");
    json["version"] = 2.into();
    json["colour"] = "blue".into();
    let read: Summary = serde_json::from_value(json).expect("unknown keys are passed over");
    assert_eq!(read.version, 2);
}

#[test]
fn a_run_cut_off_at_any_event_is_interrupted() {
    let events = sample::every_outcome();
    for end in 0..events.len() {
        let summary = Fold::of(&events[..end]).finish();
        assert_eq!((summary.verdict.as_str(), summary.exit_code), ("interrupted", None), "after {end} events");
    }
}

#[test]
fn a_killed_run_says_what_was_running_and_what_never_started() {
    let events = sample::green();
    let killed = events.iter().position(|e| matches!(e.kind, Kind::TaskOutput { .. })).expect("a task is running");
    let summary = Fold::of(&events[..=killed]).finish();
    let test = &summary.stages[1];
    assert_eq!((test.outcome, test.because.as_deref()), (Outcome::Cancelled, Some("the run was interrupted")));
    assert_eq!(test.tasks[0].id, sample::id("test-services", "auth-service"));
    assert_eq!(test.tasks[0].outcome, Outcome::Cancelled);
    let summary = Fold::of(&events[..1]).finish();
    assert!(summary.stages.iter().all(|stage| stage.outcome == Outcome::Skipped && stage.because.is_some()));
}

#[test]
fn a_report_in_the_middle_of_a_run_speaks_of_what_has_ended() {
    let events = sample::green();
    let middle = events.iter().position(|e| matches!(e.kind, Kind::TaskOutput { .. })).expect("a task is running");
    let summary = Fold::of(&events[..middle]).so_far();
    assert_eq!((summary.verdict.as_str(), summary.exit_code), ("running", None));
    assert_eq!(summary.stages.len(), 1);
    assert_eq!(summary.pending, [StageId::new("test-services")]);
    assert_eq!(Fold::of(&events).so_far(), Fold::of(&events).finish());
}

#[test]
fn a_record_without_its_start_is_summed_up_too() {
    let events = sample::every_outcome();
    let summary = Fold::of(&events[1..]).finish();
    assert_eq!(summary.verdict, "failed");
    assert_eq!(summary.stages.len(), 9);
}

#[test]
fn a_warning_is_kept_once() {
    let mut fold = Fold::of(&sample::every_outcome());
    fold.warn("the cache cannot be written to".to_owned());
    assert_eq!(
        fold.finish().warnings,
        [
            "the previous run 20260101-000000-9f9f was interrupted in build-release:workspace; cleaned up: 1 process",
            "the cache cannot be written to"
        ]
    );
}
