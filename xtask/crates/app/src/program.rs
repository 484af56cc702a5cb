//! What a program consists of: its stages, the commands beside them, and the state that every command works with.

use crate::cli::{Cli, Commands};
use crate::stages::{Pipeline, Stage};
use clap::ArgMatches;
use std::fmt;
use std::sync::Arc;
use xtask_core::catalogue::Tool;
use xtask_core::error::{Exit, Result};
use xtask_process::environment::Environment;
use xtask_report::report::{Display, Printer, Verbosity};

/// A command that a repository adds to its `xtask`. One with the name of a built-in command's alias takes its place.
///
/// ```no_run
/// use std::process::ExitCode;
/// use xtask_app::clap::{self, ArgMatches};
/// use xtask_app::{App, Exit, Result, Session, Subcommand};
///
/// #[derive(Debug)]
/// struct Seed;
///
/// impl Subcommand for Seed {
///     fn command(&self) -> clap::Command {
///         clap::Command::new("seed").about("Fill the development database")
///     }
///
///     fn run(&self, _: &ArgMatches, session: &Session) -> Result<Exit> {
///         session.printer.say("filled the development database");
///         Ok(Exit::Ok)
///     }
/// }
///
/// fn main() -> ExitCode {
///     App::new().command(Seed).main()
/// }
/// ```
pub trait Subcommand: fmt::Debug + Send + Sync {
    /// Its name, its help and its arguments.
    fn command(&self) -> clap::Command;

    /// The tools that it calls besides those of the stages. `doctor` lists them.
    fn tools(&self) -> Vec<Tool> {
        Vec::new()
    }

    /// Does what was typed.
    ///
    /// # Errors
    ///
    /// Fails when it could not do its work at all; what it finds is its exit.
    fn run(&self, args: &ArgMatches, session: &Session) -> Result<Exit>;
}

/// The stages and the further commands of a program.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// Its stages.
    pub pipeline: Pipeline,
    /// The commands beside the built-in ones.
    pub added: Vec<Arc<dyn Subcommand>>,
}

impl Program {
    /// The same with a further stage.
    #[must_use]
    pub fn stage(self, stage: impl Stage + 'static) -> Self {
        Self { pipeline: self.pipeline.with(stage), ..self }
    }

    /// The same with a further command.
    #[must_use]
    pub fn command(mut self, command: impl Subcommand + 'static) -> Self {
        self.added.push(Arc::new(command));
        self
    }

    /// The added command of this name.
    pub fn find(&self, name: &str) -> Option<&dyn Subcommand> {
        self.added.iter().find(|command| command.command().get_name() == name).map(AsRef::as_ref)
    }

    /// The commands that its stages and its additions bring to the command line.
    pub fn commands(&self) -> Commands {
        Commands {
            stages: self.pipeline.commands(),
            added: self.added.iter().map(|command| command.command()).collect(),
        }
    }

    /// Every tool that it may call: those of the built-in stages, and those of its commands.
    pub fn tools(&self) -> Vec<Tool> {
        let mut tools: Vec<Tool> = Tool::built_in().collect();
        for tool in self.added.iter().flat_map(|command| command.tools()) {
            if !tools.contains(&tool) {
                tools.push(tool);
            }
        }
        tools
    }
}

/// The state that every command works with.
pub struct Session {
    /// The environment.
    pub environment: Environment,
    /// The command as typed, quoted for a shell.
    pub typed: String,
    /// The stages and commands of this program.
    pub program: Program,
    /// Where text goes.
    pub printer: Printer,
    /// How text may look.
    pub display: Display,
}

impl Session {
    /// Creates the session of this command line in this environment, of this program.
    pub fn new(cli: &Cli, environment: Environment, typed: String, program: Program) -> Self {
        let display = Display {
            colour: environment.colour(cli.global.color),
            columns: environment.columns,
            interactive: environment.is_interactive(),
            github: environment.is_github(),
            verbosity: match (cli.global.quiet, cli.global.verbose) {
                (true, _) => Verbosity::Quiet,
                (_, true) => Verbosity::Verbose,
                _ => Verbosity::Normal,
            },
            unicode: environment.shows_unicode(),
        };
        Self { printer: Printer::standard(display.github), environment, typed, program, display }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Command;

    #[derive(Debug)]
    struct OwnTests;

    impl Subcommand for OwnTests {
        fn command(&self) -> clap::Command {
            clap::Command::new("test").arg(clap::Arg::new("name"))
        }

        fn tools(&self) -> Vec<Tool> {
            vec![Tool::CURL, Tool::SKOPEO]
        }

        fn run(&self, _: &ArgMatches, _: &Session) -> Result<Exit> {
            Ok(Exit::Gate)
        }
    }

    #[test]
    fn test_runs_the_test_matrix_unless_the_repository_adds_a_command_of_that_name() {
        let plain = Program::default();
        let Command::Stage(line) = Cli::of_line("test auth", &plain.commands()).command else { panic!("a stage") };
        assert_eq!(line.stages, [xtask_core::ids::StageId::new("test-services")]);
        let own = plain.command(OwnTests);
        let Command::Added(line) = Cli::of_line("test auth", &own.commands()).command else { panic!("its own") };
        assert_eq!(
            (line.name.as_str(), line.args.get_one::<String>("name").map(String::as_str)),
            ("test", Some("auth"))
        );
        assert!(own.find("test").is_some());
        assert!(matches!(Cli::of_line("test-matrix auth", &own.commands()).command, Command::Stage(_)));
    }

    #[test]
    fn a_tool_that_a_command_shares_with_a_stage_is_listed_once() {
        assert_eq!(Program::default().command(OwnTests).tools(), Program::default().tools());
    }
}
