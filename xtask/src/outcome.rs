//! How a task, a stage and a run can end.

use serde::{Deserialize, Serialize};

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
    /// It never started; the reason stands beside it.
    Skipped,
    /// There was nothing for it to work on.
    NothingToDo,
    /// It passed before with the same inputs; the proof stands beside it.
    Cached,
    /// It could not do its work: a tool is missing, crashed, or answered in a shape that cannot be read.
    EnvironmentError,
}

impl Outcome {
    /// Whether a stage that needs this one may go ahead.
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
    /// The run stays green and says so loudly.
    Warning,
    /// The run stays green; the finding is information.
    Info,
    /// The stage tells about the others and runs whatever failed.
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
