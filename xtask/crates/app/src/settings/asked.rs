//! The request of a command by its command line alone: for a run that cannot be planned.

use super::selected;
use crate::cli::Command;
use xtask_core::ids::StageId;
use xtask_core::outcome::Policy;
use xtask_core::pipeline::{Definition, Event, Runs};
use xtask_core::workspace::Workspace;

/// The request behind a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The event that caused it.
    pub event: Event,
    /// Its stages, in the pipeline's order.
    pub stages: Vec<Definition>,
    /// The packages that were named and exist.
    pub services: Vec<String>,
    /// The one task of its stage that was requested: `fmt` or `lint`.
    pub part: Option<&'static str>,
}

impl Asked {
    /// Returns the request of `command` among these stages.
    pub fn of(command: &Command, event: Option<Event>, known: Vec<Definition>, workspace: Option<&Workspace>) -> Self {
        let stages = command.stages();
        let event = stages.event.or(event).unwrap_or(Event::PullRequest);
        let is_named = |names: &[String], stage: &Definition| names.iter().any(|name| stage.is_called(name));
        let is_meant = |stage: &Definition| match stages.only.as_slice() {
            [] => (stage.runs == Runs::Always || event == Event::Push) && !is_named(&stages.skip, stage),
            only => is_named(only, stage),
        };
        let stages = known.into_iter().filter(is_meant).map(|stage| in_environment(stage, command)).collect();
        let services = workspace.and_then(|workspace| selected(&command.selection(), workspace).ok().flatten());
        let part = command.line().and_then(|line| line.part);
        Self { event, stages, services: services.into_iter().flatten().collect(), part }
    }
}

/// A stage about an environment as a command of its own names it: such a stage blocks.
fn in_environment(stage: Definition, command: &Command) -> Definition {
    let (verb, environment) = match command {
        Command::Deploy(args) => ("deploy", &args.environment),
        Command::Rollback(args) => ("rollback", &args.environment),
        Command::Smoke(args) => {
            return Definition { policy: Policy::Blocking, subcommand: format!("smoke {}", args.environment), ..stage };
        }
        _ => return stage,
    };
    Definition {
        id: StageId::new(&format!("{verb}-{environment}")),
        policy: Policy::Blocking,
        subcommand: format!("{verb} {environment}"),
        ..stage
    }
}
