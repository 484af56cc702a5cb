//! The command line: what can be typed, and nothing about what it means. `settings` gives it meaning.

#![expect(missing_docs, reason = "clap would show a docstring as the command's help; the help texts say it all")]

mod environments;
mod images;
mod options;
mod reports;
mod shows;
mod variables;

pub use environments::{Deploy, ImagesOption, Rollback, Smoke, Status, Yes};
pub use images::{Docker, LogIn, PushImage};
pub use options::{BuilderOption, DatabaseOption, EngineOption, RegistryOption, ServersOption, StageOptions};
pub use reports::{Notify, Report, Told};
pub use shows::{Graph, GraphFormat, Plan};
pub use variables::without_secrets;

use crate::pipeline::Event;
use clap::{ArgAction, Args, ColorChoice, Parser, Subcommand};
use std::path::PathBuf;

/// The headings of the options, in every command's help.
const WHICH: &str = "What to run";
const STAGE: &str = "Options of the stages";
const HOW: &str = "How to run it";
const OUTPUT: &str = "Output";
const GLOBAL: &str = "Global options";

const AFTER: &str = "\
Exit codes:
  0    ok (warnings allowed)
  1    a gate failed
  2    the command line or the configuration is wrong
  3    the environment: a tool, the network, the disk; also in a stage run alone that does not block
  4    nothing selected
  5    timed out
  6    another run holds this checkout, or another deployment the environment
  7    a deployment failed; what was before is back and verified
  8    a deployment failed, and a human is needed
  70   a bug in xtask
  130  interrupted (143 by SIGTERM, 129 by SIGHUP)

`cargo xtask doctor` tells whether everything is there; README.md tells the rest.";

/// One pipeline for the whole workspace, the same on a laptop and in CI
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, propagate_version = false)]
#[command(subcommand_required = true, arg_required_else_help = true, max_term_width = 100)]
#[command(disable_help_flag = true, after_help = AFTER)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Args, Clone, Debug)]
pub struct Global {
    /// Work as if started in DIR: any cargo workspace will do
    #[arg(short = 'C', long, global = true, value_name = "DIR", help_heading = GLOBAL)]
    pub directory: Option<PathBuf>,
    /// Show failures and the verdict only
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = GLOBAL)]
    pub quiet: bool,
    /// Show every task's command as it starts
    #[arg(short, long, global = true, help_heading = GLOBAL)]
    pub verbose: bool,
    /// Colour the output
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = GLOBAL)]
    pub color: ColorChoice,
    /// Print help
    #[arg(short, long, global = true, action = ArgAction::Help, help_heading = GLOBAL)]
    help: Option<bool>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the whole pipeline: everything that CI will say about a pull request
    Ci(Ci),
    /// Check the formatting of all sources
    Fmt(Fix),
    /// Check all sources with clippy; any warning fails
    Lint(Lint),
    /// Run the unit and doc tests of every service, and count them per service
    TestMatrix(Tests),
    /// Measure what the tests reach, and compare it with the gate
    Coverage(Coverage),
    /// Look for vulnerable, unmaintained and forbidden dependencies
    Audit(Audit),
    /// List outdated and duplicate dependencies
    Deps(Stage),
    /// Run the integration tests of every service against the real servers that it needs
    Integration(Integration),
    /// Build the release binaries of every service
    Build(Packages),
    /// Make an image of every service, and push them
    Docker(Docker),
    /// Log in to the registry, as a task of a run
    #[command(hide = true)]
    LogIn(LogIn),
    /// Push an image and read it back, as a task of a run
    #[command(hide = true)]
    PushImage(PushImage),
    /// Deploy services to an environment, watch them, and go back when one fails
    Deploy(Deploy),
    /// Bring back what ran before the last deployment, or what a run has deployed
    Rollback(Rollback),
    /// Tell what runs in an environment
    Status(Status),
    /// Look whether what runs in an environment works, and go back when it does not and `rollback-on-smoke` says so
    Smoke(Smoke),
    /// Tell about the latest run, in Markdown or JSON
    Report(Report),
    /// Tell Slack, another webhook and GitHub about the latest run, and what to do next
    Notify(Notify),
    /// Print what a run would do, before anything runs
    Plan(Plan),
    /// Draw the stages and what they need
    Graph(Graph),
    /// Print the services and libraries of a stage as a job matrix for GitHub Actions
    Matrix(Matrix),
    /// Make a service from the workspace's template; every stage takes it up by itself
    NewService(NewService),
    /// Tell which tools are there, in which versions, and what to do about the others
    Doctor(Json),
    /// Install every tool that the pipeline of a pull request misses
    Setup(Setup),
    /// Run xtask's own tests, with everything they need
    Test(Own),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// How a run behaves, whatever it runs.
#[derive(Args, Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that people type")]
pub struct Run {
    /// How many tasks run at once [default: the number of processors, at least 2]
    #[arg(short, long, value_name = "N", env = "XTASK_JOBS", hide_env_values = true, help_heading = HOW)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// Go on after a failure with everything that does not need what failed [default in CI]
    #[arg(long, conflicts_with = "fail_fast", help_heading = HOW)]
    pub keep_going: bool,
    /// Start nothing new after a failure that blocks [default outside CI]
    #[arg(long, help_heading = HOW)]
    pub fail_fast: bool,
    /// Print the commands of the run and do nothing
    #[arg(long, help_heading = HOW)]
    pub dry_run: bool,
    /// Print the summary as JSON on stdout when the run is over
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
    /// Also write the run's events to FILE, one JSON object a line
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub events: Option<PathBuf>,
    /// Run also what has passed before with the same inputs, and remember the new result
    #[arg(long, help_heading = HOW)]
    pub force: bool,
    /// Neither look up nor remember what has passed
    #[arg(long, help_heading = HOW)]
    pub no_cache: bool,
    /// Fail instead of installing a missing tool
    #[arg(long, env = "XTASK_NO_INSTALL", hide_env_values = true, help_heading = HOW)]
    #[arg(value_parser = clap::builder::FalseyValueParser::new())]
    pub no_install: bool,
    /// Wait for another run in this checkout instead of failing
    #[arg(long, help_heading = HOW)]
    pub wait: bool,
}

