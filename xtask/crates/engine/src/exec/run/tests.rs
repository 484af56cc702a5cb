use super::*;
use crate::cache::{Cache, Checkout, Use};
use crate::job::Confidential;
use crate::plan::StagePlan;
use std::path::Path;
use xtask_core::command::Command;
use xtask_core::ids::StageId;
use xtask_core::pipeline::Event as Cause;
use xtask_process::process::{Stop, Surroundings};

/// A run in `directory` with two slots.
fn context(directory: &Path) -> Context {
    Context {
        run: "run".to_owned(),
        command: "cargo xtask ci".to_owned(),
        commit: None,
        directory: directory.to_owned(),
        private: None,
        slots: 2,
        fail_fast: false,
        timeout: Duration::from_secs(60),
        grace: Duration::from_secs(1),
        patience: Duration::from_millis(1),
        surroundings: Surroundings::default(),
        runtime: Arc::default(),
        user: String::new(),
        temp: directory.to_owned(),
        given: [].into(),
        confidential: Confidential::default(),
        cache: Arc::new(Cache::new(directory.to_owned(), Checkout::default(), [].into(), Use::None)),
        jobserver: None,
        stop: Stop::new(),
        first: Vec::new(),
    }
}

/// A stage of tasks that do nothing; each needs the tasks of these jobs.
fn stage(name: &str, tasks: &[(&str, &[&str])]) -> StagePlan {
    let id = StageId::new(name);
    let task = |(job, needs): &(&str, &[&str])| Task {
        needs: needs.iter().map(|need| id.job(need)).collect(),
        ..Task::new(&id, job, Command::new("true", "/"), Duration::from_secs(60))
    };
    StagePlan {
        tasks: tasks.iter().map(task).collect(),
        subcommand: name.to_owned(),
        needs: Vec::new(),
        policy: Policy::Blocking,
        max_parallel: None,
        left_out: None,
        id,
    }
}

#[test]
fn a_run_in_which_nothing_can_start_ends_as_a_bug_with_a_whole_record() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let stages = vec![stage("fine", &[("a", &[])]), stage("stuck", &[("b", &["c"]), ("c", &["b"])])];
    let plan = Plan { event: Cause::PullRequest, root: directory.path().to_owned(), services: Vec::new(), stages };
    let (sender, messages) = std::sync::mpsc::sync_channel(16);
    let mut events = Vec::new();
    let mut emit = |event: &Event| events.push(event.kind.clone());
    let over = run(&plan, &context(directory.path()), &Clock::start(), (&sender, &messages), &mut emit);
    let over = over.expect("two slots can be made");
    assert_eq!((over.verdict.word, over.verdict.exit), ("bug", Exit::Bug));
    assert_eq!(over.bug.as_deref(), Some("nothing runs and nothing can start, yet stuck did not end"));
    let passed = |kind: &Kind| matches!(kind, Kind::StageFinished { outcome: Outcome::Passed, .. });
    assert_eq!(events.iter().filter(|kind| passed(kind)).count(), 1, "what could run has run: {events:#?}");
    let ended = events.iter().filter(|kind| matches!(kind, Kind::TaskFinished { .. })).count();
    assert_eq!(ended, 3, "every task has an end: {events:#?}");
    assert!(matches!(events.last(), Some(Kind::RunFinished { exit_code: 70, .. })), "{events:#?}");
}

/// A task that prints nothing until it is released, which the display does as soon as the silence is reported.
#[test]
fn the_silence_of_a_task_is_an_event_while_it_lasts() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let gate = directory.path().join("gate");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &gate, rustix::fs::FileType::Fifo, mode, 0).expect("a pipe");
    let mut stages = vec![stage("slow", &[("waits", &[])])];
    stages[0].tasks[0].command = Command::new("cat", directory.path()).arg("gate");
    let plan = Plan { event: Cause::PullRequest, root: directory.path().to_owned(), services: Vec::new(), stages };
    let (sender, messages) = std::sync::mpsc::sync_channel(16);
    let mut silent = Vec::new();
    let mut emit = |event: &Event| {
        if let Kind::TaskSilent { task, .. } = &event.kind {
            if silent.is_empty() {
                std::fs::write(&gate, "released\n").expect("the task reads it");
            }
            silent.push(task.to_string());
        }
    };
    let over = run(&plan, &context(directory.path()), &Clock::start(), (&sender, &messages), &mut emit);
    assert_eq!(over.expect("two slots can be made").verdict.exit, Exit::Ok);
    assert_eq!(silent.first().map(String::as_str), Some("slow:waits"));
}
