use super::super::{Fold, sample};
use super::*;
use xtask_core::event::Kind;
use xtask_core::outcome::Policy::{self, Blocking, Warning};
use xtask_core::reading::{Image, Reading};

/// A run of one stage about these services: each task with its reading.
fn run(start: &str, stage: &str, services: &[&str], tasks: &[(&str, Reading)]) -> Summary {
    run_with(Blocking, start, stage, services, tasks)
}

fn run_with(policy: Policy, start: &str, stage: &str, services: &[&str], tasks: &[(&str, Reading)]) -> Summary {
    let names: Vec<&str> = tasks.iter().map(|(name, _)| *name).collect();
    let mut run = sample::Run::new(&[(stage, policy, &names)]);
    for (name, reading) in tasks {
        run.task(stage, name, reading.clone());
    }
    let outcome = Outcome::of_parts(tasks.iter().map(|(_, reading)| reading.outcome)).expect("there are tasks");
    run.end(stage, policy, outcome, outcome.is_bad().then_some("it went wrong"));
    let mut events = run.over(if outcome.is_bad() { "failed" } else { "passed" }, u8::from(outcome.is_bad()));
    start.clone_into(&mut events[0].at);
    if let Kind::RunStarted { services: about, command, .. } = &mut events[0].kind {
        *about = services.iter().map(|&service| service.to_owned()).collect();
        *command = format!("cargo xtask {stage}");
    }
    Fold::of(&events).finish()
}

fn failed() -> Reading {
    Reading::because(Outcome::Failed, "it is wrong")
}

fn skipped() -> Reading {
    Reading::because(Outcome::Skipped, "needs `test-services:compile`, which failed")
}

const AT: [&str; 3] = ["2026-01-02T03:00:00.000Z", "2026-01-02T03:10:00.000Z", "2026-01-02T03:20:00.000Z"];

#[track_caller]
fn case(runs: &[Summary], stages: &[(&str, Outcome)], verdict: &str, code: u8) -> Summary {
    let merged = merge(runs).expect("there are runs");
    let found: Vec<(&str, Outcome)> = merged.stages.iter().map(|stage| (stage.id.as_str(), stage.outcome)).collect();
    assert_eq!(found, stages);
    assert_eq!((merged.verdict.as_str(), merged.exit_code), (verdict, Some(code)));
    merged
}

#[test]
fn jobs_become_one_story_in_the_pipelines_order() {
    let auth = || [("auth-service", sample::tests(3, 0))];
    let user = [("user-service", sample::tests(4, 1))];
    let runs = [
        run(AT[1], "test-services", &["user-service"], &user),
        run(AT[0], "format-and-lint", &["auth-service", "user-service"], &[("fmt", Reading::passed())]),
        run(AT[2], "test-services", &["auth-service"], &auth()),
        run_with(Warning, AT[2], "security-audit", &["auth-service"], &[("cargo-audit", failed())]),
        run(AT[2], "own", &["auth-service"], &[("command", Reading::passed())]),
    ];
    let merged = case(
        &runs,
        &[
            ("format-and-lint", Outcome::Passed),
            ("test-services", Outcome::Failed),
            ("security-audit", Outcome::Failed),
            ("own", Outcome::Passed),
        ],
        "failed",
        1,
    );
    assert_eq!((merged.tests.passed, merged.tests.failed), (7, 1));
    assert_eq!(merged.services, ["auth-service", "user-service"]);
    assert_eq!((merged.started.as_str(), merged.duration_ms), (AT[0], 20 * 60_000 + 72_400));
    assert_eq!(merged.command, "cargo xtask test-services and 4 more runs");
    assert_eq!(merged.stages[1].because.as_deref(), Some("it went wrong"));
}

