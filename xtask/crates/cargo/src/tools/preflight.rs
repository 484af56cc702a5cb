//! Before anything starts: every problem with a plan's tools, at once, each with its remedy.
//!
//! Knows which tools a plan wants, not how stages use them.

use super::carry_out::carry_out;
use super::consent::{Consent, cures};
use super::install::{Recipe, Touches, recipe};
use super::locate::survey;
use super::places::Places;
use super::state::{State, Survey};
use super::toolbox::Toolbox;
use std::collections::{BTreeMap, BTreeSet};
use xtask_core::catalogue::Tool;
use xtask_core::command::Command;
use xtask_core::error::{Error, Result};
use xtask_core::ids::StageId;
use xtask_core::text::list;

/// The tools of a plan, each with the stages that want it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wants(BTreeMap<Tool, BTreeSet<StageId>>);

/// The tools that a run can count on.
#[derive(Clone, Debug)]
pub struct Ready {
    /// Where the tools are, those in `later` included.
    pub toolbox: Toolbox,
    /// The state of each tool that was looked for.
    pub survey: Survey,
    /// Tools to be installed while stages that do not need them run, each with the commands that install it.
    pub later: Vec<(Tool, Vec<Command>)>,
}

/// The remedies for the tools that do not suffice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// To be installed before anything starts.
    pub first: Vec<Recipe>,
    /// To be installed while other stages run.
    pub later: Vec<Recipe>,
    /// The problems that xtask cannot or may not solve by itself: a line each.
    pub problems: Vec<String>,
}

impl Wants {
    /// The tools.
    pub fn tools(&self) -> impl Iterator<Item = Tool> {
        self.0.keys().copied()
    }

    /// Describes a tool that blocks stages: which ones, its state, why xtask does not fix it, and the remedy.
    fn problem(&self, tool: Tool, survey: &Survey, why_not: Option<&str>, todo: &str) -> String {
        let stages = self.0.get(&tool).map(list).unwrap_or_default();
        let why_not = why_not.filter(|why| !why.is_empty()).map(|why| format!("; {why}")).unwrap_or_default();
        format!("{tool} (for {stages}) {}{why_not}\n  to do: {todo}", describe(tool, survey.state(tool), survey))
    }
}

impl FromIterator<(Tool, StageId)> for Wants {
    fn from_iter<I: IntoIterator<Item = (Tool, StageId)>>(wants: I) -> Self {
        let mut all = Self::default();
        for (tool, stage) in wants {
            all.0.entry(tool).or_default().insert(stage);
        }
        all
    }
}

/// Looks for tools, and for substitutes of those that are not found.
pub fn look(tools: impl IntoIterator<Item = Tool>, places: &Places) -> Survey {
    let mut found = survey(tools, places);
    let lacking = found.tools().filter(|(_, state)| !state.is_found());
    let instead: BTreeSet<Tool> = lacking.flat_map(|(tool, _)| tool.entry().instead).copied().collect();
    let unseen: Vec<Tool> = instead.into_iter().filter(|tool| found.tools().all(|(seen, _)| seen != *tool)).collect();
    if !unseen.is_empty() {
        found.extend(survey(unseen, places));
    }
    found
}

/// Whether a tool, or its substitute, will do.
pub fn suffices(tool: Tool, survey: &Survey) -> bool {
    survey.has(tool) || tool.entry().instead.iter().any(|other| survey.has(*other))
}

/// Decides how to handle the tools that do not suffice, without asking for consent yet.
pub fn judge(wants: &Wants, survey: &Survey, places: &Places, consent: Consent) -> Verdict {
    let mut verdict = Verdict::default();
    for tool in wants.tools().filter(|tool| !suffices(*tool, survey)) {
        let state = survey.state(tool);
        let recipe = recipe(tool, places);
        let why_not = match &recipe {
            Ok(recipe) if cures(recipe, state) => consent.may(recipe, places).err(),
            _ => Some(String::new()),
        };
        match (recipe, why_not) {
            (Ok(recipe), None) if recipe.touches == Touches::Cache => verdict.later.push(recipe),
            (Ok(recipe), None) => verdict.first.push(recipe),
            (recipe, why_not) => {
                let todo = remedy(tool, state, recipe.as_ref());
                verdict.problems.push(wants.problem(tool, survey, why_not.as_deref(), &todo));
            }
        }
    }
    verdict
}

