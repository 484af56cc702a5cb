//! A command's request for an environment: which one, and the task to carry out there.

use super::config::Config;
use super::environments::Environment;
use crate::cli::Command;
use std::path::Path;
use xtask_core::error::{Error, Result};
use xtask_core::ids::StageId;
use xtask_core::outcome::Policy;
use xtask_core::pipeline;
use xtask_core::text;
use xtask_ship::deploy::images::Images;

/// A task in an environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployment {
    /// The environment.
    pub environment: Environment,
    /// The stage that does it: `deploy-staging`, `rollback-production`.
    pub stage: StageId,
    /// The task to carry out.
    pub task: DeploymentTask,
    /// The images to deploy.
    pub images: Images,
}

/// The task to carry out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeploymentTask {
    /// Deploy the images.
    Deploy {
        /// Replace the pods although nothing has changed.
        restart: bool,
    },
    /// Continue an unfinished deployment.
    Resume,
    /// Restore what a run has deployed, or the state before the last one.
    Rollback(Option<String>),
    /// Nothing: it is only inspected.
    Look,
}

/// The environment that a push to the main branch is deployed to.
const STAGING: &str = "staging";

impl Deployment {
    /// The request of `command`, typed in `cwd`, if it concerns an environment.
    pub(super) fn of(command: &Command, cwd: &Path, pushes: bool, config: &Config) -> Result<Option<Self>> {
        let (name, verb, task, images) = match command {
            Command::Deploy(args) => {
                let task =
                    if args.resume { DeploymentTask::Resume } else { DeploymentTask::Deploy { restart: args.restart } };
                (&args.environment, "deploy", task, args.images.images.clone())
            }
            Command::Rollback(args) => (&args.environment, "rollback", DeploymentTask::Rollback(args.to.clone()), None),
            Command::Smoke(args) => (&args.environment, "deploy", DeploymentTask::Look, None),
            Command::Status(args) => (&args.environment, "deploy", DeploymentTask::Look, None),
            _ if pushes => {
                // A pipeline types no name, so it leaves a guarded environment alone.
                let is_open = |environment: &&Environment| environment.name == STAGING && !environment.guard;
                let staging = config.environments.iter().find(is_open);
                let task = DeploymentTask::Deploy { restart: false };
                let stage = StageId::new(pipeline::DEPLOY_STAGING);
                let of = |environment: &Environment| Self {
                    environment: environment.clone(),
                    stage,
                    task,
                    images: Images::default(),
                };
                return Ok(staging.map(of));
            }
            _ => return Ok(None),
        };
        let environment = find(name, config)?.clone();
        let stage = StageId::new(&format!("{verb}-{}", environment.name));
        let images = Images::of(images.map(|file| cwd.join(file)));
        Ok(Some(Self { environment, stage, task, images }))
    }
}

impl Deployment {
    /// Makes the stages that were requested by themselves blocking, and names the one that deploys by its environment.
    pub(super) fn name_stages(&self, config: &mut Config, only: &mut [StageId]) {
        let old = StageId::new(pipeline::DEPLOY_STAGING);
        for stage in &mut config.stages {
            let definition = &mut stage.definition;
            if only.contains(&definition.id) {
                definition.policy = Policy::Blocking;
                definition.subcommand = self.stage.as_str().replacen('-', " ", 1);
            }
            if definition.id.as_str() == pipeline::SMOKE_TEST {
                definition.subcommand = format!("smoke {}", self.environment.name);
            }
            let ids = std::iter::once(&mut definition.id).chain(&mut definition.needs);
            ids.filter(|id| **id == old).for_each(|id| *id = self.stage.clone());
        }
        only.iter_mut().filter(|id| **id == old).for_each(|id| *id = self.stage.clone());
    }
}

/// The environment of this name.
fn find<'a>(name: &str, config: &'a Config) -> Result<&'a Environment> {
    let mut all = config.environments.iter();
    all.clone().find(|environment| environment.name == name).ok_or_else(|| {
        let names: Vec<&str> = all.by_ref().map(|environment| environment.name.as_str()).collect();
        let error = Error::unknown("environment", name);
        match (text::nearest(name, names.iter().copied()).first(), names.as_slice()) {
            (Some(near), _) => error.hint(format!("did you mean `{near}`?")),
            (None, []) => error.hint("describe one in `[workspace.metadata.xtask.environments.NAME]`"),
            (None, names) => error.hint(format!("the environments are {}", text::list(names))),
        }
    })
}
