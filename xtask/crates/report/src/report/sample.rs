//! Canned runs for the tests of this module: a builder of events, and a few runs that many tests look at.

use xtask_core::command::Stream;
use xtask_core::event::{Counts, Event, Kind, PlannedStage, RECORD_VERSION};
use xtask_core::ids::{StageId, TaskId};
use xtask_core::outcome::{Outcome, Policy, TestCounts};
use xtask_core::purpose::Purpose;
use xtask_core::reading::{Binary, Coverage, FailedTest, Finding, Reading, Severity, Table};

/// A run in the making. Each event comes 100 ms after the one before it.
pub(crate) struct Run {
    events: Vec<Event>,
    counts: Counts,
}

impl Run {
    /// A run of these stages: id, policy and the tasks' names.
    pub(crate) fn new(stages: &[(&str, Policy, &[&str])]) -> Self {
        let planned: Vec<PlannedStage> = stages
            .iter()
            .map(|(id, policy, tasks)| PlannedStage {
                id: StageId::new(id),
                subcommand: (*id).to_owned(),
                policy: *policy,
                tasks: tasks.iter().map(|task| self::id(id, task)).collect(),
            })
            .collect();
        let total = planned.iter().map(|stage| stage.tasks.len()).sum();
        let mut run = Self { events: Vec::new(), counts: Counts { total, ..Counts::default() } };
        run.push(Kind::RunStarted {
            version: RECORD_VERSION,
            run: "20260102-030405-1a2b".to_owned(),
            command: "cargo xtask ci".to_owned(),
            cause: "pull-request".to_owned(),
            commit: Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
            slots: 6,
            services: vec!["auth-service".to_owned(), "user-service".to_owned()],
            stages: planned,
        });
        run
    }

    pub(crate) fn push(&mut self, kind: Kind) -> &mut Self {
        let elapsed_ms = 100 * self.events.len() as u64;
        let at = format!("2026-01-02T03:04:{:02}.{:03}Z", elapsed_ms / 1000 % 60, elapsed_ms % 1000);
        self.events.push(Event { at, elapsed_ms, counts: self.counts, kind });
        self
    }

    pub(crate) fn stage(&mut self, stage: &str) -> &mut Self {
        self.push(Kind::StageStarted { stage: StageId::new(stage) })
    }

    pub(crate) fn start(&mut self, stage: &str, task: &str) -> &mut Self {
        self.counts.running += 1;
        self.push(Kind::TaskStarted {
            task: id(stage, task),
            stage: StageId::new(stage),
            service: service(task),
            command: format!("cargo {stage} --package {task}"),
        })
    }

    pub(crate) fn output(&mut self, stage: &str, task: &str, line: &str) -> &mut Self {
        self.push(Kind::TaskOutput { task: id(stage, task), stream: Stream::Stdout, line: line.to_owned() })
    }

    /// Ends a task that has started; its time is 1.24 s.
    pub(crate) fn finish(&mut self, stage: &str, task: &str, reading: Reading) -> &mut Self {
        self.counts.running -= 1;
        self.counts.done += 1;
        let bad = reading.outcome.is_bad();
        self.push(Kind::TaskFinished {
            task: id(stage, task),
            stage: StageId::new(stage),
            purpose: purpose(stage, task),
            service: service(task),
            exit_code: Some(i32::from(bad)),
            duration_ms: 1240,
            log: Some(format!("logs/{}", id(stage, task).log_file())),
            reading: Box::new(reading),
            tail: if bad { vec!["the last line".to_owned()] } else { Vec::new() },
            repeat: format!("cargo {stage} --package {task}"),
        })
    }

    /// Skips a task that never started.
    pub(crate) fn skip(&mut self, stage: &str, task: &str, why: &str) -> &mut Self {
        self.counts.done += 1;
        self.push(Kind::TaskFinished {
            task: id(stage, task),
            stage: StageId::new(stage),
            purpose: purpose(stage, task),
            service: service(task),
            exit_code: None,
            duration_ms: 0,
            log: None,
            reading: Box::new(Reading::because(Outcome::Skipped, why)),
            tail: Vec::new(),
            repeat: String::new(),
        })
    }

