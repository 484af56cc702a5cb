//! Variables in place of flags. One that is set but empty counts as unset; an error about an invalid value names the
//! variable, because the flag was not typed.

use super::{Added, Cli, Command, Commands, Global};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, CommandFactory as _, Error, FromArgMatches as _};
use std::collections::BTreeSet;
use std::ffi::OsString;
use xtask_core::registry;
use xtask_process::environment;
use xtask_process::process::{HIDDEN, Secrets};

/// How many places the help has between two commands; all of them are before `help`, which clap puts at 999.
const PLACES: usize = 30;

impl Cli {
    /// Parses the command line as typed, and the variables in place of flags, in a program with these stages.
    ///
    /// # Errors
    ///
    /// Returns every problem with the command line, or with each invalid variable. Help is an error, too.
    pub fn read(typed: &[OsString], commands: &Commands) -> Result<Self, Vec<Error>> {
        let error = match parse(typed, commands, &|_| true) {
            Ok(cli) => return Ok(cli),
            Err(error) => error,
        };
        if parse(typed, commands, &|_| false).is_err() {
            return Err(vec![error]);
        }
        let names = names(&Self::program(commands));
        let wrong =
            names.iter().filter_map(|name| Some(named(parse(typed, commands, &|one| one == name).err()?, name)));
        let wrong: Vec<Error> = wrong.collect();
        Err(if wrong.is_empty() { vec![error] } else { wrong })
    }

    /// The whole command line: the commands of these stages are between `ci` and all others.
    pub fn program(commands: &Commands) -> clap::Command {
        let mut place = 0;
        let place_of = |command: clap::Command| {
            place += PLACES;
            command.display_order(place)
        };
        // Between the built-in commands and `help`.
        let added = commands.added.iter().map(|command| command.clone().display_order(998));
        let is_free = |alias: &str| commands.added.iter().all(|command| command.get_name() != alias);
        let stages = commands.stages.iter().map(|stage| stage.build(&is_free)).zip(PLACES + 1..);
        let stages = stages.map(|(stage, place)| stage.display_order(place));
        Self::command().mut_subcommands(place_of).subcommands(stages).subcommands(added)
    }

    /// Parses the words behind `cargo xtask` for a test, whatever variables it runs with.
    #[cfg(test)]
    pub(crate) fn of_line(line: &str, commands: &Commands) -> Self {
        let typed: Vec<OsString> = std::iter::once("xtask").chain(line.split(' ')).map(OsString::from).collect();
        parse(&typed, commands, &|_| false).expect("it is a command line")
    }
}

/// Parses with the variables that are not empty and that `keep` accepts.
fn parse(typed: &[OsString], commands: &Commands, keep: &dyn Fn(&str) -> bool) -> Result<Cli, Error> {
    let mut command = with_variables(Cli::program(commands), keep);
    let mut matches = command.try_get_matches_from_mut(typed)?;
    let name = matches.subcommand_name().unwrap_or_default().to_owned();
    let stage = commands.stages.iter().find(|stage| stage.name() == name);
    let cli = if stage.is_none() && commands.added.iter().all(|command| command.get_name() != name) {
        Cli::from_arg_matches_mut(&mut matches)
    } else {
        let args = matches.remove_subcommand().map(|(_, args)| args).unwrap_or_default();
        let command = match stage {
            Some(stage) => stage.read(args).map(Command::Stage),
            None => Ok(Command::Added(Added { name, args })),
        };
        Global::from_arg_matches_mut(&mut matches).and_then(|global| Ok(Cli { global, command: command? }))
    };
    cli.map_err(|error| error.format(&mut command))
}

fn with_variables(command: clap::Command, keep: &dyn Fn(&str) -> bool) -> clap::Command {
    let only = |arg: Arg| {
        let kept = variable(&arg).is_none_or(|name| keep(name) && !environment::is_empty(name));
        if kept { arg } else { arg.env(None::<&str>) }
    };
    command.mut_args(only).mut_subcommands(|subcommand| with_variables(subcommand, keep))
}

/// The environment variables that replace flags of a command or its subcommands.
fn names(command: &clap::Command) -> BTreeSet<String> {
    let own = command.get_arguments().filter_map(variable).map(str::to_owned);
    own.chain(command.get_subcommands().flat_map(names)).collect()
}

fn variable(arg: &Arg) -> Option<&str> {
    arg.get_env().and_then(std::ffi::OsStr::to_str)
}

/// The error with the variable's name in place of the flag's.
fn named(mut error: Error, name: &str) -> Error {
    if error.kind() == ErrorKind::InvalidUtf8 {
        return Error::raw(ErrorKind::InvalidUtf8, format!("the value of '{name}' is not valid UTF-8\n"));
    }
    error.insert(ContextKind::InvalidArg, ContextValue::String(name.to_owned()));
    error
}

/// The error without secrets and logins in the value that it repeats.
pub fn without_secrets(mut error: Error, secrets: &Secrets) -> Error {
    if let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue) {
        let login = registry::login_in(value).unwrap_or_default();
        let shown = secrets.hide(&if login.is_empty() { value.clone() } else { value.replace(login, HIDDEN) });
        error.insert(ContextKind::InvalidValue, ContextValue::String(shown));
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_in_place_of_a_flag_is_found() {
        let names = names(&Cli::program(&Commands::default()));
        for name in ["XTASK_JOBS", "XTASK_SERVERS", "XTASK_REGISTRY", "XTASK_NEEDS"] {
            assert!(names.contains(name), "{names:?}");
        }
    }
}
