//! xtask as a program: parse, call, print the error once, and say how it ends.

use crate::cli::{self, Cli};
use crate::commands;
use crate::program::{Program, Session, Subcommand};
use crate::secrets;
use crate::stages::Stage;
use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use xtask_core::command::quote;
use xtask_core::error::{Error, Exit, Result};
use xtask_core::text::sanitise;
use xtask_process::environment::Environment;
use xtask_process::process::Secrets;

/// The program that a repository's `xtask` is: the built-in pipeline, and the stages and commands that it adds.
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     xtask_app::App::new().main()
/// }
/// ```
///
/// A stage is a type: what it is, and its tasks in a run. This one checks the links of a book:
///
/// ```no_run
/// use std::process::ExitCode;
/// use xtask_app::{App, Command, Context, Definition, Policy, Result, Runs, Stage, StageId, Task};
///
/// #[derive(Debug)]
/// struct Links;
///
/// impl Stage for Links {
///     fn definition(&self) -> Definition {
///         Definition {
///             needs: vec![StageId::new("format-and-lint")],
///             policy: Policy::Warning,
///             runs: Runs::Always,
///             ..Definition::new("links")
///         }
///     }
///
///     fn tasks(&self, context: Context<'_>) -> Result<Vec<Task>> {
///         let check = Command::new("lychee", &context.workspace.root).args(["--offline", "book"]);
///         Ok(vec![Task::new(&StageId::new("links"), "book", check, context.timeout)])
///     }
/// }
///
/// fn main() -> ExitCode {
///     App::new().stage(Links).main()
/// }
/// ```
///
/// `cargo xtask ci` runs it with the others, and `cargo xtask ci --only links` alone; `plan`, `graph` and the reports show it.
#[derive(Debug, Default)]
pub struct App {
    program: Program,
}

impl App {
    /// The program with the twelve built-in stages.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with a further stage.
    #[must_use]
    pub fn stage(self, stage: impl Stage + 'static) -> Self {
        Self { program: self.program.stage(stage) }
    }

    /// The same with a further command.
    #[must_use]
    pub fn command(self, command: impl Subcommand + 'static) -> Self {
        Self { program: self.program.command(command) }
    }

    /// Does what the command line asks for, and returns how the process ends: the codes of [`Exit`].
    #[must_use]
    pub fn main(self) -> ExitCode {
        let typed = command_line();
        let cli = match Cli::read(&typed, &self.program.commands()) {
            Ok(cli) => cli,
            Err(errors) => return refuse(errors),
        };
        // A panic is a bug of xtask's; its message and place have been printed by the hook.
        // Nothing of what it works with is looked at after a panic.
        let result = catch_unwind(AssertUnwindSafe(|| start(&cli, self.program))).unwrap_or_else(|_| {
            Err(Error::new(Exit::Bug, "continue: xtask has a bug").hint("please report it with the output above"))
        });
        let exit = result.unwrap_or_else(|error| {
            // It repeats what was typed, or the output of a tool, and neither may move the cursor or show a secret.
            let shown = secrets().hide(&format!("error: {error}"));
            let text: String = shown.lines().map(|line| sanitise(line) + "\n").collect();
            // There is nowhere to report an error to when stderr is closed.
            let _ = std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes());
            error.exit()
        });
        ExitCode::from(exit.code())
    }
}

/// Prints what is wrong with the command line, or the help that it asks for.
fn refuse(errors: Vec<clap::Error>) -> ExitCode {
    let code = errors.first().map_or(0, clap::Error::exit_code);
    let code = u8::try_from(code).unwrap_or(Exit::Usage.code());
    let mut text = String::new();
    for error in errors {
        let error = cli::without_secrets(error, &secrets());
        // A closed stream is no reason to fail in another way.
        let _ = error.print();
        text += &error.render().to_string();
    }
    // Help is asked for, and no failure.
    if let Ok(environment) = Environment::read()
        && code != 0
    {
        commands::refuse_line(&typed(), &text, code, &environment);
    }
    ExitCode::from(code)
}

/// The values that must be redacted.
fn secrets() -> Secrets {
    Environment::read().map(|environment| secrets::of(&environment.vars)).unwrap_or_default()
}

/// The command line of the process. cargo calls an installed subcommand by its name twice, `cargo-xtask xtask plan`: the
/// second one is dropped.
fn command_line() -> Vec<OsString> {
    let mut typed: Vec<OsString> = std::env::args_os().collect();
    let is_installed =
        typed.first().is_some_and(|program| Path::new(program).file_stem() == Some("cargo-xtask".as_ref()));
    if is_installed && typed.get(1).is_some_and(|name| name == "xtask") {
        typed.remove(1);
    }
    typed
}

/// The command line, quoted for a shell.
fn typed() -> String {
    let words: Vec<String> =
        command_line().iter().skip(1).map(|arg| quote(&arg.to_string_lossy()).into_owned()).collect();
    format!("cargo xtask {}", words.join(" "))
}

fn change_directory(cli: &Cli) -> Result<()> {
    let Some(directory) = &cli.global.directory else { return Ok(()) };
    std::env::set_current_dir(directory).map_err(|error| {
        Error::usage(format!("change to directory `{}`", directory.display()))
            .because(error)
            .hint("check what `-C` names")
    })
}

fn start(cli: &Cli, program: Program) -> Result<Exit> {
    let changed = change_directory(cli);
    let environment =
        Environment::read().map_err(|error| Error::environment("find the current directory").because(error))?;
    let session = Session::new(cli, environment, typed(), program);
    match changed {
        Ok(()) => commands::perform(cli, &session),
        Err(error) => Err(commands::refuse(error, cli, &session)),
    }
}