    /// Starts and ends a task.
    pub(crate) fn task(&mut self, stage: &str, task: &str, reading: Reading) -> &mut Self {
        self.start(stage, task).finish(stage, task, reading)
    }

    pub(crate) fn end(&mut self, stage: &str, policy: Policy, outcome: Outcome, because: Option<&str>) -> &mut Self {
        let duration_ms = if matches!(outcome, Outcome::Skipped | Outcome::NothingToDo) { 0 } else { 2310 };
        let because = because.map(str::to_owned);
        self.push(Kind::StageFinished {
            stage: StageId::new(stage),
            policy,
            outcome,
            because,
            cause: None,
            duration_ms,
        })
    }

    pub(crate) fn over(&mut self, verdict: &str, exit_code: u8) -> Vec<Event> {
        self.push(Kind::RunFinished { verdict: verdict.to_owned(), exit_code, duration_ms: 72_400 });
        self.events.clone()
    }

    pub(crate) fn so_far(&self) -> Vec<Event> {
        self.events.clone()
    }
}

/// The purposes of the canned tasks.
fn purpose(stage: &str, task: &str) -> Purpose {
    match (stage, task.rsplit(':').next().unwrap_or_default()) {
        ("format-and-lint", "fmt") => Purpose::Format,
        ("format-and-lint", _) => Purpose::Lint,
        (_, servers) if servers.starts_with("server-") => Purpose::Servers,
        ("test-services" | "integration-tests", _) => Purpose::Tests,
        ("code-coverage", _) => Purpose::Coverage,
        ("security-audit", _) => Purpose::Audit,
        ("build-release", _) | ("build-and-push", "release" | "compile") => Purpose::Compile,
        ("build-and-push", "login") => Purpose::LogIn,
        ("build-and-push", "push") => Purpose::Push,
        ("build-and-push", _) => Purpose::Image,
        ("deploy-staging" | "rollback-staging", _) => Purpose::Deploy,
        ("smoke-test", _) => Purpose::Smoke,
        ("notify", _) => Purpose::Notify,
        _ => Purpose::Command,
    }
}

fn service(task: &str) -> Option<String> {
    let (package, _) = task.split_once(':').unwrap_or((task, ""));
    package.ends_with("-service").then(|| package.to_owned())
}

pub(crate) fn tests(passed: u64, failed: u64) -> Reading {
    let tests = Some(TestCounts { passed, failed, ignored: 0 });
    if failed == 0 {
        return Reading { tests, ..Reading::passed() };
    }
    let why = format!("{failed} of {} tests failed", passed + failed);
    Reading { tests, ..Reading::because(Outcome::Failed, why) }
}

pub(crate) fn failed_test(name: &str) -> FailedTest {
    FailedTest {
        name: name.to_owned(),
        output: format!(
            "thread '{name}' panicked at services/auth-service/src/session.rs:12:9:\nassertion failed: x == 1"
        ),
        repeat: format!("cargo test --package auth-service --lib -- --exact {name}"),
    }
}

pub(crate) fn finding(severity: Severity, message: &str) -> Finding {
    Finding {
        tool: "clippy".to_owned(),
        severity,
        code: Some("clippy::needless_return".to_owned()),
        message: message.to_owned(),
        file: Some("services/auth-service/src/lib.rs".to_owned()),
        line: Some(3),
        column: None,
        end_line: None,
        end_column: None,
        package: None,
        waived: None,
    }
}

/// A run in which everything is good.
pub(crate) fn green() -> Vec<Event> {
    use Policy::Blocking;
    let mut run = Run::new(&[
        ("format-and-lint", Blocking, &["fmt"]),
        ("test-services", Blocking, &["auth-service", "user-service"]),
    ]);
    run.stage("format-and-lint").task("format-and-lint", "fmt", Reading::passed());
    run.end("format-and-lint", Blocking, Outcome::Passed, None);
    run.stage("test-services").start("test-services", "auth-service");
    run.output("test-services", "auth-service", "test session::tests::expires ... ok");
    run.finish("test-services", "auth-service", tests(31, 0)).task("test-services", "user-service", tests(12, 0));
    run.end("test-services", Blocking, Outcome::Passed, None);
    run.over("passed", 0)
}

