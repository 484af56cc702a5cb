//! What of a command line concerns the plan, whichever command it is.

use super::{Command, Run, Selection, StageLine, StageOptions, Stages};
use clap::Args;
use xtask_core::pipeline::{DEPLOY_STAGING, SMOKE_TEST};

impl Command {
    /// The packages that it is about.
    pub fn selection(&self) -> Selection {
        match self {
            Self::Ci(args) => args.selection.clone(),
            Self::Plan(args) => args.selection.clone(),
            Self::Matrix(args) => args.selection.clone(),
            Self::Stage(line) => line.selection(),
            Self::Deploy(args) => args.selection.clone(),
            Self::Smoke(args) => args.selection.clone(),
            _ => Selection::default(),
        }
    }

    /// The stages that it is about.
    pub fn stages(&self) -> Stages {
        let only = |stage: &str| Stages { only: vec![stage.to_owned()], ..Stages::default() };
        match self {
            Self::Ci(args) => args.stages.clone(),
            Self::Plan(args) => args.stages.clone(),
            Self::Graph(args) => args.stages.clone(),
            Self::Matrix(args) => only(&args.stage),
            Self::Stage(line) => line.stages(),
            Self::Deploy(_) | Self::Rollback(_) => only(DEPLOY_STAGING),
            Self::Smoke(_) => only(SMOKE_TEST),
            _ => Stages::default(),
        }
    }

    /// The options that several commands share.
    pub fn options(&self) -> StageOptions {
        match self {
            Self::Ci(args) => args.options.clone(),
            Self::Plan(args) => args.options.clone(),
            Self::Stage(line) => line.options(),
            _ => StageOptions::default(),
        }
    }

    /// The line of a command that runs one stage.
    pub fn line(&self) -> Option<&StageLine> {
        if let Self::Stage(line) = self { Some(line) } else { None }
    }

    /// The arguments that only the command of a stage takes; their defaults for any other command.
    pub fn own<A: Args + Default>(&self) -> A {
        self.line().map(StageLine::args).unwrap_or_default()
    }

    /// The options of the run that it starts; `None` when it only shows something.
    pub fn run(&self) -> Option<&Run> {
        let run = match self {
            Self::Ci(args) => &args.run,
            Self::Stage(line) if !self.own::<super::Docker>().dockerfile => &line.run,
            Self::Deploy(args) if !args.plan && !args.render => &args.run,
            Self::Rollback(args) => &args.run,
            Self::Smoke(args) => &args.run,
            _ => return None,
        };
        (!run.dry_run).then_some(run)
    }
}
