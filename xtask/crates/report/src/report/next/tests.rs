use super::super::{Fold, sample};
use super::*;
use xtask_core::outcome::Policy::Blocking;
use xtask_core::reading::{Finding, Reading, Table};

/// The steps about a run of one stage with one task.
fn of(stage: &str, task: &str, reading: Reading) -> Vec<Step> {
    let mut run = sample::Run::new(&[(stage, Blocking, &[task])]);
    let outcome = reading.outcome;
    run.task(stage, task, reading).end(stage, Blocking, outcome, None);
    steps(&Fold::of(&run.over("failed", 1)).finish())
}

fn ended(outcome: Outcome, because: &str) -> Reading {
    Reading::because(outcome, because)
}

fn failed(because: &str) -> Reading {
    ended(Outcome::Failed, because)
}

#[track_caller]
fn case(stage: &str, task: &str, reading: Reading, kind: &str, what: &str, commands: &[&str]) {
    let steps = of(stage, task, reading);
    let [step] = &steps[..] else { panic!("one step, and not {steps:#?}") };
    assert_eq!((step.about.as_str(), step.kind), (sample::id(stage, task).as_str(), kind));
    assert!(step.what.contains(what), "{:?} lacks {what:?}", step.what);
    assert_eq!(step.commands, commands);
}

#[test]
fn every_kind_of_failure_has_its_advice() {
    case("format-and-lint", "fmt", failed("2 files"), "format", "format", &["cargo xtask fmt --fix"]);
    let lint = ["cargo xtask lint --fix", "cargo xtask lint"];
    let findings = vec![sample::finding(Severity::Error, "unneeded `return`")];
    let found = Reading { findings, ..failed("1 lint") };
    case("format-and-lint", "lint", found, "lint", "clippy", &lint);
    let script = failed("failed to run custom build command for `a v0.1.0`");
    let repeat = ["cargo format-and-lint --package lint"];
    case("format-and-lint", "lint", script, "compile", "make it compile", &repeat);
    let repeat = ["cargo build-release --package release"];
    case("build-release", "release", failed("1 error"), "compile", "make it compile", &repeat);
    let repeat = ["cargo build-and-push --package release"];
    case("build-and-push", "release", failed("1 error"), "compile", "make it compile", &repeat);
    let repeat = ["cargo build-and-push --package compile"];
    case("build-and-push", "compile", failed("in the container: x"), "compile", "make it compile", &repeat);
    case("own", "command", failed("exited with code 1"), "other", "log", &["cargo own --package command"]);
    let minimum = failed("line coverage 49.00 % is under the gate of 50 %").caused_by(Cause::BelowMinimum);
    case(
        "code-coverage",
        "report",
        minimum,
        "coverage",
        "lower workspace.metadata.xtask.coverage.minimum",
        &["cargo xtask coverage"],
    );
    let floor = failed("auth-service 49.00 % is under its floor of 80 %").caused_by(Cause::BelowFloor);
    let what = "auth-service 49.00 % is under its floor of 80 %: test more of it, or lower \
                workspace.metadata.xtask.coverage.floors";
    case("code-coverage", "report", floor, "coverage", what, &["cargo xtask coverage"]);
    let servers = ["cargo xtask doctor", "cargo xtask integration"];
    let gone = ended(Outcome::EnvironmentError, "there is no PostgreSQL");
    case("integration-tests", "server-postgres", gone, "servers", "DATABASE_URL", &servers);
    let died =
        ended(Outcome::EnvironmentError, "Redis died during the tests: exit code 1").caused_by(Cause::ServerDied);
    case("integration-tests", "a-service", died, "servers", "log", &["cargo integration-tests --package a-service"]);
    let slow = ended(Outcome::TimedOut, "it took longer than 30m");
    let key = "workspace.metadata.xtask.stages.own.timeout";
    case("own", "command", slow, "timed-out", key, &["cargo own --package command"]);
    let doctor = ["cargo xtask doctor", "cargo own --package command"];
    case("own", "command", ended(Outcome::EnvironmentError, "no `reuse`"), "environment", "missing", &doctor);
    let full = Reading::environment("no space left on the disk of target/x: failed to write");
    case("own", "command", full, "environment", "free space", &["cargo own --package command"]);
    let away =
        ended(Outcome::EnvironmentError, "advisories were not checked: no network").caused_by(Cause::NoAdvisories);
    let audit = ["cargo security-audit --package cargo-audit"];
    case("security-audit", "cargo-audit", away, "environment", "--advisory-db", &audit);
    let stopped = ended(Outcome::Cancelled, "the run was stopped");
    case("own", "command", stopped, "cancelled", "run it again", &["cargo xtask own"]);
    let notify = ended(Outcome::EnvironmentError, "tell Slack: the answer was 404");
    case("notify", "notify", notify, "notify", "address", &["cargo xtask notify"]);
}

