//! Tests counted once, whichever stages and jobs have run them: where a job measures coverage alone, it runs the tests
//! that other jobs run as well. Pure.

use super::summary::{StageSummary, Summary, TaskSummary};
use std::collections::BTreeMap;
use xtask_core::ids::{StageId, TaskId};
use xtask_core::outcome::TestCounts;
use xtask_core::pipeline::{CODE_COVERAGE, INTEGRATION, INTEGRATION_TESTS, TEST_SERVICES};

/// The tests of each package; `None` are those of the workspace.
///
/// Of two tasks that have run the same tests the one with more failures counts: a test that fails in one job is not
/// good. Where they agree, the stage that the tests belong to counts.
pub fn by_package(summary: &Summary) -> BTreeMap<Option<&str>, TestCounts> {
    let mut suites: BTreeMap<TaskId, (bool, &TaskSummary, TestCounts)> = BTreeMap::new();
    for (stage, task) in summary.tasks() {
        let Some(tests) = task.tests else { continue };
        let suite = suite(stage, task);
        let own = task.id == suite;
        if suites.get(&suite).is_none_or(|(its_own, _, known)| (tests.failed, own) > (known.failed, *its_own)) {
            suites.insert(suite, (own, task, tests));
        }
    }
    let mut packages: BTreeMap<Option<&str>, TestCounts> = BTreeMap::new();
    for (_, task, tests) in suites.into_values() {
        *packages.entry(task.service.as_deref()).or_default() += tests;
    }
    packages
}

/// All tests.
pub fn total(summary: &Summary) -> TestCounts {
    let mut total = TestCounts::default();
    for tests in by_package(summary).into_values() {
        total += tests;
    }
    total
}

/// The suite that a task has run, as the task that runs it in the stage that the tests belong to.
fn suite(stage: &StageSummary, task: &TaskSummary) -> TaskId {
    let Some(package) = task.service.as_deref().filter(|_| stage.id.as_str() == CODE_COVERAGE) else {
        return task.id.clone();
    };
    if task.id == stage.id.package(package) {
        StageId::new(TEST_SERVICES).package(package)
    } else if task.id == stage.id.package_job(package, INTEGRATION) {
        StageId::new(INTEGRATION_TESTS).package(package)
    } else {
        task.id.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Fold, sample};
    use xtask_core::outcome::{Outcome, Policy};

    /// Checks the counts of these tasks, each with its passed and its failed tests.
    #[track_caller]
    fn case(tasks: &[(&str, &str, u64, u64)], passed: u64, failed: u64) {
        let names: Vec<[&str; 1]> = tasks.iter().map(|(_, task, ..)| [*task]).collect();
        let stages: Vec<(&str, Policy, &[&str])> =
            tasks.iter().zip(&names).map(|((stage, ..), task)| (*stage, Policy::Blocking, &task[..])).collect();
        let mut run = sample::Run::new(&stages);
        for (stage, task, passed, failed) in tasks {
            run.task(stage, task, sample::tests(*passed, *failed));
            run.end(stage, Policy::Blocking, Outcome::Passed, None);
        }
        let summary = Fold::of(&run.over("passed", 0)).finish();
        assert_eq!((summary.tests.passed, summary.tests.failed), (passed, failed), "{tasks:?}");
    }

    #[test]
    fn a_test_counts_once_whichever_stages_have_run_it() {
        let unit = ("test-services", "a-service", 3, 0);
        let doc = ("test-services", "a-service:doc", 1, 0);
        let integration = ("integration-tests", "a-service", 5, 0);
        let measured = [("code-coverage", "a-service", 3, 0), ("code-coverage", "a-service:integration", 5, 0)];
        case(&[unit, doc, integration, measured[0], measured[1]], 9, 0);
        case(&measured, 8, 0);
        case(&[unit, measured[1]], 8, 0);
        // Other packages and other stages have other tests.
        case(&[unit, ("test-services", "b-service", 3, 0), ("own", "a-service", 3, 0)], 9, 0);
    }

    #[test]
    fn where_two_disagree_a_failure_is_kept_and_else_the_tests_own_stage_counts() {
        let measured = |passed, failed| ("code-coverage", "a-service", passed, failed);
        let own = |passed, failed| ("test-services", "a-service", passed, failed);
        case(&[own(3, 0), measured(2, 1)], 2, 1);
        case(&[own(2, 1), measured(3, 0)], 2, 1);
        case(&[measured(4, 0), own(3, 0)], 3, 0);
        case(&[own(3, 0), measured(4, 0)], 3, 0);
    }
}
