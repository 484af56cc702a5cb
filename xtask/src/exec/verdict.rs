//! What the ends of the stages mean for the run: green or red, and the exit code.

use super::message::Stopped;
use crate::error::Exit;
use crate::outcome::{Outcome, Policy};
use crate::plan::Plan;

/// The end of a run in a word and a number, which always agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// `passed`, `failed`, `timed-out`, `environment-error`, `interrupted`, `nothing-to-do`, `bug`.
    pub word: &'static str,
    /// The exit code.
    pub exit: Exit,
}

impl Verdict {
    /// The same with the exit code that a blocking task has asked for; one that nobody could tell apart stays.
    #[must_use]
    pub fn with(self, exit: Option<Exit>) -> Self {
        match (self.exit, exit) {
            (Exit::Gate | Exit::Environment, Some(exit)) => Self { exit, ..self },
            _ => self,
        }
    }
}

/// The verdict of a run whose stages have ended so, in the plan's order.
///
/// Red exactly when a blocking stage has gone badly. When several have, a gate that failed outweighs a time limit, and
/// that an environment that was not there.
pub fn verdict(plan: &Plan, endings: &[Option<Outcome>], stopped: Option<&Stopped>) -> Verdict {
    match stopped {
        Some(Stopped::Bug) => return Verdict { word: "bug", exit: Exit::Bug },
        Some(Stopped::Signal(signal)) => return Verdict { word: "interrupted", exit: Exit::Interrupted(*signal) },
        Some(Stopped::TimedOut) => return Verdict { word: "timed-out", exit: Exit::TimedOut },
        None => {}
    }
    let blocking = |wanted: Outcome| {
        let mut stages = plan.stages.iter().zip(endings);
        stages.any(|(stage, ending)| stage.policy == Policy::Blocking && *ending == Some(wanted))
    };
    // A report about nothing is no work, unless it is all that was asked for.
    let only_reports = plan.stages.iter().all(|stage| stage.policy == Policy::Reporting);
    let mut worked = plan.stages.iter().zip(endings).filter(|(stage, ending)| {
        let idle = ending.is_none_or(|ending| matches!(ending, Outcome::NothingToDo | Outcome::Skipped));
        !idle && (only_reports || stage.policy != Policy::Reporting)
    });
    if blocking(Outcome::Failed) || blocking(Outcome::Cancelled) {
        Verdict { word: "failed", exit: Exit::Gate }
    } else if blocking(Outcome::TimedOut) {
        Verdict { word: "timed-out", exit: Exit::TimedOut }
    } else if blocking(Outcome::EnvironmentError) {
        Verdict { word: "environment-error", exit: Exit::Environment }
    } else if worked.next().is_none() {
        Verdict { word: "nothing-to-do", exit: Exit::NothingSelected }
    } else {
        Verdict { word: "passed", exit: Exit::Ok }
    }
}
