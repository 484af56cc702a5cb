//! The settings of a run: the command line, then the environment, then the manifests, then the defaults, resolved once.
//! Nothing behind this module looks at an option that may or may not be set.

pub mod asked;
pub mod config;
pub mod deployment;
pub mod environments;
pub mod image;
mod machine;
pub mod manifest;
mod selection;

use crate::cli::{self, Command};
use crate::environment::Environment;
use crate::error::{Error, Exit, Result};
use crate::git;
use crate::git::Checkout;
use crate::ids::StageId;
use crate::metadata::advisories;
use crate::metadata::flags;
use crate::metadata::flags::Flags;
use crate::notify;
use crate::options::{BuilderChoice, EngineChoice};
use crate::pipeline::{self, Definition, Event};
use crate::registry::{self, Logins, PASSWORD, Registry};
use crate::text;
use crate::workspace::Workspace;
use config::Config;
use deployment::Deployment;
pub use machine::{Builder, Docker, Engine, Machine, Unseen};
use std::collections::BTreeSet;
use std::path::PathBuf;

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
    /// The one task of the first stage that was requested: `fmt` or `lint`.
    pub half: Option<String>,
    /// The stages to leave out.
    pub skip: Vec<StageId>,
    /// Fix the sources instead of complaining.
    pub fix: bool,
    /// What measures coverage; `LlvmCov` where a run that measures none leaves it open.
    pub engine: Engine,
    /// The task to carry out in an environment.
    pub deployment: Option<Deployment>,
    /// Whether there is a webhook to notify of the run.
    pub tells: bool,
    /// A note on the given advisory database.
    pub advisory_note: Option<String>,
    /// Arguments for the underlying tool.
    pub pass_on: Vec<String>,
    /// The program of xtask itself.
    pub program: PathBuf,
    /// The configuration of the workspace, with the command line's options applied.
    pub config: Config,
}

/// What of a command line concerns the plan; every command that plans is turned into this first.
#[derive(Clone, Debug, Default)]
struct Wishes {
    selection: cli::Selection,
    stages: cli::Stages,
    options: cli::StageOptions,
    half: Option<String>,
    fix: bool,
    push: bool,
    pass_on: Vec<String>,
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
        let wishes = Wishes::of(command);
        let mut config = Config::read(workspace, environment.now, built_in)?;
        if let Some(source) = wishes.options.servers.servers {
            config.servers_from = source;
        }
        if let Some(database) = wishes.options.database.advisory_db {
            config.advisory_db = Some(environment.cwd.join(database));
        }
        config.image.registry = wishes.options.registry.registry.or(config.image.registry);
        let logins = Logins::of(config.image.login, environment.var(PASSWORD).is_some());
        let audited = matches!(command, Command::Ci(_) | Command::Audit(_) | Command::Docker(_));
        let database = config.advisory_db.as_deref().filter(|_| audited);
        let advisory_note = database.and_then(advisories::newest).map(|day| format!("its newest one of {day}"));
        let stage = |name: &String| find_stage(name, &config);
        let mut only: Vec<StageId> = wishes.stages.only.iter().map(stage).collect::<Result<_>>()?;
        let skip: Vec<StageId> = wishes.stages.skip.iter().map(stage).collect::<Result<_>>()?;
        // What can be wrong comes before the machine is asked, which leaves traces on it.
        let selected = selected(&wishes.selection, workspace)?;
        let event = wishes.stages.event.or(environment.event()).unwrap_or(Event::PullRequest);
        // Which stages there are depends on it; a command for one stage does what was typed, whatever event caused it.
        let is_pipeline = matches!(command, Command::Ci(_) | Command::Plan(_) | Command::Graph(_));
        let pushes = is_pipeline && event == Event::Push;
        let makes_images = pushes || wishes.stages.only.iter().any(|only| is_images(only));
        let deployment = Deployment::of(command, &environment.cwd, pushes, &config)?;
        let is_alone = matches!(command, Command::Deploy(_) | Command::Rollback(_) | Command::Smoke(_));
        if let Some(deployment) = deployment.as_ref().filter(|_| is_alone) {
            deployment.name_stages(&mut config, &mut only);
        }
        let push = wishes.push || pushes;
        let asks_for = |id: &str, by_event: bool| {
            let id = StageId::new(id);
            !skip.contains(&id) && if only.is_empty() { by_event } else { only.contains(&id) }
        };
        let builder = wishes.options.builder.builder.unwrap_or(config.image.builder);
        let builder = if asks_for(pipeline::BUILD_AND_PUSH, push) { builder } else { BuilderChoice::Oci };
        let engine = wishes.options.engine.engine.unwrap_or(config.engine);
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
            half: wishes.half,
            fix: wishes.fix,
            tells: [notify::SLACK, notify::WEBHOOK].iter().any(|name| environment.var(name).is_some()),
            advisory_note,
            pass_on: wishes.pass_on,
            program: environment.program.clone(),
            config,
        })
    }
}

impl Settings {
    /// Where images go, under which tags, when they are to be pushed and can be.
    pub fn destination(&self) -> Option<(&Registry, Vec<String>)> {
        let checkout = self.checkout.as_ref().filter(|checkout| self.push && !checkout.dirty)?;
        let branch = self.branch.as_deref().or(checkout.branch.as_deref());
        Some((self.config.image.registry.as_ref()?, registry::tags(&checkout.commit, branch)))
    }
}

