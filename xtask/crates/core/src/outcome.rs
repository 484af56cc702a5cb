//! How a task, a stage and a run can end.

use crate::error::Exit;
use serde::{Deserialize, Serialize};

/// The signal of Ctrl-C, which a cancelled job gets.
const SIGINT: i32 = 2;

/// How a task or a stage ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It ran and everything was good.
    Passed,
    /// It ran and found something wrong.
    Failed,
    /// It failed first and passed when tried again.
    Flaky,
    /// It was stopped because its time was up; that is not a failing test.
    TimedOut,
    /// It was stopped because the run was.
    Cancelled,
    /// It never started; the reason is recorded beside it.
    Skipped,
    /// There was nothing for it to work on.
    NothingToDo,
    /// It passed before with the same inputs; the proof is recorded beside it.
    Cached,
    /// It could not do its work: a tool is missing, crashed, or printed output of a shape that cannot be read.
    EnvironmentError,
}

impl Outcome {
    /// Whether a stage that needs this one may start.
    pub fn meets_a_need(self) -> bool {
        matches!(self, Self::Passed | Self::Flaky | Self::Cached | Self::NothingToDo)
    }

    /// Whether something went wrong, as opposed to well or not at all.
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Failed | Self::TimedOut | Self::Cancelled | Self::EnvironmentError)
    }

    /// The word that people and records see, as in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Flaky => "flaky",
            Self::TimedOut => "timed-out",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
            Self::NothingToDo => "nothing-to-do",
            Self::Cached => "cached",
            Self::EnvironmentError => "environment-error",
        }
    }

    /// How it reads after "which": `which timed out`.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::TimedOut => "timed out",
            Self::Cancelled => "was cancelled",
            Self::Skipped => "was skipped",
            Self::EnvironmentError => "could not do its work",
            Self::NothingToDo => "had nothing to do",
            Self::Passed | Self::Flaky | Self::Cached => "passed",
        }
    }

    /// The outcome of a stage of this policy that consists of these parts. Findings of a stage that does not block are
    /// information; that it could not look, or not to the end, outweighs them.
    pub fn of_stage(policy: Policy, parts: impl Iterator<Item = Self> + Clone) -> Option<Self> {
        let undone = parts.clone().filter(|part| matches!(part, Self::EnvironmentError | Self::TimedOut));
        let undone = if policy == Policy::Blocking { None } else { Self::of_parts(undone) };
        undone.or_else(|| Self::of_parts(parts))
    }

    /// The outcome of a whole made of parts: the worst of them, where a part that ran outweighs one that did not.
    ///
    /// `None` when there are no parts.
    pub fn of_parts(parts: impl IntoIterator<Item = Self>) -> Option<Self> {
        parts.into_iter().max_by_key(|part| match part {
            Self::NothingToDo => 0,
            Self::Cached => 1,
            Self::Passed => 2,
            Self::Flaky => 3,
            Self::Skipped => 4,
            Self::Cancelled => 5,
            Self::TimedOut => 6,
            Self::EnvironmentError => 7,
            Self::Failed => 8,
        })
    }
}

/// What the failure of a stage means for the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// The run is red, and what needs the stage does not start.
    Blocking,
    /// The run stays green and says so prominently.
    Warning,
    /// The run stays green; the finding is information.
    Info,
    /// The stage reports on the others and runs whatever failed.
    Reporting,
}

impl Policy {
    /// The word that people and records see, as in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Blocking => "blocking",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::Reporting => "reporting",
        }
    }
}

/// Tests counted, of one binary, one service or a whole run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestCounts {
    /// Tests that ran and were good.
    pub passed: u64,
    /// Tests that ran and were not.
    pub failed: u64,
    /// Tests marked `#[ignore]`.
    pub ignored: u64,
}

impl TestCounts {
    /// How many tests ran.
    pub fn ran(self) -> u64 {
        self.passed + self.failed
    }
}

impl std::ops::AddAssign for TestCounts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }
}

/// The end of a run in a word and a number, which always agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// `passed`, `failed`, `timed-out`, `environment-error`, `interrupted`, `nothing-to-do`, `bug`.
    pub word: &'static str,
    /// The exit code.
    pub exit: Exit,
}

