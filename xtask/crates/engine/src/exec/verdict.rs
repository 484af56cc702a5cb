//! The verdict of a run, from the ends of its stages and the reason it was stopped, if any: green or red, and the exit
//! code.

use super::message::Stopped;
use crate::plan::Plan;
use xtask_core::error::Exit;
use xtask_core::outcome::{Outcome, Verdict};
use xtask_core::pipeline;

/// The verdict of a run whose stages have these ends, in the plan's order.
pub fn verdict(plan: &Plan, endings: &[Option<Outcome>], stopped: Option<&Stopped>) -> Verdict {
    match stopped {
        Some(Stopped::Bug) => return Verdict { word: "bug", exit: Exit::Bug },
        Some(Stopped::Signal(signal)) => return Verdict { word: "interrupted", exit: Exit::Interrupted(*signal) },
        Some(Stopped::TimedOut) => return Verdict { word: "timed-out", exit: Exit::TimedOut },
        None => {}
    }
    let stages = plan.stages.iter().zip(endings).filter(|(stage, _)| stage.id.as_str() != pipeline::SETUP);
    let stages: Vec<_> = stages.map(|(stage, ending)| (stage.policy, *ending)).collect();
    Verdict::of(&stages)
}