#[test]
fn a_task_that_has_written_no_log_sends_nobody_to_it() {
    let tasks = [
        ("build-and-push", "a-service"),
        ("build-and-push", "push"),
        ("deploy-staging", "staging"),
        ("smoke-test", "staging"),
        ("own", "command"),
    ];
    for (stage, task) in tasks {
        for cause in [None, Some(Cause::RolledBack)] {
            let mut run = sample::Run::new(&[(stage, Blocking, &[task])]);
            run.task(stage, task, Reading { cause, ..failed("the reason") }).end(
                stage,
                Blocking,
                Outcome::Failed,
                None,
            );
            let mut events = run.over("failed", 1);
            for event in &mut events {
                if let xtask_core::event::Kind::TaskFinished { log, .. } = &mut event.kind {
                    *log = None;
                }
            }
            let steps = steps(&Fold::of(&events).finish());
            assert!(steps.len() == 1 && !steps[0].what.contains("its log"), "{steps:?}");
        }
    }
}

#[test]
fn a_stage_of_ones_own_may_be_called_like_another() {
    for stage in ["deploy-docs", "rollback-docs", "notify-by-mail", "smoke"] {
        let repeat = format!("cargo {stage} --package command");
        case(stage, "command", failed("exited with code 1"), "other", "see in its log", &[&repeat]);
    }
}

#[test]
fn a_record_of_an_earlier_program_is_read() {
    let event = sample::every_outcome()
        .into_iter()
        .find(|event| matches!(event.kind, xtask_core::event::Kind::TaskFinished { .. }));
    let mut value = serde_json::to_value(event.expect("a task ends")).expect("an event is JSON");
    for purpose in [None, Some("of-a-newer-program")] {
        value.as_object_mut().expect("an object").remove("purpose");
        if let Some(purpose) = purpose {
            value["purpose"] = purpose.into();
        }
        let event: xtask_core::event::Event = serde_json::from_value(value.clone()).expect("it is read");
        let (_, task) = TaskSummary::of(&event.kind).expect("it is the end of a task");
        assert_eq!(task.purpose, xtask_core::purpose::Purpose::Unknown);
    }
}

#[test]
fn failed_tests_that_are_only_counted_count() {
    let failed_tests = (0..4).map(|i| sample::failed_test(&format!("t{i}"))).collect();
    let reading = Reading { failed_tests, ..sample::tests(1, 600) };
    let mut run = sample::Run::new(&[("test-services", Blocking, &["auth-service"])]);
    run.task("test-services", "auth-service", reading).end("test-services", Blocking, Outcome::Failed, None);
    let summary = Fold::of(&run.over("failed", 1)).finish();
    assert!(steps(&summary)[0].what.ends_with("t3 and 596 more"), "{}", steps(&summary)[0].what);
}

#[test]
fn failed_tests_are_named_with_the_commands_that_repeat_them() {
    let reading = |n: usize| Reading {
        failed_tests: (0..n).map(|i| sample::failed_test(&format!("t{i}"))).collect(),
        ..sample::tests(1, n as u64)
    };
    let repeat = |n: usize| format!("cargo test --package auth-service --lib -- --exact t{n}");
    case("test-services", "auth-service", reading(1), "tests", "repair t0", &[&repeat(0)]);
    let all = "cargo test-services --package auth-service";
    let commands = [repeat(0), repeat(1), repeat(2), all.to_owned()];
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    case("test-services", "auth-service", reading(7), "tests", "repair t0, t1, t2, t3, t4 and 2 more", &commands);
    case(
        "test-services",
        "auth-service:doc",
        sample::tests(1, 1),
        "tests",
        "repair the tests",
        &["cargo test-services --package auth-service:doc"],
    );
}

#[test]
fn an_advisory_is_named_with_what_waives_it() {
    let advisory = |waived: Option<&str>, code: &str| Finding {
        tool: "cargo-audit".to_owned(),
        severity: Severity::Error,
        code: Some(code.to_owned()),
        message: "bad".to_owned(),
        file: None,
        line: None,
        column: None,
        end_line: None,
        end_column: None,
        package: Some("rsa 0.9.6".to_owned()),
        waived: waived.map(str::to_owned),
    };
    let findings = vec![advisory(Some("known"), "RUSTSEC-1"), advisory(None, "RUSTSEC-2")];
    let reading = Reading { findings, ..failed("1 vulnerability") };
    let what = "RUSTSEC-2 in rsa 0.9.6: update or replace the dependency, or accept it for a while with a waiver in \
                workspace.metadata.xtask.audit.waivers (id, reason, expires)";
    case("security-audit", "cargo-audit", reading, "audit", what, &["cargo xtask audit"]);
}

