//! The settings of a run: the command line, then the environment, then the manifests, then the defaults, resolved once.
//! Nothing behind this module looks at an option that may or may not be set.

pub mod asked;
pub mod config;
pub mod deployment;
pub mod environments;
pub mod image;
pub mod keys;
mod machine;
pub mod manifest;
mod selection;
pub mod service;

use crate::cli::{self, Command, StageLine};
use config::Config;
use deployment::Deployment;
pub use machine::{Builder, Docker, Engine, Machine, Unseen};
use std::collections::BTreeSet;
use xtask_cargo::metadata::advisories;
use xtask_cargo::metadata::flags;
use xtask_cargo::metadata::flags::Flags;
use xtask_core::error::{Error, Exit, Result};
use xtask_core::ids::StageId;
use xtask_core::options::{BuilderChoice, EngineChoice};
use xtask_core::pipeline::{self, Definition, Event};
use xtask_core::registry::{self, Logins, PASSWORD, Registry};
use xtask_core::text;
use xtask_core::workspace::Workspace;
use xtask_engine::git;
use xtask_engine::git::Checkout;
use xtask_process::environment::Environment;
use xtask_ship::jobs::announce::Origin;
use xtask_ship::notify;

/// The input of the planner.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The event that caused the run.
    pub event: Event,
    /// The branch, when it is known.
    pub branch: Option<String>,
    /// The tag, where one was pushed: it may have the name of a branch.
    pub tag: Option<String>,
    /// Whether images are to be pushed.
    pub push: bool,
    /// What makes images; `Oci` in a run that makes none.
    pub builder: Builder,
    /// How to log in to registries.
    pub logins: Logins,
    /// The checkout that images are named and dated by, where the run makes some and there is a commit.
    pub checkout: Option<Checkout>,
    /// Where release builds take the flags for rustc from.
    pub flags: Flags,
    /// The packages that were named; `None` for all.
    pub selected: Option<BTreeSet<String>>,
    /// The stages that were named; empty for all of the event.
    pub only: Vec<StageId>,
    /// The stages to leave out.
    pub skip: Vec<StageId>,
    /// What measures coverage; `LlvmCov` where a run that measures none leaves it open.
    pub engine: Engine,
    /// The task to carry out in an environment.
    pub deployment: Option<Deployment>,
    /// Whether there is a webhook to notify of the run.
    pub notifies: bool,
    /// A note on the given advisory database.
    pub advisory_note: Option<String>,
    /// The line of a command that runs one stage, for the options that only this stage knows.
    pub line: Option<StageLine>,
    /// Where notifications come from.
    pub origin: Origin,
    /// The configuration of the workspace, with the command line's options applied.
    pub config: Config,
}

impl Settings {
    /// Resolves what `command` asks for in this workspace, on this machine, by a program with these stages.
    pub fn resolve(
        command: &Command,
        environment: &Environment,
        workspace: &Workspace,
        machine: &dyn Machine,
        built_in: &[Definition],
    ) -> Result<Self> {
        let options = command.options();
        let stages = command.stages();
        let docker: cli::Docker = command.own();
        let mut config = Config::read(workspace, environment.now, built_in)?;
        if let Some(source) = options.servers.servers {
            config.servers_from = source;
        }
        if let Some(database) = options.database.advisory_db {
            config.advisory_db = Some(environment.cwd.join(database));
        }
        config.image.registry = options.registry.registry.or(config.image.registry);
        let logins = Logins::of(config.image.login, environment.var(PASSWORD).is_some());
        let stage = |name: &String| find_stage(name, &config);
        let mut only: Vec<StageId> = stages.only.iter().map(stage).collect::<Result<_>>()?;
        let skip: Vec<StageId> = stages.skip.iter().map(stage).collect::<Result<_>>()?;
        // What can be wrong comes before the machine is asked, which leaves traces on it.
        let selected = selected(&command.selection(), workspace)?;
        let event = stages.event.or(environment.event()).unwrap_or(Event::PullRequest);
        // Which stages there are depends on it; a command for one stage does what was typed, whatever event caused it.
        let is_pipeline = matches!(command, Command::Ci(_) | Command::Plan(_) | Command::Graph(_));
        let pushes = is_pipeline && event == Event::Push;
        let makes_images = pushes || only.iter().any(|only| only.as_str() == pipeline::BUILD_AND_PUSH);
        let deployment = Deployment::of(command, &environment.cwd, pushes, &config)?;
        let is_alone = matches!(command, Command::Deploy(_) | Command::Rollback(_) | Command::Smoke(_));
        if let Some(deployment) = deployment.as_ref().filter(|_| is_alone) {
            deployment.name_stages(&mut config, &mut only);
        }
        let push = docker.push || pushes;
        let asks_for = |id: &str, by_event: bool| {
            let id = StageId::new(id);
            !skip.contains(&id) && if only.is_empty() { by_event } else { only.contains(&id) }
        };
        let audits = command.run().is_some() && asks_for(pipeline::SECURITY_AUDIT, true);
        let database = config.advisory_db.as_deref().filter(|_| audits);
        let advisory_note = database.and_then(advisories::newest).map(|day| format!("its newest one of {day}"));
        let builder = docker.dockerfile.then_some(BuilderChoice::Docker).or(options.builder.builder);
        let builder = builder.unwrap_or(config.image.builder);
        let builder = if asks_for(pipeline::BUILD_AND_PUSH, push) { builder } else { BuilderChoice::Oci };
        let engine = options.engine.engine.unwrap_or(config.engine);
        let engine = match engine {
            EngineChoice::Auto if !asks_for(pipeline::CODE_COVERAGE, true) => EngineChoice::LlvmCov,
            engine => engine,
        };
        Ok(Self {
            event,
            builder: Builder::of(builder, &config.image, machine),
            engine: Engine::of(engine, machine),
            // Only what is linked in another way than cargo would needs to know them.
            flags: if config.image.links_statically(makes_images) {
                flags::read(environment, &workspace.root)?
            } else {
                Flags::default()
            },
            checkout: if makes_images { git::checkout(&workspace.root)? } else { None },
            push,
            logins,
            branch: environment.branch().map(str::to_owned),
            tag: environment.tag().map(str::to_owned),
            selected,
            only,
            skip,
            deployment,
            notifies: [notify::SLACK, notify::WEBHOOK].iter().any(|name| environment.var(name).is_some()),
            advisory_note,
            line: command.line().cloned(),
            origin: Origin::of(environment, &workspace.target_dir, config.notify_on),
            config,
        })
    }
}

