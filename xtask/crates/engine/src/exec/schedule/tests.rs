use super::*;
use crate::plan::{StagePlan, Task as PlannedTask};
use proptest::prelude::*;
use std::collections::HashMap;
use std::time::Duration;
use xtask_core::command::Command;
use xtask_core::pipeline::Event;

/// A stage of a small pipeline: its name, its needs, its policy, and its tasks with the tasks that they need.
type Row<'a> = (&'a str, &'a [&'a str], Policy, &'a [(&'a str, &'a [&'a str])]);

fn plan(rows: &[Row<'_>]) -> Plan {
    let stage = |(name, needs, policy, tasks): &Row<'_>| {
        let id = StageId::new(name);
        let tasks = tasks.iter().map(|(task, needs)| PlannedTask {
            needs: needs.iter().map(|need| id.job(need)).collect(),
            ..PlannedTask::new(&id, task, Command::cargo("/w"), Duration::from_secs(1))
        });
        StagePlan {
            tasks: tasks.collect(),
            id: id.clone(),
            subcommand: (*name).to_owned(),
            needs: needs.iter().map(|need| StageId::new(need)).collect(),
            policy: *policy,
            max_parallel: None,
            left_out: None,
        }
    };
    Plan { event: Event::PullRequest, root: "/w".into(), services: vec![], stages: rows.iter().map(stage).collect() }
}

/// Runs a plan to its end; a task fails when its name says so. Returns the tasks that ran, and the messages.
fn play(plan: &Plan, fail_fast: bool) -> (Vec<String>, Vec<String>) {
    let ids: Vec<TaskId> = plan.tasks().map(|task| task.id.clone()).collect();
    let mut schedule = Schedule::new(plan, &Links::of(plan).expect("every name is there once"), 100, fail_fast);
    let (mut ran, mut said) = (Vec::new(), Vec::new());
    let mut say = |changes: Vec<Change>| {
        for change in changes {
            said.push(match change {
                Change::TaskSkipped { task, because, .. } => format!("{} skipped: {because}", ids[task]),
                Change::StageEnded { stage, outcome, because, .. } => {
                    let because = because.map_or(String::new(), |because| format!(": {because}"));
                    format!("{} {}{because}", plan.stages[stage].id, outcome.word())
                }
            });
        }
    };
    say(schedule.begin());
    let mut running: VecDeque<usize> = schedule.ready().into();
    while let Some(task) = running.pop_front() {
        let name = ids[task].to_string();
        let (outcome, because) = if name.contains("bad") {
            (Outcome::Failed, Some("it is bad".to_owned()))
        } else {
            (Outcome::Passed, None)
        };
        ran.push(name);
        say(schedule.finish(task, outcome, because));
        running.extend(schedule.ready());
    }
    assert!(schedule.unfinished().is_empty());
    (ran, said)
}

use Policy::{Blocking, Reporting, Warning};

#[test]
fn a_blocking_failure_skips_what_needs_it_and_says_so_and_a_report_runs_all_the_same() {
    let rows: &[Row<'_>] = &[
        ("lint", &[], Blocking, &[("bad", &[])]),
        ("test", &["lint"], Blocking, &[("compile", &[]), ("a", &["compile"])]),
        ("build", &["test"], Blocking, &[("all", &[])]),
        ("report", &["test"], Reporting, &[("write", &[])]),
    ];
    let (ran, said) = play(&plan(rows), false);
    assert_eq!(ran, ["lint:bad", "report:write"]);
    assert_eq!(
        said,
        [
            "lint failed: bad: it is bad",
            "test:compile skipped: needs `lint`, which failed",
            "test:a skipped: needs `lint`, which failed",
            "test skipped: needs `lint`, which failed",
            "build:all skipped: needs `test`, which was skipped",
            "build skipped: needs `test`, which was skipped",
            "report passed",
        ]
    );
}

