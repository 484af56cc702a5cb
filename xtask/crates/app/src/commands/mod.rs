//! The commands of the command line: resolve, plan, run, show. All decisions are in `settings`, all execution is in
//! `exec`, and all output is in `report`.

mod deploy;
mod ending;
mod images;
mod init;
mod interrupted;
mod jobs;
mod matrix;
mod new_service;
mod notify;
mod records;
mod report;
mod run;
mod show;
mod start;
mod tools;
mod unstarted;

use crate::cli::{self, Cli, Command};
pub use crate::program::Session;
use crate::settings::config::Config;
use crate::settings::{Settings, keys};
use xtask_cargo::metadata;
use xtask_cargo::tools::{Consent, Places};
use xtask_core::error::{Error, Exit, Result};
use xtask_core::workspace::Workspace;
use xtask_process::environment::Environment;
use xtask_process::process;

/// Performs the command line. An answer that does not fit where stdout goes is a failure of its own, because a program
/// would take it for complete; where something else failed already it is a warning.
pub fn perform(cli: &Cli, session: &Session) -> Result<Exit> {
    // Without it an orphan that hides from its task is found a little later, at the start of the next run.
    let _ = process::become_subreaper();
    let _signals = ending::listen(session)?;
    let exit = dispatch(cli, session);
    if let Err(error) = &exit {
        unstarted::show(error, &cli.command, session);
    }
    match (exit, session.printer.take_lost()) {
        (Ok(Exit::Ok), Some(error)) => Err(Error::environment("write the answer to stdout")
            .because(error)
            .hint("free space where stdout is written, and run the command again")),
        (exit, Some(error)) => {
            session.printer.say(&format!("warning: the answer on stdout is incomplete: {error}"));
            exit
        }
        (exit, None) => exit,
    }
}

/// Shows in a job of GitHub what kept a command from beginning.
pub fn refuse(error: Error, cli: &Cli, session: &Session) -> Error {
    unstarted::show(&error, &cli.command, session);
    error
}

/// The same of a command line that cannot be read. Which stages it asks for is unknown, so there is no record.
pub fn refuse_line(typed: &str, said: &str, code: u8, environment: &Environment) {
    unstarted::show_line(typed, said, code, environment);
}

fn dispatch(cli: &Cli, session: &Session) -> Result<Exit> {
    match &cli.command {
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::program(&session.program.commands()), "xtask", &mut script);
            session.printer.data(&String::from_utf8_lossy(&script));
            Ok(Exit::Ok)
        }
        Command::Schema => {
            session.printer.data(&format!("{:#}", keys::of_manifests(&session.program.pipeline.definitions())));
            Ok(Exit::Ok)
        }
        Command::Plan(plan) => show::plan(&cli.command, plan, session),
        Command::Graph(graph) => show::graph(&cli.command, graph, session),
        Command::Matrix(matrix) => matrix::show(&cli.command, matrix, session),
        Command::Init(args) => init::init(args, session),
        Command::NewService(new) => new_service::make(new, session),
        Command::Doctor(json) => tools::doctor(json, session),
        Command::Setup(setup) => tools::setup(setup, session),
        Command::Deploy(args) => deploy::deploy(&cli.command, args, session),
        Command::Rollback(args) => deploy::rollback(&cli.command, args, session),
        Command::Status(args) => deploy::status(&cli.command, args, session),
        Command::Report(report) => report::show(report, session),
        Command::Stage(line) if line.args::<cli::Docker>().dockerfile => images::dockerfile(&cli.command, session),
        Command::Notify(args) => notify::notify(args, session),
        Command::Stage(line) => run::run(&cli.command, &line.run, session),
        Command::Added(line) => match session.program.find(&line.name) {
            Some(command) => command.run(&line.args, session),
            None => Err(Error::new(Exit::Bug, format!("run `{}`: this program has no such command", line.name))),
        },
        Command::Ci(cli::Ci { run, .. }) | Command::Smoke(cli::Smoke { run, .. }) => {
            run::run(&cli.command, run, session)
        }
    }
}

impl Session {
    /// Where tools are looked for and installed.
    pub fn places(&self, workspace: &Workspace) -> Places {
        tools::places(&self.environment, workspace)
    }

    /// The consent that an installation has.
    pub fn consent(&self) -> Consent<'static> {
        tools::consent(&self.environment)
    }

    /// Loads the workspace and resolves the settings of `command` in it.
    fn resolve(&self, command: &Command) -> Result<(Workspace, Settings)> {
        let workspace = metadata::load::load(&self.environment)?;
        let machine = tools::Here { environment: &self.environment, workspace: &workspace };
        let settings =
            Settings::resolve(command, &self.environment, &workspace, &machine, &self.program.pipeline.definitions())?;
        Ok((workspace, settings))
    }

    /// Reads the configuration of the workspace.
    fn config(&self, workspace: &Workspace) -> Result<Config> {
        Config::read(workspace, self.environment.now, &self.program.pipeline.definitions())
    }

    /// A path as the user would type it in the current directory.
    fn shown(&self, path: &std::path::Path) -> String {
        let below = path.strip_prefix(&self.environment.cwd);
        below.map_or_else(|_| path.display().to_string(), |below| below.display().to_string())
    }
}

/// Reports a problem that does not change the verdict.
fn warn(error: &Error, session: &Session) {
    session.printer.say(&format!("warning: {}; the verdict is not affected", error.line()));
}

/// The error that nothing was selected, and why that is no success.
fn nothing(what: &str) -> Error {
    Error::new(Exit::NothingSelected, what.to_owned())
}
