//! The command line as data. `settings` interprets it.

#![expect(missing_docs, reason = "clap would show a docstring as the command's help; the help texts suffice")]

mod asked;
mod environments;
mod images;
mod init;
mod options;
mod reports;
mod shows;
mod stage;
mod variables;

pub use environments::{Deploy, ImagesOption, Rollback, Smoke, Status, Yes};
pub use images::Docker;
pub use init::Init;
pub use options::{BuilderOption, DatabaseOption, EngineOption, RegistryOption, ServersOption, StageOptions};
pub use reports::{Notify, Report, Subject};
pub use shows::{Graph, GraphFormat, Plan};
pub use stage::{PassOn, StageCommand, StageLine};
pub use variables::without_secrets;

use clap::{ArgAction, ArgMatches, Args, ColorChoice, Parser, Subcommand};
use std::path::PathBuf;
use xtask_core::pipeline::Event;

/// The headings of the options, in every command's help.
const WHICH: &str = "Selection";
/// The heading of the options that only some stages take.
pub const STAGE: &str = "Stage options";
const HOW: &str = "Run options";
const OUTPUT: &str = "Output options";
const GLOBAL: &str = "Global options";

const AFTER: &str = "\
Exit codes:
  0    success; warnings are allowed
  1    a gate failed
  2    invalid command line or configuration
  3    environment error: a tool, the network or the disk
  4    nothing selected, or nothing to do
  5    timed out
  6    another run holds this checkout, or another deployment the environment
  7    a deployment failed; the previous state is restored and verified
  8    a deployment failed and needs manual intervention
  70   a bug in xtask
  130  interrupted (143 by SIGTERM, 129 by SIGHUP)

Run `cargo xtask doctor` to check the tools. See README.md and docs/ for more.";

/// Run the workspace's pipeline, the same on a laptop and in CI
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

/// The options of every command.
#[derive(Args, Clone, Debug)]
pub struct Global {
    /// Run as if started in DIR
    #[arg(short = 'C', long, global = true, value_name = "DIR", help_heading = GLOBAL)]
    pub directory: Option<PathBuf>,
    /// Print only failures and the verdict
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = GLOBAL)]
    pub quiet: bool,
    /// Also print each task's command as it starts
    #[arg(short, long, global = true, help_heading = GLOBAL)]
    pub verbose: bool,
    /// Control colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = GLOBAL)]
    pub color: ColorChoice,
    /// Print help
    #[arg(short, long, global = true, action = ArgAction::Help, help_heading = GLOBAL)]
    help: Option<bool>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the pipeline of a pull request, as CI does
    Ci(Ci),
    /// Run one stage
    #[command(skip)]
    Stage(StageLine),
    /// Run a command that the repository has added
    #[command(skip)]
    Added(Added),
    /// Deploy services to an environment; roll back on failure
    Deploy(Deploy),
    /// Restore what ran before the last deployment
    Rollback(Rollback),
    /// Show what runs in an environment
    Status(Status),
    /// Smoke-test an environment; roll back on failure if `rollback-on-smoke` is set
    Smoke(Smoke),
    /// Report on the latest run, in Markdown or JSON
    Report(Report),
    /// Send a report on the latest run to Slack, another webhook and GitHub
    Notify(Notify),
    /// Print what a run would do
    Plan(Plan),
    /// Draw the stages and their needs
    Graph(Graph),
    /// Print the packages of a stage as a job matrix for GitHub Actions
    Matrix(Matrix),
    /// Make this workspace use xtask: show the changes, ask, and write them
    Init(Init),
    /// Create a service from the workspace's template
    NewService(NewService),
    /// List tools and versions, and how to install missing ones
    Doctor(Json),
    /// Install missing tools for the pull request pipeline
    Setup(Setup),
    /// Print the JSON schema of the configuration, for editors
    Schema,
    /// Generate a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// The commands that a program has besides those of [`Command`].
#[derive(Clone, Debug, Default)]
pub struct Commands {
    /// Those of its stages.
    pub stages: Vec<StageCommand>,
    /// Those that the repository has added.
    pub added: Vec<clap::Command>,
}

/// The line of a command that the repository has added.
#[derive(Clone, Debug)]
pub struct Added {
    /// Its name.
    pub name: String,
    /// What was typed behind it.
    pub args: ArgMatches,
}

/// The options of every run.
#[derive(Args, Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that people type")]
pub struct Run {
    /// Run at most N tasks at once [default: the number of processors, at least 2]
    #[arg(short, long, value_name = "N", env = "XTASK_JOBS", hide_env_values = true, help_heading = HOW)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// Continue with everything that does not depend on a failure [default in CI]
    #[arg(long, conflicts_with = "fail_fast", help_heading = HOW)]
    pub keep_going: bool,
    /// Start nothing new after a blocking failure [default outside CI]
    #[arg(long, help_heading = HOW)]
    pub fail_fast: bool,
    /// Print the commands without running them
    #[arg(long, help_heading = HOW)]
    pub dry_run: bool,
    /// Print the summary as JSON on stdout
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
    /// Also write events to FILE, one JSON object per line
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub events: Option<PathBuf>,
    /// Ignore cached results, and cache the new ones
    #[arg(long, help_heading = HOW)]
    pub force: bool,
    /// Disable the result cache
    #[arg(long, help_heading = HOW)]
    pub no_cache: bool,
    /// Fail instead of installing missing tools
    #[arg(long, env = "XTASK_NO_INSTALL", hide_env_values = true, help_heading = HOW)]
    #[arg(value_parser = clap::builder::FalseyValueParser::new())]
    pub no_install: bool,
    /// Wait for another run in this checkout instead of failing
    #[arg(long, help_heading = HOW)]
    pub wait: bool,
}

/// The packages of a run.
#[derive(Args, Clone, Debug, Default)]
pub struct Selection {
    /// Services or other packages to select; the suffix `-service` is optional
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// Select a package; repeatable
    #[arg(short, long, value_name = "NAME", help_heading = WHICH)]
    pub package: Vec<String>,
}

/// The stages of a run.
#[derive(Args, Clone, Debug, Default)]
pub struct Stages {
    /// Run only this stage, given by its id or command; repeatable
    #[arg(long, value_name = "STAGE", help_heading = WHICH)]
    pub only: Vec<String>,
    /// Skip this stage, and treat it as passed; repeatable
    #[arg(long, value_name = "STAGE", help_heading = WHICH)]
    pub skip: Vec<String>,
    /// Set the event to run for [default: GitHub's, else pull-request]
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

#[derive(Args, Clone, Debug)]
pub struct Matrix {
    /// The stage, by its id or command: `test-matrix`, `integration` or `docker`
    #[arg(value_name = "STAGE")]
    pub stage: String,
    #[command(flatten)]
    pub selection: Selection,
    /// Also set the step's output NAME, in the file that `GITHUB_OUTPUT` names
    #[arg(long, value_name = "NAME", help_heading = OUTPUT)]
    pub github_output: Option<String>,
}

#[derive(Args, Clone, Debug)]
pub struct NewService {
    /// The service's name; the suffix `-service` is optional
    #[arg(value_name = "NAME")]
    pub name: String,
    /// List the files without writing them
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