/// A run in which every outcome occurs.
pub(crate) fn every_outcome() -> Vec<Event> {
    use Policy::{Blocking, Info, Reporting, Warning};
    let mut run = Run::new(&[
        ("format-and-lint", Blocking, &["fmt", "clippy"]),
        ("test-services", Blocking, &["auth-service", "user-service", "cart-service"]),
        ("code-coverage", Blocking, &["workspace"]),
        ("security-audit", Warning, &["audit", "deny"]),
        ("dependency-check", Info, &["outdated"]),
        ("integration-tests", Blocking, &["auth-service", "user-service"]),
        ("build-release", Blocking, &["workspace"]),
        ("build-and-push", Blocking, &["auth-service"]),
        ("quality-report", Reporting, &["report"]),
    ]);
    run.stage("format-and-lint").task("format-and-lint", "fmt", Reading::passed());
    let lint = finding(Severity::Warning, "unneeded `return` statement");
    let waived = Finding { waived: Some("known".to_owned()), ..lint.clone() };
    run.task("format-and-lint", "clippy", Reading { findings: vec![lint, waived], ..Reading::passed() });
    run.end("format-and-lint", Blocking, Outcome::Passed, None);

    let failed_tests = vec![failed_test("session::tests::expires"), failed_test("session::tests::refuses_a_replay")];
    run.stage("test-services").start("test-services", "auth-service");
    run.output("test-services", "auth-service", "running 31 tests");
    run.finish("test-services", "auth-service", Reading { failed_tests, ..tests(29, 2) });
    run.task(
        "test-services",
        "user-service",
        Reading { outcome: Outcome::Flaky, because: Some("passed at the second try".to_owned()), ..tests(12, 0) },
    );
    run.task(
        "test-services",
        "cart-service",
        Reading::because(Outcome::TimedOut, "timed out after 600s (limit: timeouts.test)"),
    );
    run.end("test-services", Blocking, Outcome::Failed, Some("2 of 3 tasks failed"));

    let coverage = Coverage {
        line_percent: 61.2,
        services: [("auth-service".to_owned(), 70.0), ("user-service".to_owned(), 41.25)].into(),
    };
    run.stage("code-coverage").task(
        "code-coverage",
        "workspace",
        Reading {
            coverage: Some(coverage),
            because: Some("61.20 % of lines, 50 % are needed".to_owned()),
            ..Reading::passed()
        },
    );
    run.end("code-coverage", Blocking, Outcome::Passed, Some("61.20 % of lines, 50 % are needed"));

    run.stage("security-audit").task("security-audit", "audit", audit());
    run.task(
        "security-audit",
        "deny",
        Reading::because(Outcome::EnvironmentError, "cargo-deny ended without an answer"),
    );
    run.end("security-audit", Warning, Outcome::EnvironmentError, Some("cargo-deny ended without an answer"));

    run.stage("dependency-check").task(
        "dependency-check",
        "outdated",
        Reading { tables: vec![outdated()], notes: vec!["the registry was not asked".to_owned()], ..Reading::passed() },
    );
    run.end("dependency-check", Info, Outcome::Passed, None);

    run.stage("integration-tests").task(
        "integration-tests",
        "auth-service",
        Reading::because(Outcome::Cancelled, "a test failed before"),
    );
    run.skip("integration-tests", "user-service", "test-services failed");
    run.end("integration-tests", Blocking, Outcome::Cancelled, Some("a test failed before"));

    let binaries = vec![Binary {
        package: "auth-service".to_owned(),
        target: "auth_service".to_owned(),
        kind: "bin".to_owned(),
        path: "/w/target/release/auth_service".into(),
        bytes: 7_654_321,
        ..Binary::default()
    }];
    run.stage("build-release").task(
        "build-release",
        "workspace",
        Reading {
            outcome: Outcome::Cached,
            binaries,
            because: Some("passed with the same inputs in run 20260101-000000-9f9f".to_owned()),
            ..Reading::passed()
        },
    );
    run.end(
        "build-release",
        Blocking,
        Outcome::Cached,
        Some("passed with the same inputs in run 20260101-000000-9f9f"),
    );

    run.skip("build-and-push", "auth-service", "test-services failed");
    run.end("build-and-push", Blocking, Outcome::Skipped, Some("test-services failed"));
    run.end("quality-report", Reporting, Outcome::NothingToDo, Some("nothing to report"));
    run.push(Kind::PreviousInterrupted {
        run: "20260101-000000-9f9f".to_owned(),
        tasks: vec![StageId::new("build-release").job("workspace")],
        cleaned: vec!["1 process".to_owned()],
    });
    run.push(Kind::Warning { message: "the cache cannot be written to".to_owned() });
    run.over("failed", 1)
}

