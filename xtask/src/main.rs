//! `cargo xtask`: parse, call, print the error once, exit. The only place that ends the process.

use clap::Parser as _;
use std::process::ExitCode;
use xtask::cli::Cli;
use xtask::command::quote;
use xtask::commands::{self, Session};
use xtask::environment::Environment;
use xtask::error::{Error, Exit, Result};
use xtask::text::sanitise;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // A panic is a bug of xtask's; its message and place have been printed by the hook.
    let result = std::panic::catch_unwind(|| start(&cli)).unwrap_or_else(|_| {
        Err(Error::new(Exit::Bug, "go on: xtask has a bug").hint("please report it, with what stands above"))
    });
    let exit = result.unwrap_or_else(|error| {
        // It repeats what was typed, or what a tool has said, and neither may move the cursor.
        let text: String = format!("error: {error}").lines().map(|line| sanitise(line) + "\n").collect();
        // Nobody is left to tell when stderr is closed.
        let _ = std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes());
        error.exit()
    });
    ExitCode::from(exit.code())
}

fn start(cli: &Cli) -> Result<Exit> {
    if let Some(directory) = &cli.global.directory {
        std::env::set_current_dir(directory).map_err(|error| {
            Error::usage(format!("go to the folder {}", directory.display()))
                .because(error)
                .hint("check what `-C` names")
        })?;
    }
    let environment = Environment::read()
        .map_err(|error| Error::environment("read the current folder and the program's own path").because(error))?;
    let words: Vec<String> =
        std::env::args_os().skip(1).map(|arg| quote(&arg.to_string_lossy()).into_owned()).collect();
    let typed = format!("cargo xtask {}", words.join(" "));
    commands::perform(cli, &Session::new(cli, environment, typed))
}