/// Makes the tools of a plan ready, or returns every obstacle in one error.
///
/// `run` carries out one command of an installation, and is only called after [`Consent`] was given.
pub fn prepare(
    wants: &Wants,
    places: &Places,
    consent: Consent,
    run: &mut dyn FnMut(&Command) -> Result<()>,
) -> Result<Ready> {
    let mut found = look(wants.tools(), places);
    let mut verdict = judge(wants, &found, places, consent);
    if verdict.problems.is_empty() {
        for recipe in &verdict.first {
            if let Err(why) = consent.ask(recipe) {
                verdict.problems.push(wants.problem(recipe.tool, &found, Some(&why), &todo(recipe)));
            }
        }
    } else {
        // One list, so that the machine can be repaired in one go.
        let first = std::mem::take(&mut verdict.first);
        let others = first.iter().map(|recipe| wants.problem(recipe.tool, &found, None, &todo(recipe)));
        verdict.problems.extend(others);
    }
    refuse(&verdict.problems)?;
    if !verdict.first.is_empty() {
        verdict.first.iter().try_for_each(|recipe| carry_out(recipe, places, consent, run))?;
        let tools = verdict.first.iter().map(|recipe| recipe.tool);
        let again = survey(tools, places);
        let still = again.tools().filter(|(_, state)| !state.is_found());
        refuse(
            &still
                .map(|(tool, state)| format!("{tool}, just installed, {}", describe(tool, state, &again)))
                .collect::<Vec<_>>(),
        )?;
        found.extend(again);
    }
    let toolbox = Toolbox::new(&found, &verdict.later, places);
    let later = verdict.later.into_iter().map(|recipe| (recipe.tool, recipe.steps)).collect();
    Ok(Ready { toolbox, survey: found, later })
}

/// The installations that [`prepare`] would carry out or leave for later, in that order; none where it would refuse.
/// Nothing is installed, and no consent is asked for.
pub fn foresee(wants: &Wants, places: &Places, consent: Consent) -> Vec<(Tool, Vec<Command>)> {
    let Verdict { first, later, problems } = judge(wants, &look(wants.tools(), places), places, consent);
    let recipes = first.into_iter().chain(later).filter(|_| problems.is_empty());
    recipes.map(|recipe| (recipe.tool, recipe.steps)).collect()
}

/// The problem with a tool, as the end of a sentence about it.
pub fn describe(tool: Tool, state: &State, survey: &Survey) -> String {
    let own = match state {
        State::Found { path, version } => format!("is {version} at {}", path.display()),
        State::Missing => "is missing".to_owned(),
        State::WrongVersion { path, found, wanted } => format!("is {found} at {}, not {wanted}", path.display()),
        State::Broken { path, why } => format!("is broken at {} ({why})", path.display()),
    };
    let instead =
        tool.entry().instead.iter().filter(|_| !state.is_found()).filter_map(|other| match survey.state(*other) {
            State::Broken { why, .. } => Some(format!(", and {other} cannot replace it ({why})")),
            _ => None,
        });
    std::iter::once(own).chain(instead).collect()
}

/// The remedy that a person has to apply for a tool.
pub fn remedy(tool: Tool, state: &State, recipe: Result<&Recipe, &String>) -> String {
    match (state, recipe) {
        (State::Broken { path, .. }, Ok(recipe)) if !cures(recipe, state) => {
            format!("repair or remove {}, or reinstall {tool}", path.display())
        }
        (State::WrongVersion { wanted, .. }, Ok(recipe)) if !cures(recipe, state) => {
            format!("upgrade {tool} to {wanted}")
        }
        (_, Ok(recipe)) => todo(recipe),
        (_, Err(by_hand)) => by_hand.clone(),
    }
}

fn todo(recipe: &Recipe) -> String {
    format!("run `{}`", recipe.line())
}

fn refuse(problems: &[String]) -> Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    let error = Error::environment("get the tools of this run ready").detail(problems.join("\n"));
    Err(error.hint("do the above or try `cargo xtask setup`; `cargo xtask doctor` shows every tool"))
}

#[cfg(test)]
mod tests;