fn audit() -> Reading {
    let advisory = Finding {
        tool: "cargo-audit".to_owned(),
        severity: Severity::Error,
        code: Some("RUSTSEC-2023-0071".to_owned()),
        message: "Marvin Attack: potential key recovery".to_owned(),
        file: None,
        line: None,
        column: None,
        end_line: None,
        end_column: None,
        package: Some("rsa 0.9.6".to_owned()),
        waived: None,
    };
    Reading { findings: vec![advisory], ..Reading::because(Outcome::Failed, "1 advisory") }
}

fn outdated() -> Table {
    Table {
        title: "Outdated dependencies".to_owned(),
        columns: ["crate", "locked", "newest"].map(str::to_owned).into(),
        rows: vec![["axum", "0.7.5", "0.8.1"].map(str::to_owned).into()],
    }
}

/// A run whose text from outside tries to be something else.
pub(crate) fn hostile() -> Vec<Event> {
    use Policy::Blocking;
    let mut run = Run::new(&[("test-services", Blocking, &["auth-service"])]);
    run.stage("test-services").start("test-services", "auth-service");
    let test = FailedTest {
        name: "a|b`c<script>alert(1)</script>\n::error::name".to_owned(),
        output: "::error::out\r##[group]x\n````\n</details>\n\u{1b}[2J\u{1b}]0;title\u{7}gone".to_owned(),
        repeat: "cargo test -- '::error::repeat'".to_owned(),
    };
    let mut evil = finding(Severity::Error, "msg\n::error::finding | `x` <b>");
    evil.file = Some("src/a,b:c%.rs\n::error::file".to_owned());
    let reading = Reading {
        failed_tests: vec![test],
        findings: vec![evil],
        tables: vec![Table { title: "<t>|".into(), columns: vec!["a|b".into()], rows: vec![vec!["`|\\|\n|".into()]] }],
        notes: vec!["::error::note".to_owned()],
        ..Reading::because(Outcome::Failed, "::error::because\n##[error]x")
    };
    run.finish("test-services", "auth-service", reading);
    run.end("test-services", Blocking, Outcome::Failed, Some("::error::stage\n::error::more"));
    run.push(Kind::Warning { message: "::error::warning".to_owned() });
    run.over("failed", 1)
}

/// A run over `n` services, the last of which fails.
pub(crate) fn many(n: usize) -> Vec<Event> {
    use Policy::Blocking;
    let names: Vec<String> = (0..n).map(|i| format!("s{i:04}-service")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut run = Run::new(&[("test-services", Blocking, &names)]);
    for (index, name) in names.iter().enumerate() {
        run.task("test-services", name, tests(3, u64::from(index + 1 == n)));
    }
    run.end("test-services", Blocking, Outcome::Failed, Some(&format!("1 of {n} tasks failed")));
    run.over("failed", 1)
}

/// The id of a task that is called like a service, like a job for a service, or like a job for the workspace.
pub(crate) fn id(stage: &str, task: &str) -> TaskId {
    let stage = StageId::new(stage);
    match (service(task), task.split_once(':')) {
        (Some(package), Some((_, job))) => stage.package_job(&package, job),
        (Some(package), None) => stage.package(&package),
        (None, _) => stage.job(task),
    }
}
