//! `cargo xtask setup`: installs the missing tools now, and reports what it did. A second call finds nothing to do.

use super::carry_out::carry_out;
use super::consent::{Consent, cures};
use super::install::{Recipe, recipe};
use super::locate::survey;
use super::places::Places;
use super::preflight::{describe, look, remedy, suffices};
use super::probe;
use super::state::State;
use serde::Serialize;
use xtask_core::catalogue::Tool;
use xtask_core::command::Command;
use xtask_core::error::{Error, Exit, Result};
use xtask_process::process::{self, End};

/// The result for one tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "done", rename_all = "kebab-case")]
pub enum Done {
    /// It was there, or its substitute was.
    Nothing,
    /// It was installed.
    Installed {
        /// Its version.
        version: String,
    },
    /// It is not there now.
    NotInstalled {
        /// Why not.
        why: String,
        /// The remedy.
        todo: String,
    },
}

/// The result for each tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The tools, in the order in which they were looked at.
    pub tools: Vec<(String, Done)>,
}

/// The tools of the default pull-request pipeline.
pub fn defaults() -> impl Iterator<Item = Tool> {
    Tool::built_in().filter(|tool| tool.entry().essential)
}

/// Installs those of `tools` that are missing, as far as `consent` goes; one that fails does not stop the others.
///
/// `run` carries out one command; [`run_visibly`] is the usual one.
pub fn setup(
    tools: impl IntoIterator<Item = Tool>,
    places: &Places,
    consent: Consent,
    run: &mut dyn FnMut(&Command) -> Result<()>,
) -> Report {
    let tools: Vec<Tool> = tools.into_iter().collect();
    let found = look(tools.iter().copied(), places);
    let one = |tool: Tool| {
        if suffices(tool, &found) {
            return Done::Nothing;
        }
        let state = found.state(tool);
        let recipe = recipe(tool, places);
        let todo = remedy(tool, state, recipe.as_ref());
        let able = recipe
            .ok()
            .filter(|recipe| cures(recipe, state))
            .ok_or_else(|| format!("it {}", describe(tool, state, &found)));
        match able.and_then(|recipe| install(&recipe, places, consent, run)) {
            Ok(version) => Done::Installed { version },
            Err(why) => Done::NotInstalled { why, todo },
        }
    };
    Report { tools: tools.iter().map(|tool| tool.id().to_owned()).zip(tools.iter().copied().map(one)).collect() }
}

/// Carries out one recipe and looks whether the tool is there now; its version, or why it is not there.
fn install(
    recipe: &Recipe,
    places: &Places,
    consent: Consent,
    run: &mut dyn FnMut(&Command) -> Result<()>,
) -> Result<String, String> {
    consent.may(recipe, places)?;
    consent.ask(recipe)?;
    carry_out(recipe, places, consent, run).map_err(|error| error.to_string())?;
    let after = survey([recipe.tool], places);
    match after.state(recipe.tool) {
        State::Found { version, .. } => Ok(version.clone()),
        state => Err(format!("it was installed, but it {}", describe(recipe.tool, state, &after))),
    }
}

impl Report {
    /// The exit code of `cargo xtask setup`.
    pub fn exit(&self) -> Exit {
        let failed = self.tools.iter().any(|(_, done)| matches!(done, Done::NotInstalled { .. }));
        if failed { Exit::Environment } else { Exit::Ok }
    }

    /// The result, for people.
    pub fn text(&self) -> String {
        let lines = self.tools.iter().filter_map(|(tool, done)| match done {
            Done::Nothing => None,
            Done::Installed { version } => Some(format!("installed {tool} {version}\n")),
            Done::NotInstalled { why, todo } => Some(format!("did not install {tool}: {why}\n  to do: {todo}\n")),
        });
        let text: String = lines.collect();
        if text.is_empty() { "all tools are installed\n".to_owned() } else { text }
    }
}

/// Runs a command with its output on standard error, where people look; standard output is for data. It ends with xtask
/// when that is stopped.
pub fn run_visibly(command: &Command, places: &Places) -> Result<()> {
    let failed = || {
        Error::environment(format!("run `{command}` in {}", command.cwd.display()))
            .hint("its output is above; `cargo xtask doctor` shows what every tool needs")
    };
    match process::run_on_screen(command, &probe::surroundings(places)) {
        Ok(End::Exited(0)) => Ok(()),
        Ok(end) => Err(failed().detail(format!("it {end}"))),
        Err(error) => Err(failed().detail(error.causes())),
    }
}

#[cfg(test)]
mod tests;