impl Wishes {
    fn of(command: &Command) -> Self {
        let only = |stage: &str| cli::Stages { only: vec![stage.to_owned()], ..cli::Stages::default() };
        let half = |fix: &cli::Fix, half: &str, pass_on: &[String]| Self {
            selection: fix.selection.clone(),
            stages: only(pipeline::FORMAT_AND_LINT),
            half: Some(half.to_owned()),
            fix: fix.fix,
            pass_on: pass_on.to_vec(),
            ..Self::default()
        };
        match command {
            Command::Ci(ci) => Self {
                selection: ci.selection.clone(),
                stages: ci.stages.clone(),
                options: ci.options.clone(),
                ..Self::default()
            },
            Command::Plan(plan) => Self {
                selection: plan.selection.clone(),
                stages: plan.stages.clone(),
                options: plan.options.clone(),
                ..Self::default()
            },
            Command::Matrix(matrix) => {
                Self { selection: matrix.selection.clone(), stages: only(&matrix.stage), ..Self::default() }
            }
            Command::Graph(graph) => Self { stages: graph.stages.clone(), ..Self::default() },
            Command::Fmt(fix) => half(fix, pipeline::FMT, &[]),
            Command::Lint(lint) => half(&lint.fix, pipeline::LINT, &lint.args),
            Command::TestMatrix(tests) => Self {
                selection: tests.selection.clone(),
                stages: only(pipeline::TEST_SERVICES),
                pass_on: tests.args.clone(),
                ..Self::default()
            },
            Command::Coverage(coverage) => Self {
                selection: coverage.selection.clone(),
                stages: only(pipeline::CODE_COVERAGE),
                options: cli::StageOptions {
                    engine: coverage.engine.clone(),
                    servers: coverage.servers.clone(),
                    ..cli::StageOptions::default()
                },
                ..Self::default()
            },
            Command::Audit(audit) => Self {
                stages: only(pipeline::SECURITY_AUDIT),
                options: cli::StageOptions { database: audit.database.clone(), ..cli::StageOptions::default() },
                ..Self::default()
            },
            Command::Deps(_) => Self { stages: only(pipeline::DEPENDENCY_CHECK), ..Self::default() },
            Command::Integration(integration) => Self {
                selection: integration.selection.clone(),
                stages: only(pipeline::INTEGRATION_TESTS),
                options: cli::StageOptions { servers: integration.servers.clone(), ..cli::StageOptions::default() },
                pass_on: integration.args.clone(),
                ..Self::default()
            },
            Command::Build(build) => {
                Self { selection: build.selection.clone(), stages: only(pipeline::BUILD_RELEASE), ..Self::default() }
            }
            Command::Docker(docker) => {
                let mut builder = docker.builder.clone();
                if docker.dockerfile {
                    builder.builder = Some(BuilderChoice::Docker);
                }
                let (database, registry) = (docker.database.clone(), docker.registry.clone());
                let mut stages = only(pipeline::BUILD_AND_PUSH);
                // Nothing is pushed before its known advisories could be seen.
                stages.only.extend(docker.push.then(|| pipeline::SECURITY_AUDIT.to_owned()));
                Self {
                    selection: docker.selection.clone(),
                    stages,
                    options: cli::StageOptions { database, builder, registry, ..cli::StageOptions::default() },
                    push: docker.push,
                    pass_on: docker.args.clone(),
                    ..Self::default()
                }
            }
            Command::Deploy(deploy) => {
                Self { selection: deploy.selection.clone(), stages: only(pipeline::DEPLOY_STAGING), ..Self::default() }
            }
            Command::Rollback(_) => Self { stages: only(pipeline::DEPLOY_STAGING), ..Self::default() },
            Command::Smoke(smoke) => {
                Self { selection: smoke.selection.clone(), stages: only(pipeline::SMOKE_TEST), ..Self::default() }
            }
            Command::Status(_)
            | Command::LogIn(_)
            | Command::NewService(_)
            | Command::Notify(_)
            | Command::PushImage(_)
            | Command::Report(_)
            | Command::Doctor(_)
            | Command::Setup(_)
            | Command::Test(_)
            | Command::Completions { .. } => Self::default(),
        }
    }
}

/// Whether a stage that was named is the one that makes images.
fn is_images(name: &str) -> bool {
    matches!(name, pipeline::BUILD_AND_PUSH | pipeline::DOCKER)
}

/// The packages that were named. A service may be named without its `-service`.
fn selected(selection: &cli::Selection, workspace: &Workspace) -> Result<Option<BTreeSet<String>>> {
    let names: Vec<&String> = selection.services.iter().chain(&selection.package).collect();
    let mut found = BTreeSet::new();
    for name in &names {
        let package = workspace.package(name).or_else(|| workspace.package(&format!("{name}-service")));
        let Some(package) = package else {
            let known = workspace.packages.iter().map(|package| package.name.as_str());
            let short = known.clone().filter_map(|name| name.strip_suffix("-service"));
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
    let word = if name == "fmt" { pipeline::FORMAT_AND_LINT } else { name };
    let known = config.stages.iter().map(|stage| &stage.definition);
    let found =
        known.clone().find(|stage| stage.id.as_str() == word || stage.subcommand.split(' ').next() == Some(word));
    found.map(|stage| stage.id.clone()).ok_or_else(|| {
        let names: Vec<&str> = known.flat_map(|stage| [stage.id.as_str(), stage.subcommand.as_str()]).collect();
        let error = Error::unknown("stage", name);
        match text::nearest(name, names.iter().copied()).first() {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error
                .hint(format!("the stages are {}", text::list(config.stages.iter().map(|s| s.definition.id.as_str())))),
        }
    })
}
