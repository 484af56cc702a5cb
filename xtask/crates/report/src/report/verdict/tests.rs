use super::super::display::Display;
use super::super::{Fold, sample};
use super::*;
use xtask_core::event::Kind;
use xtask_core::reading::Reading;

#[track_caller]
fn case(events: &[xtask_core::event::Event], expected: &str) {
    let summary = Fold::of(events).finish();
    assert_eq!(line(&summary, Display::default().style()), expected);
}

/// A run of one stage whose only task ended so.
fn one(outcome: Outcome, policy: Policy, verdict: &str, exit_code: u8) -> Vec<xtask_core::event::Event> {
    let mut run = sample::Run::new(&[("security-audit", policy, &["audit"])]);
    run.task("security-audit", "audit", Reading::because(outcome, "the reason"));
    run.end("security-audit", policy, outcome, Some("the reason"));
    run.over(verdict, exit_code)
}

#[test]
fn the_verdict_tells_what_ran_and_what_failed() {
    use Policy::{Blocking, Warning};
    case(&sample::green(), "passed: 2 stages, 43 tests in 1m 12s");
    case(&sample::every_outcome(), "failed: test-services (2 tests in auth-service and 1 more task) · exit 1");
    case(&sample::many(1000), "failed: test-services (1 of 1000 tasks failed) · exit 1");
    case(
        &one(Outcome::EnvironmentError, Blocking, "environment-error", 3),
        "could not run: security-audit (the reason) · exit 3",
    );
    case(&one(Outcome::TimedOut, Blocking, "timed-out", 5), "timed out: security-audit (the reason) · exit 5");
    case(&one(Outcome::Passed, Blocking, "passed", 0), "passed: 1 stage in 1m 12s");
    case(&one(Outcome::Cached, Blocking, "passed", 0), "passed: 1 stage from the cache in 1m 12s");
    case(
        &one(Outcome::Failed, Warning, "passed", 0),
        "warning: security-audit failed (the reason), which does not block",
    );
}

#[test]
fn passed_is_never_said_of_nothing() {
    for outcome in [Outcome::NothingToDo, Outcome::Skipped] {
        case(&one(outcome, Policy::Blocking, "passed", 0), "nothing to do: the reason");
        case(&one(outcome, Policy::Blocking, "nothing-to-do", 4), "nothing to do: the reason · exit 4");
    }
    case(&sample::Run::new(&[]).over("passed", 0), "nothing to do: no task has run");
}

#[test]
fn passed_is_never_said_with_a_code_that_says_otherwise() {
    case(&one(Outcome::Passed, Policy::Blocking, "passed", 1), "failed · exit 1");
    assert!(!is_good(&Fold::of(&one(Outcome::Passed, Policy::Blocking, "passed", 1)).finish()));
}

#[test]
fn an_interrupted_run_says_how_far_it_came() {
    let mut run = sample::Run::new(&[("test-services", Policy::Blocking, &["a-service", "b-service"])]);
    run.task("test-services", "a-service", sample::tests(1, 0)).start("test-services", "b-service");
    let killed = run.so_far();
    run.push(Kind::Stopping { because: "interrupted (Ctrl-C)".to_owned(), at_once: false });
    run.push(Kind::Stopping { because: "interrupted twice".to_owned(), at_once: true });
    case(&run.over("interrupted", 130), "interrupted (Ctrl-C) after 1m 12s: 1 of 2 tasks had ended · exit 130");
    case(&killed, "interrupted: the run was cut off after 0.30s: 1 of 2 tasks had ended");
}

#[test]
fn an_unfinished_run_has_no_verdict_yet() {
    let mut events = sample::green();
    events.pop();
    let summary = Fold::of(&events[..6]).so_far();
    assert_eq!(
        line(&summary, Display::default().style()),
        "running: nothing has failed so far, 1 stage ended, test-services not ended"
    );
}

#[test]
fn an_unknown_verdict_of_a_newer_record_is_told_as_it_is() {
    case(
        &one(Outcome::Failed, Policy::Blocking, "rolled-back", 7),
        "rolled-back: security-audit (the reason) · exit 7",
    );
}