impl Verdict {
    /// The verdict about stages that have ended so, each with its policy; `None` is a stage that has not ended.
    ///
    /// Red exactly when a blocking stage has ended badly. When several have, a failed gate outweighs a time limit, a
    /// time limit outweighs a missing environment, and each of them outweighs a cancellation.
    ///
    /// | among the blocking stages | besides | verdict | exit |
    /// | --- | --- | --- | --- |
    /// | one failed | – | failed | 1 |
    /// | none did, one timed out | – | timed-out | 5 |
    /// | none did, one could not work | – | environment-error | 3 |
    /// | none did, one was cancelled | – | interrupted | 130 |
    /// | none of these | a stage did its work, good or bad | passed | 0 |
    /// | none of these | none did, one timed out | timed-out | 5 |
    /// | none of these | none did, one could not work | environment-error | 3 |
    /// | none of these | no stage did anything | nothing-to-do | 4 |
    ///
    /// Besides, a report on other stages does not count as work. So a stage that does not block stops no pipeline, and
    /// run alone it is red when it could not do the one thing that it is there for.
    pub fn of(stages: &[(Policy, Option<Outcome>)]) -> Self {
        let blocking = |wanted: Outcome| stages.contains(&(Policy::Blocking, Some(wanted)));
        // A report about nothing does not count as work, unless it is all that was asked for.
        let only_reports = stages.iter().all(|(policy, _)| *policy == Policy::Reporting);
        let counted = || stages.iter().filter(|(policy, _)| only_reports || *policy != Policy::Reporting);
        let any = |wanted: &[Outcome]| counted().any(|(_, ending)| ending.is_some_and(|it| wanted.contains(&it)));
        let worked = any(&[Outcome::Passed, Outcome::Failed, Outcome::Flaky, Outcome::Cancelled, Outcome::Cached]);
        if blocking(Outcome::Failed) {
            Self { word: "failed", exit: Exit::Gate }
        } else if blocking(Outcome::TimedOut) || (!worked && any(&[Outcome::TimedOut])) {
            Self { word: "timed-out", exit: Exit::TimedOut }
        } else if blocking(Outcome::EnvironmentError) || (!worked && any(&[Outcome::EnvironmentError])) {
            Self { word: "environment-error", exit: Exit::Environment }
        } else if blocking(Outcome::Cancelled) {
            Self { word: "interrupted", exit: Exit::Interrupted(SIGINT) }
        } else if worked {
            Self { word: "passed", exit: Exit::Ok }
        } else {
            Self { word: "nothing-to-do", exit: Exit::NothingSelected }
        }
    }

    /// The same with the exit code that a blocking task asked for, if it ends with that of a gate or of the
    /// environment; any other stays.
    #[must_use]
    pub fn with(self, exit: Option<Exit>) -> Self {
        match (self.exit, exit) {
            (Exit::Gate | Exit::Environment, Some(exit)) => Self { exit, ..self },
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Outcome::{Cached, Cancelled, EnvironmentError, Failed, NothingToDo, Passed, Skipped, TimedOut};
    use Policy::{Blocking, Info, Reporting, Warning};

    #[test]
    fn what_a_stage_that_does_not_block_has_found_does_not_hide_what_it_could_not_look_at() {
        let case = |policy, parts: &[Outcome], wanted| {
            assert_eq!(Outcome::of_stage(policy, parts.iter().copied()), wanted, "{policy:?} {parts:?}");
        };
        case(Blocking, &[EnvironmentError, Failed], Some(Failed));
        case(Warning, &[EnvironmentError, Failed], Some(EnvironmentError));
        case(Info, &[TimedOut, Failed, Passed], Some(TimedOut));
        case(Warning, &[Failed, Passed], Some(Failed));
        case(Warning, &[], None);
    }

    #[test]
    fn only_blocking_stages_make_a_run_red() {
        #[track_caller]
        fn case(stages: &[(Policy, Outcome)], word: &str, code: u8) {
            let stages: Vec<_> = stages.iter().map(|(policy, outcome)| (*policy, Some(*outcome))).collect();
            let verdict = Verdict::of(&stages);
            assert_eq!((verdict.word, verdict.exit.code()), (word, code), "{stages:?}");
        }
        case(&[(Blocking, Passed), (Warning, Failed), (Info, TimedOut), (Reporting, EnvironmentError)], "passed", 0);
        case(&[(Blocking, EnvironmentError), (Blocking, TimedOut), (Blocking, Failed)], "failed", 1);
        case(&[(Blocking, Passed), (Blocking, Cancelled)], "interrupted", 130);
        case(&[(Blocking, Cancelled), (Blocking, EnvironmentError)], "environment-error", 3);
        case(&[(Blocking, EnvironmentError), (Blocking, TimedOut)], "timed-out", 5);
        case(&[(Blocking, EnvironmentError), (Blocking, Passed)], "environment-error", 3);
        case(&[(Blocking, Cached), (Blocking, Skipped)], "passed", 0);
        case(&[(Blocking, NothingToDo), (Warning, Skipped), (Reporting, Passed)], "nothing-to-do", 4);
        case(&[(Reporting, Passed)], "passed", 0);
        case(&[(Warning, EnvironmentError)], "environment-error", 3);
        case(&[(Warning, EnvironmentError), (Info, TimedOut)], "timed-out", 5);
        case(&[(Warning, EnvironmentError), (Info, Passed)], "passed", 0);
        case(&[(Warning, EnvironmentError), (Blocking, NothingToDo), (Reporting, Passed)], "environment-error", 3);
        case(&[(Warning, Passed), (Reporting, EnvironmentError)], "passed", 0);
        case(&[(Reporting, EnvironmentError)], "environment-error", 3);
        case(&[(Warning, Failed)], "passed", 0);
        case(&[], "nothing-to-do", 4);
        assert_eq!(Verdict::of(&[(Blocking, None), (Info, None)]).word, "nothing-to-do");
    }
}