impl Settings {
    /// The arguments that only the command of a stage takes; their defaults for any other command.
    pub fn own<A: clap::Args + Default>(&self) -> A {
        self.line.as_ref().map(StageLine::args).unwrap_or_default()
    }

    /// Where images go, under which tags, when they are to be pushed and can be.
    pub fn destination(&self) -> Option<(&Registry, Vec<String>)> {
        let checkout = self.checkout.as_ref().filter(|checkout| self.push && !checkout.dirty)?;
        let branch = self.branch.as_deref().or(checkout.branch.as_deref());
        Some((self.config.image.registry.as_ref()?, registry::tags(&checkout.commit, branch)))
    }
}

/// The packages that were named. A service may be named without its suffix, such as `-service`.
fn selected(selection: &cli::Selection, workspace: &Workspace) -> Result<Option<BTreeSet<String>>> {
    let names: Vec<&String> = selection.services.iter().chain(&selection.package).collect();
    let suffix = service::suffix(workspace);
    let mut found = BTreeSet::new();
    for name in &names {
        let package = workspace.package(name).or_else(|| workspace.package(&format!("{name}{suffix}")));
        let Some(package) = package else {
            let known = workspace.packages.iter().map(|package| package.name.as_str());
            let short = known.clone().filter_map(|name| name.strip_suffix(suffix.as_str()));
            // Short names are so short that many a word is near to some of them.
            let near = Some(text::nearest(name, known.clone())).filter(|near| !near.is_empty());
            let near = near.unwrap_or_else(|| text::nearest(name, short));
            let names = if near.is_empty() { known.collect() } else { near.clone() };
            let hint = if near.is_empty() { "the packages are" } else { "did you mean" };
            let names = text::list(names.iter().map(|name| format!("`{name}`")));
            return Err(Error::usage(format!("select `{name}`: no package of this workspace has that name"))
                .hint(format!("{hint} {names}{}", if near.is_empty() { "" } else { "?" })));
        };
        found.insert(package.name.clone());
    }
    if workspace.packages.is_empty() {
        return Err(Error::new(Exit::NothingSelected, "select packages: this workspace has none"));
    }
    Ok((!names.is_empty()).then_some(found))
}

/// A stage by its id or its command.
fn find_stage(name: &str, config: &Config) -> Result<StageId> {
    let known = config.stages.iter().map(|stage| &stage.definition);
    known.clone().find(|stage| stage.is_called(name)).map(|stage| stage.id.clone()).ok_or_else(|| {
        let names: Vec<&str> = known.flat_map(|stage| [stage.id.as_str(), stage.subcommand.as_str()]).collect();
        let error = Error::unknown("stage", name);
        match text::nearest(name, names.iter().copied()).first() {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error
                .hint(format!("the stages are {}", text::list(config.stages.iter().map(|s| s.definition.id.as_str())))),
        }
    })
}