#[test]
fn a_later_run_of_the_same_service_outweighs_an_earlier_one() {
    let both = [("auth-service", failed()), ("user-service", Reading::passed())];
    let runs = [
        run(AT[0], "test-services", &["auth-service", "user-service"], &both),
        run(AT[1], "test-services", &["auth-service"], &[("auth-service", Reading::passed())]),
    ];
    let merged = case(&runs, &[("test-services", Outcome::Passed)], "passed", 0);
    assert_eq!(merged.stages[0].tasks.len(), 2);
    let turned = [runs[1].clone(), runs[0].clone()];
    case(&turned, &[("test-services", Outcome::Failed)], "failed", 1);
}

#[test]
fn what_was_skipped_outweighs_nothing() {
    let runs = [
        run(AT[0], "test-services", &["auth-service"], &[("auth-service", failed())]),
        run(AT[1], "test-services", &["auth-service"], &[("auth-service", skipped())]),
    ];
    case(&runs, &[("test-services", Outcome::Failed)], "failed", 1);
}

#[test]
fn a_task_about_the_workspace_is_outweighed_only_by_the_same_services() {
    let broken = [("compile", failed()), ("auth-service", skipped())];
    let good = |service: &'static str| [("compile", Reading::passed()), (service, sample::tests(1, 0))];
    let auth = run(AT[0], "test-services", &["auth-service"], &broken);
    let user = run(AT[1], "test-services", &["user-service"], &good("user-service"));
    // The compile of another job, which has the same name, is another compile.
    case(&[auth.clone(), user.clone()], &[("test-services", Outcome::Failed)], "failed", 1);
    let again = run(AT[2], "test-services", &["auth-service"], &good("auth-service"));
    case(&[auth, user.clone(), again.clone()], &[("test-services", Outcome::Passed)], "passed", 0);
    // All services at once, and then each in a job of its own.
    let all = run(AT[0], "test-services", &["auth-service", "user-service"], &broken);
    case(&[all, user, again], &[("test-services", Outcome::Passed)], "passed", 0);
}

#[test]
fn coverage_and_images_are_joined_and_the_newest_of_each_counts() {
    let measured = |percent: f64, services: &[(&str, f64)]| Coverage {
        line_percent: percent,
        services: services.iter().map(|(name, percent)| ((*name).to_owned(), *percent)).collect(),
    };
    let image = |service: &str, digest: &str| Image {
        service: service.to_owned(),
        digest: digest.to_owned(),
        ..Image::default()
    };
    let mut one = run(AT[0], "code-coverage", &["a", "b"], &[("report", Reading::passed())]);
    let mut other = run(AT[1], "build-and-push", &["a"], &[("a", Reading::passed())]);
    one.coverage = Some(measured(50.0, &[("a", 40.0), ("b", 60.0)]));
    other.coverage = Some(measured(45.0, &[("a", 45.0)]));
    one.images = vec![image("b", "sha256:1"), image("a", "sha256:1")];
    other.images = vec![image("a", "sha256:2")];
    let merged = merge(&[one, other]).expect("there are runs");
    assert_eq!(merged.coverage, Some(measured(50.0, &[("a", 45.0), ("b", 60.0)])));
    assert_eq!(merged.images, [image("a", "sha256:2"), image("b", "sha256:1")]);
}

#[test]
fn one_run_stays_as_it_is_and_none_is_none() {
    let run = Fold::of(&sample::every_outcome()).finish();
    assert_eq!(merge(std::slice::from_ref(&run)), Some(run));
    assert_eq!(merge(&[]), None);
}

#[test]
fn while_something_has_not_ended_only_red_is_certain() {
    let mut summary = run(AT[0], "test-services", &["a"], &[("a", Reading::passed())]);
    summary.pending = vec![StageId::new("own")];
    judge(&mut summary, |id| id.as_str() == "own");
    assert_eq!((summary.verdict.as_str(), summary.exit_code), ("running", None));
    judge(&mut summary, |_| false);
    assert_eq!((summary.verdict.as_str(), summary.exit_code), ("passed", Some(0)));
    summary.stages[0].outcome = Outcome::TimedOut;
    judge(&mut summary, |_| true);
    assert_eq!((summary.verdict.as_str(), summary.exit_code), ("timed-out", Some(5)));
}