#[test]
fn a_warning_stops_nobody_but_is_waited_for() {
    let rows: &[Row<'_>] =
        &[("audit", &[], Warning, &[("bad", &[])]), ("build", &["audit"], Blocking, &[("all", &[])])];
    let (ran, said) = play(&plan(rows), true);
    assert_eq!(ran, ["audit:bad", "build:all"]);
    assert_eq!(said, ["audit failed: bad: it is bad", "build passed"]);
}

#[test]
fn fail_fast_starts_nothing_new_but_the_report() {
    let rows: &[Row<'_>] = &[
        ("a", &[], Blocking, &[("bad", &[]), ("behind", &["also"]), ("also", &[])]),
        ("report", &["a"], Reporting, &[("write", &[])]),
    ];
    let (ran, said) = play(&plan(rows), true);
    assert_eq!(ran, ["a:bad", "a:also", "report:write"]);
    assert!(said[0].starts_with("a:behind skipped: `a:bad` failed"), "{said:?}");
}

#[test]
fn stages_that_are_left_out_hold_nobody_up() {
    let mut plan = plan(&[("a", &[], Blocking, &[]), ("b", &["a"], Blocking, &[("x", &[])])]);
    plan.stages[0].left_out = Some((Outcome::Skipped, "left out by --skip".to_owned()));
    let (ran, said) = play(&plan, false);
    assert_eq!(ran, ["b:x"]);
    assert_eq!(said, ["a skipped: left out by --skip", "b passed"]);
}

#[test]
fn a_stop_skips_everything_that_waits() {
    let plan =
        plan(&[("a", &[], Blocking, &[("x", &[]), ("y", &["x"])]), ("report", &["a"], Reporting, &[("write", &[])])]);
    let mut schedule = Schedule::new(&plan, &Links::of(&plan).expect("every name is there once"), 4, false);
    schedule.begin();
    assert_eq!(schedule.ready(), [0]);
    assert_eq!(schedule.stop("interrupted").len(), 3, "y, write, and the end of the report");
    assert!(!schedule.unfinished().is_empty(), "x is still running");
    schedule.finish(0, Outcome::Cancelled, None);
    assert!(schedule.unfinished().is_empty());
    assert!(schedule.ready().is_empty());
}

#[test]
fn a_universe_and_a_limit_are_kept() {
    let mut plan = plan(&[("a", &[], Blocking, &[("x", &[]), ("y", &[]), ("z", &[]), ("w", &[])])]);
    plan.stages[0].tasks[0].universe = Some(Universe::Dev);
    plan.stages[0].tasks[1].universe = Some(Universe::Dev);
    plan.stages[0].max_parallel = Some(2);
    let mut schedule = Schedule::new(&plan, &Links::of(&plan).expect("every name is there once"), 10, false);
    schedule.begin();
    assert_eq!(schedule.ready(), [0, 2], "y waits for the universe, w for the stage's limit");
    schedule.finish(2, Outcome::Passed, None);
    assert_eq!(schedule.ready(), [3]);
    schedule.finish(0, Outcome::Passed, None);
    assert_eq!(schedule.ready(), [1]);
}

#[test]
fn a_stage_comes_to_what_its_tasks_came_to_and_not_to_what_prepared_them() {
    #[track_caller]
    fn case(compile: Outcome, a: Outcome, b: Outcome, expected: Outcome) {
        let tests: &[(&str, &[&str])] = &[("compile", &[]), ("a", &["compile"]), ("b", &["compile"])];
        let plan = plan(&[("test", &[], Blocking, tests)]);
        let links = Links::of(&plan).expect("every name is there once");
        let mut schedule = Schedule::new(&plan, &links, 4, false);
        schedule.begin();
        schedule.ready();
        schedule.finish(0, compile, None);
        schedule.ready();
        schedule.finish(1, a, None);
        let changes = schedule.finish(2, b, None);
        assert_eq!(changes, [Change::StageEnded { stage: 0, outcome: expected, because: None, cause: None }]);
    }
    case(Outcome::Passed, Outcome::NothingToDo, Outcome::NothingToDo, Outcome::NothingToDo);
    case(Outcome::Passed, Outcome::NothingToDo, Outcome::Passed, Outcome::Passed);
    case(Outcome::Passed, Outcome::NothingToDo, Outcome::Cached, Outcome::Cached);
    case(Outcome::Passed, Outcome::Failed, Outcome::Passed, Outcome::Failed);
}

/// A random pipeline: stages and tasks need earlier ones only.
fn any_plan() -> impl Strategy<Value = Plan> {
    let policy = prop_oneof![Just(Blocking), Just(Warning), Just(Reporting)];
    let task = (prop::collection::vec(0usize..8, 0..3), prop::option::of(Just(Universe::Dev)));
    let stage = (policy, prop::collection::vec(0usize..8, 0..3), prop::collection::vec(task, 0..6), 1usize..4);
    prop::collection::vec(stage, 1..8).prop_map(|stages| {
        let built = stages.into_iter().enumerate().map(|(number, (policy, needs, tasks, limit))| {
            let id = StageId::new(&format!("s{number}"));
            let tasks = tasks.into_iter().enumerate().map(|(index, (needs, universe))| PlannedTask {
                needs: needs.iter().filter(|&&need| need < index).map(|need| id.job(&need.to_string())).collect(),
                universe,
                ..PlannedTask::new(&id, &index.to_string(), Command::cargo("/w"), Duration::from_secs(1))
            });
            StagePlan {
                tasks: tasks.collect(),
                subcommand: id.to_string(),
                needs: needs.iter().filter(|&&n| n < number).map(|n| StageId::new(&format!("s{n}"))).collect(),
                policy,
                max_parallel: Some(limit),
                left_out: None,
                id,
            }
        });
        Plan { event: Event::PullRequest, root: "/w".into(), services: vec![], stages: built.collect() }
    })
}

proptest! {
    #[test]
    fn every_run_ends_and_keeps_the_rules(
        plan in any_plan(),
        slots in 1usize..5,
        fail_fast: bool,
        picks in prop::collection::vec((any::<prop::sample::Index>(), 0u8..10), 64),
        stop_after in prop::option::of(0usize..40),
    ) {
        let tasks: Vec<&PlannedTask> = plan.tasks().collect();
        let stage_of: Vec<usize> =
            plan.stages.iter().enumerate().flat_map(|(index, stage)| vec![index; stage.tasks.len()]).collect();
        let mut schedule = Schedule::new(&plan, &Links::of(&plan).expect("every name is there once"), slots, fail_fast);
        let mut ended: HashMap<TaskId, Outcome> = HashMap::new();
        let mut stages: HashMap<StageId, Outcome> = HashMap::new();
        let mut started: BTreeSet<usize> = BTreeSet::new();
        let mut running: Vec<usize> = Vec::new();
        let mut picks = picks.into_iter().cycle();
        let mut take = |changes: Vec<Change>, ended: &mut HashMap<TaskId, Outcome>| {
            for change in changes {
                match change {
                    Change::TaskSkipped { task, because, .. } => {
                        assert!(!because.is_empty());
                        assert!(ended.insert(tasks[task].id.clone(), Outcome::Skipped).is_none(), "ended twice");
                    }
                    Change::StageEnded { stage, outcome, .. } => {
                        assert!(stages.insert(plan.stages[stage].id.clone(), outcome).is_none(), "ended twice");
                        assert!(plan.stages[stage].tasks.iter().all(|task| ended.contains_key(&task.id)));
                    }
                }
            }
        };
        take(schedule.begin(), &mut ended);
        for step in 0.. {
            for task in schedule.ready() {
                prop_assert!(started.insert(task), "a task starts once");
                for need in &tasks[task].needs {
                    prop_assert!(ended[need].meets_a_need(), "a task starts behind its needs");
                }
                running.push(task);
            }
            prop_assert!(running.len() <= slots);
            prop_assert!(running.iter().filter(|&&task| tasks[task].universe.is_some()).count() <= 1);
            for (index, stage) in plan.stages.iter().enumerate() {
                let of_stage = running.iter().filter(|&&task| stage_of[task] == index).count();
                prop_assert!(of_stage <= stage.max_parallel.unwrap_or(usize::MAX));
            }
            if stop_after == Some(step) {
                take(schedule.stop("told to"), &mut ended);
                prop_assert!(schedule.ready().is_empty());
            }
            if running.is_empty() {
                break;
            }
            let (pick, dice) = picks.next().expect("they go round");
            let task = running.swap_remove(pick.index(running.len()));
            let outcome = if dice < 3 { Outcome::Failed } else { Outcome::Passed };
            ended.insert(tasks[task].id.clone(), outcome);
            take(schedule.finish(task, outcome, None), &mut ended);
        }
        prop_assert!(schedule.unfinished().is_empty(), "nothing waits for ever");
        prop_assert_eq!(ended.len(), tasks.len());
        prop_assert_eq!(stages.len(), plan.stages.len());
        // Without a stop, exactly the dependents of a failure are skipped.
        if !fail_fast && stop_after.is_none() {
            for task in &tasks {
                let stage = plan.stages.iter().find(|stage| stage.id == task.stage).expect("it is in the plan");
                let shut = stage.policy != Reporting && stage.needs.iter().any(|need| {
                    let need = plan.stages.iter().find(|stage| stage.id == *need).expect("it is in the plan");
                    need.policy == Blocking && !stages[&need.id].meets_a_need()
                });
                let behind = task.needs.iter().any(|need| !ended[need].meets_a_need());
                prop_assert_eq!(ended[&task.id] == Outcome::Skipped, shut || behind);
            }
        }
    }
}

#[test]
fn a_stage_gives_its_own_reason_rather_than_that_of_a_task_elsewhere() {
    let mut plan = plan(&[
        ("lint", &[], Blocking, &[("bad", &[])]),
        ("test", &["lint"], Blocking, &[("instrument", &[])]),
        ("coverage", &["test"], Blocking, &[("gate", &[])]),
        ("audit", &[], Warning, &[("bad", &[])]),
        ("deps", &["audit"], Blocking, &[("table", &[])]),
    ]);
    plan.stages[2].tasks[0].needs = vec![StageId::new("test").job("instrument")];
    plan.stages[4].tasks[0].needs = vec![StageId::new("audit").job("bad")];
    let (_, said) = play(&plan, false);
    assert!(said.contains(&"coverage skipped: needs `test`, which was skipped".to_owned()), "{said:?}");
    let deps = said.iter().filter(|line| *line == "deps skipped: needs `audit:bad`, which failed").count();
    assert_eq!(deps, 1, "{said:?}");
}