/// Which packages a run is about.
#[derive(Args, Clone, Debug, Default)]
pub struct Selection {
    /// Only these services or other packages; the ending `-service` may be left out
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// Only this package; may be given several times
    #[arg(short, long, value_name = "NAME", help_heading = WHICH)]
    pub package: Vec<String>,
}

/// Which stages of the pipeline.
#[derive(Args, Clone, Debug, Default)]
pub struct Stages {
    /// Only this stage, by its id or its command; may be given several times
    #[arg(long, value_name = "STAGE", help_heading = WHICH)]
    pub only: Vec<String>,
    /// Without this stage; what needs it goes on as if it had passed
    #[arg(long, value_name = "STAGE", help_heading = WHICH)]
    pub skip: Vec<String>,
    /// What caused the run [default: what GitHub says, else pull-request]
    #[arg(long, value_name = "EVENT", env = "XTASK_EVENT", hide_env_values = true, help_heading = WHICH)]
    pub event: Option<Event>,
}

#[derive(Args, Clone, Debug, Default)]
pub struct Ci {
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub stages: Stages,
    #[command(flatten)]
    pub options: StageOptions,
    #[command(flatten)]
    pub run: Run,
}

/// A stage about the whole workspace.
#[derive(Args, Clone, Debug)]
pub struct Stage {
    #[command(flatten)]
    pub run: Run,
}

#[derive(Args, Clone, Debug)]
pub struct Fix {
    #[command(flatten)]
    pub selection: Selection,
    /// Change the sources instead of complaining about them
    #[arg(long, help_heading = STAGE)]
    pub fix: bool,
    #[command(flatten)]
    pub run: Run,
}

#[derive(Args, Clone, Debug)]
pub struct Lint {
    #[command(flatten)]
    pub fix: Fix,
    /// Arguments for clippy: `-W clippy::nursery`
    #[arg(last = true, value_name = "ARGS")]
    pub args: Vec<String>,
}

#[derive(Args, Clone, Debug)]
pub struct Tests {
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub run: Run,
    /// Arguments for the test binaries: a filter, `--nocapture`, `--test-threads 1`
    #[arg(last = true, value_name = "ARGS")]
    pub args: Vec<String>,
}

#[derive(Args, Clone, Debug)]
pub struct Coverage {
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub engine: EngineOption,
    #[command(flatten)]
    pub servers: ServersOption,
    #[command(flatten)]
    pub run: Run,
}

#[derive(Args, Clone, Debug)]
pub struct Audit {
    #[command(flatten)]
    pub database: DatabaseOption,
    #[command(flatten)]
    pub run: Run,
}

#[derive(Args, Clone, Debug)]
pub struct Integration {
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub servers: ServersOption,
    #[command(flatten)]
    pub run: Run,
    /// Arguments for the test binaries: a filter, `--nocapture`, `--test-threads 1`
    #[arg(last = true, value_name = "ARGS")]
    pub args: Vec<String>,
}

#[derive(Args, Clone, Debug)]
pub struct Packages {
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub run: Run,
}

#[derive(Args, Clone, Debug)]
pub struct Matrix {
    /// A stage that works service by service, by its id or its command: `test-matrix`, `integration`, `docker`
    #[arg(value_name = "STAGE")]
    pub stage: String,
    #[command(flatten)]
    pub selection: Selection,
    /// Also set the output NAME of the step, for `fromJSON`: append it to the file that `GITHUB_OUTPUT` names
    #[arg(long, value_name = "NAME", help_heading = OUTPUT)]
    pub github_output: Option<String>,
}

#[derive(Args, Clone, Debug)]
pub struct NewService {
    /// What it is called; the ending `-service` may be left out
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Print the files and write nothing
    #[arg(long, help_heading = HOW)]
    pub dry_run: bool,
    /// Wait for a run in this checkout instead of failing
    #[arg(long, help_heading = HOW)]
    pub wait: bool,
}

#[derive(Args, Clone, Debug)]
pub struct Json {
    /// Print JSON
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
}

#[derive(Args, Clone, Debug)]
pub struct Setup {
    /// Install system packages without asking
    #[arg(short, long, help_heading = HOW)]
    pub yes: bool,
}

#[derive(Args, Clone, Debug)]
pub struct Own {
    /// Fail instead of installing a missing tool
    #[arg(long, env = "XTASK_NO_INSTALL", hide_env_values = true, help_heading = HOW)]
    #[arg(value_parser = clap::builder::FalseyValueParser::new())]
    pub no_install: bool,
    /// Arguments for `cargo test --package xtask`: `--lib`, `--test it`, or a filter; behind a second `--`, arguments
    /// for the test binaries
    #[arg(last = true, value_name = "ARGS")]
    pub args: Vec<String>,
}
