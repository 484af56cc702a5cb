//! `cargo xtask doctor`: the state of every tool, as data and as a table for people.
//!
//! Pure but for the question whether a package manager is there: the findings are passed in as a [`Survey`].

use super::consent::cures;
use super::install::{Touches, recipe};
use super::places::Places;
use super::preflight::{remedy, suffices};
use super::state::{State, Survey};
use serde::Serialize;
use std::path::Path;
use xtask_core::catalogue::Tool;
use xtask_core::error::Exit;

/// The state of every tool. Printed as JSON, it carries a version and only grows.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The version of this shape.
    pub version: u32,
    /// Whether the default pull-request pipeline has, or can get by itself, all that it needs.
    pub ok: bool,
    /// One tool each.
    pub tools: Vec<Row>,
}

/// The state of one tool.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Its name.
    pub tool: &'static str,
    /// The state that was found.
    #[serde(flatten)]
    pub state: State,
    /// The stages that call it.
    pub stages: &'static [&'static str],
    /// Whether the default pull-request pipeline needs it, or its substitute.
    pub needed: bool,
    /// The tool that substitutes for it.
    pub stand_in: Option<&'static str>,
    /// Whether a run installs it by itself.
    pub automatic: bool,
    /// The remedy, when there is something to do.
    pub todo: Option<String>,
}

/// Judges the survey of these tools.
pub fn report(survey: &Survey, tools: &[Tool], places: &Places) -> Report {
    let rows: Vec<Row> = tools.iter().map(|tool| row(*tool, survey, places)).collect();
    let ok = tools.iter().zip(&rows).all(|(&tool, row)| !row.needed || row.automatic || suffices(tool, survey));
    Report { version: 1, ok, tools: rows }
}

fn row(tool: Tool, survey: &Survey, places: &Places) -> Row {
    let (entry, state) = (tool.entry(), survey.state(tool).clone());
    let stand_in = entry.instead.iter().find(|other| !state.is_found() && survey.has(**other)).map(|other| other.id());
    let recipe = recipe(tool, places);
    let automatic = !state.is_found()
        && recipe.as_ref().is_ok_and(|recipe| !matches!(recipe.touches, Touches::System(_)) && cures(recipe, &state));
    let todo = (!state.is_found() && stand_in.is_none()).then(|| remedy(tool, &state, recipe.as_ref()));
    Row { tool: entry.id, state, stages: entry.stages, needed: entry.essential, stand_in, automatic, todo }
}

impl Report {
    /// The exit code of `cargo xtask doctor`.
    pub fn exit(&self) -> Exit {
        if self.ok { Exit::Ok } else { Exit::Environment }
    }

    /// The table for people. Paths below `home` begin with `~`.
    pub fn table(&self, home: Option<&Path>) -> String {
        let head = ["tool", "state", "version", "used by", "where"].map(str::to_owned);
        let lines: Vec<[String; 5]> =
            std::iter::once(head).chain(self.tools.iter().map(|row| row.cells(home))).collect();
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..4).map(width).collect();
        let mut table = String::new();
        for (index, cells) in lines.iter().enumerate() {
            let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}  "));
            let line: String = padded.chain([cells[4].clone()]).collect();
            table.push_str(line.trim_end());
            table.push('\n');
            let row = index.checked_sub(1).and_then(|row| self.tools.get(row));
            for note in row.into_iter().flat_map(Row::notes) {
                table.extend(["    ", &note, "\n"]);
            }
        }
        table.push('\n');
        table.push_str(self.conclusion());
        table.push('\n');
        table
    }

    fn conclusion(&self) -> &'static str {
        let coming = self.tools.iter().any(|row| row.needed && row.automatic && row.stand_in.is_none());
        match (self.ok, coming) {
            (true, false) => "the pull-request pipeline has all its tools",
            (true, true) => {
                "the pull-request pipeline installs missing tools by itself; `cargo xtask setup` installs them now"
            }
            (false, _) => "the pull-request pipeline lacks tools that it cannot install by itself",
        }
    }
}

impl Row {
    fn cells(&self, home: Option<&Path>) -> [String; 5] {
        let (version, path) = match &self.state {
            State::Found { path, version } | State::WrongVersion { path, found: version, .. } => {
                (version.clone(), Some(path))
            }
            State::Broken { path, .. } => (String::new(), Some(path)),
            State::Missing => (String::new(), None),
        };
        let path = path.map(|path| shorten(path, home)).unwrap_or_default();
        [self.tool.to_owned(), self.word().to_owned(), version, self.stages.join(" "), path]
    }

    fn word(&self) -> &'static str {
        match &self.state {
            State::Found { .. } => "ok",
            _ if self.stand_in.is_some() => "not needed",
            State::Missing if self.needed => "missing",
            State::Missing => "absent",
            State::WrongVersion { .. } => "wrong version",
            State::Broken { .. } => "broken",
        }
    }

    /// The notes below the row: the problem, and the remedy.
    fn notes(&self) -> Vec<String> {
        let wrong = match &self.state {
            State::WrongVersion { wanted, .. } => Some(format!("expected: {wanted}")),
            State::Broken { why, .. } => Some(why.clone()),
            _ => None,
        };
        let stand_in = self.stand_in.map(|other| format!("{other} is used instead"));
        let todo = self.todo.as_ref().map(|todo| match (self.needed, self.automatic) {
            (true, true) => format!("to do: nothing, a run that needs it will {todo}"),
            (true, false) => format!("to do: {todo}"),
            (false, _) => format!("optional: {todo}"),
        });
        wrong.into_iter().chain(stand_in).chain(todo).collect()
    }
}

fn shorten(path: &Path, home: Option<&Path>) -> String {
    match home.and_then(|home| path.strip_prefix(home).ok()) {
        Some(rest) => format!("~/{}", rest.display()),
        None => path.display().to_string(),
    }
}

#[cfg(test)]
mod tests;
