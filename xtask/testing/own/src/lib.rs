//! `cargo xtask test` of this repository: its own tests, with everything that they need.

mod engine;
mod not_tested;
pub mod tools;

use clap::{ArgMatches, Args as _, FromArgMatches as _};
use engine::Engine;
use not_tested::{NOT_TESTED, NotTested};
use xtask_app::{Session, Subcommand};
use xtask_cargo::metadata;
use xtask_cargo::tools::{Consent, Places, Toolbox, setup, survey};
use xtask_core::catalogue::Tool;
use xtask_core::command::Command;
use xtask_core::error::{Error, Exit, Result};

/// The command `test`.
#[derive(Debug)]
pub struct OwnTests;

/// Its arguments.
#[derive(clap::Args, Clone, Debug)]
struct Args {
    /// Fail instead of installing missing tools
    #[arg(long, env = "XTASK_NO_INSTALL", hide_env_values = true, help_heading = "Run options")]
    #[arg(value_parser = clap::builder::FalseyValueParser::new())]
    no_install: bool,
    /// Arguments for `cargo test`; those after a second `--` are for the test binaries
    #[arg(last = true, value_name = "ARGS")]
    args: Vec<String>,
}

impl Subcommand for OwnTests {
    fn command(&self) -> clap::Command {
        Args::augment_args(clap::Command::new("test"))
            .about("Run this repository's own tests, and install what they need")
    }

    fn tools(&self) -> Vec<Tool> {
        tools::ALL.to_vec()
    }

    fn run(&self, args: &ArgMatches, session: &Session) -> Result<Exit> {
        // clap has checked them already.
        let args = Args::from_arg_matches(args)
            .map_err(|error| Error::usage("read the arguments of `test`").detail(error.to_string()))?;
        run(&args, session)
    }
}

/// Sets up the tools of the whole pipeline, for the tests run the real ones, and calls cargo.
fn run(args: &Args, session: &Session) -> Result<Exit> {
    let workspace = metadata::load::load(&session.environment)?;
    let Some(package) = workspace.package("xtask") else {
        return Err(Error::new(Exit::NothingSelected, "test xtask: this workspace has no package of that name")
            .hint("the tests of its own packages: `cargo xtask test-matrix`"));
    };
    let places = session.places(&workspace);
    let consent = if args.no_install { Consent::Refused } else { session.consent() };
    let get = |tools: &mut dyn Iterator<Item = Tool>| {
        setup::setup(tools, &places, consent, &mut |command| {
            session.printer.say(&format!("running {command}"));
            setup::run_visibly(command, &places)
        })
    };
    let ready = get(&mut setup::defaults());
    session.printer.say(ready.text().trim_end());
    if ready.exit() != Exit::Ok {
        return Err(
            Error::environment("set up what the tests need").hint("what is missing, and what to do, is listed above")
        );
    }
    // Without one of these, the tests that call it say so and the others run.
    let extra = get(&mut tools::ALL.into_iter());
    if extra.exit() != Exit::Ok {
        session.printer.say(extra.text().trim_end());
    }
    let found = survey(tools::ALL.into_iter().chain([Tool::DOCKER]), &places);
    let toolbox = Toolbox::new(&found, [], &places);
    let places = Places { path: toolbox.search_path(&places.path), ..places };
    let starts_engine = !found.has(Tool::DOCKER) && found.has(tools::ENGINE) && places.is_root;
    let engine = if starts_engine { engine(session, &places) } else { None };
    let not_tested = NotTested::new()?;
    // Packages within xtask's directory are tested with it: the packing of images, and the cluster that its tests
    // deploy to.
    let own = workspace.packages.iter().filter(|own| own.dir.starts_with(&package.dir));
    let command = Command::cargo(&workspace.root)
        .args(["test", "--no-fail-fast"])
        .args(own.flat_map(|own| ["--package", &own.name]))
        .args(args.args.iter().cloned());
    let host = engine.as_ref().map(|engine| ("DOCKER_HOST", engine.host.clone()));
    let vars = host.into_iter().chain([(NOT_TESTED, not_tested.path())]);
    let command = vars.fold(command, |command, (name, value)| command.env(name, value));
    session.printer.say(&format!("running {command}"));
    let ended = setup::run_visibly(&command, &places);
    not_tested.report(session);
    Ok(if ended.is_ok() { Exit::Ok } else { Exit::Gate })
}

/// An engine for the tests; without one those that need it report that, and the others run.
fn engine(session: &Session, places: &Places) -> Option<Engine> {
    let log = places.memory.join("test-engine.log");
    let engine = std::fs::create_dir_all(&places.memory)
        .map_err(|error| Error::environment(format!("create {}", places.memory.display())).because(error))
        .and_then(|()| Engine::start(session, places, &log));
    engine.inspect_err(|error| session.printer.say(&error.to_string())).ok()
}