#[test]
fn images_and_registries_have_their_own_advice() {
    let image = ["cargo build-and-push --package auth-service"];
    let over = failed("keep the image of auth-service within its budget: it has 70.0 MiB, and 60.0 MiB are allowed")
        .caused_by(Cause::OverBudget);
    case("build-and-push", "auth-service", over, "image", "workspace.metadata.xtask.image.budget", &image);
    case("build-and-push", "auth-service", failed("it needs a loader"), "image", "log", &image);
    let push = ["cargo build-and-push --package auth-service:push"];
    let other = failed("push to r/a:sha-1: the tag exists with another digest");
    case("build-and-push", "auth-service:push", other, "push", "new commit", &push);
    let away = ended(Outcome::EnvironmentError, "log in to r");
    case(
        "build-and-push",
        "login",
        away,
        "registry",
        "XTASK_REGISTRY_PASSWORD",
        &["cargo build-and-push --package login"],
    );
}

#[test]
fn deployments_say_how_it_stands_before_they_say_what_to_type() {
    let [status, rollback] = ["status staging", "rollback staging"].map(|words| format!("cargo xtask {words}"));
    let [deploy_again, rollback_again] =
        ["deploy", "rollback"].map(|verb| format!("cargo {verb}-staging --package staging"));
    let back = failed("auth-service failed; the previous state is restored").caused_by(Cause::RolledBack);
    case("deploy-staging", "staging", back, "deploy", "is restored and verified", &[&status, &deploy_again]);
    let next = |rows: &[&str]| Table {
        title: TYPE_NEXT.to_owned(),
        columns: vec!["command".to_owned()],
        rows: rows.iter().map(|&row| vec![row.to_owned()]).collect(),
    };
    let broken = || failed("auth-service failed; manual intervention is needed").caused_by(Cause::NeedsHuman);
    let told = Reading { tables: vec![next(&["cargo xtask status x"])], ..broken() };
    case("deploy-staging", "staging", told, "deploy", "needs manual intervention", &["cargo xtask status x"]);
    case("deploy-staging", "staging", broken(), "deploy", "needs manual intervention", &[&status, &rollback]);
    let unready = ended(Outcome::EnvironmentError, "look for the namespace");
    case("rollback-staging", "staging", unready, "deploy", "why it failed", &[&status, &rollback_again]);
    let resume = [next(&["cargo xtask deploy staging --resume", &rollback])].to_vec();
    let stopped = Reading { tables: resume, ..ended(Outcome::Cancelled, "the run was stopped") };
    case(
        "deploy-staging",
        "staging",
        stopped,
        "cancelled",
        "resume it, or roll back",
        &["cargo xtask deploy staging --resume", &rollback],
    );
    let smoke = "cargo xtask smoke staging";
    case(
        "smoke-test",
        "staging",
        failed("2 problems in staging"),
        "smoke",
        "or roll back",
        &[&status, smoke, &rollback],
    );
    let gone = failed("2 problems in staging; the previous state is restored").caused_by(Cause::RolledBack);
    case("smoke-test", "staging", gone, "smoke", "the previous state is restored", &[&status, smoke]);
}

#[test]
fn a_stage_of_which_nothing_but_its_job_is_known_has_a_step() {
    let mut summary = Fold::of(&sample::green()).finish();
    summary.stages[1].outcome = Outcome::Failed;
    let steps = steps(&summary);
    assert_eq!((steps.len(), steps[0].about.as_str(), steps[0].kind), (1, "test-services", "job"));
    assert_eq!(steps[0].commands, ["cargo xtask test-services"]);
}

#[test]
fn what_went_well_and_what_only_follows_has_no_step() {
    assert_eq!(steps(&Fold::of(&sample::green()).finish()), []);
    let mut run = sample::Run::new(&[("own", Blocking, &["first", "second"])]);
    run.task("own", "first", ended(Outcome::EnvironmentError, "no `reuse`")).skip("own", "second", "");
    run.end("own", Blocking, Outcome::EnvironmentError, None);
    let mut summary = Fold::of(&run.over("environment-error", 3)).finish();
    summary.stages[0].tasks[1].outcome = Outcome::EnvironmentError;
    summary.stages[0].tasks[1].cause = Some(Cause::Need { id: "own/first".to_owned() });
    assert_eq!(steps(&summary).len(), 1);
}

#[test]
fn advice_goes_by_the_cause_and_never_by_the_words_of_the_reason() {
    let sentences = [
        "the path is under review, below its floor",
        "PostgreSQL died during the tests",
        "it is over the budget",
        "the previous state is restored, and manual intervention is needed",
        "needs `own/first`, which failed",
    ];
    for sentence in sentences {
        case("own", "command", failed(sentence), "other", "see in its log", &["cargo own --package command"]);
        let [status, again] = ["cargo xtask status staging", "cargo deploy-staging --package staging"];
        case("deploy-staging", "staging", failed(sentence), "deploy", "why it failed", &[status, again]);
    }
}
