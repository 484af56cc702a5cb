//! The commands that run one stage. What they are called and which options they take is data that the stages bring: no
//! list of them is here.

use super::{Run, Selection, StageOptions, Stages};
use clap::{ArgMatches, Args, Error, FromArgMatches as _, Id};
use xtask_core::ids::StageId;

/// Whether a command line asks for something.
type Asks = fn(&StageLine) -> bool;

/// A command that runs one stage.
#[derive(Clone, Debug)]
pub struct StageCommand {
    about: &'static str,
    command: clap::Command,
    stage: StageId,
    part: Option<&'static str>,
    also: Option<(StageId, Asks)>,
    alias: Option<&'static str>,
}

/// The command line of one stage, as typed.
#[derive(Clone, Debug)]
pub struct StageLine {
    /// The stages that it runs.
    pub stages: Vec<StageId>,
    /// The one task of its stage that it runs; `None` for all.
    pub part: Option<&'static str>,
    /// How it runs.
    pub run: Run,
    matches: ArgMatches,
    /// The groups of arguments that the command takes.
    groups: Vec<Id>,
}

impl StageCommand {
    /// The command `name` of a stage, with a short sentence about it. It takes the options of every run.
    pub fn new(stage: &str, name: &'static str, about: &'static str) -> Self {
        let command = clap::Command::new(name);
        Self { about, command, stage: StageId::new(stage), part: None, also: None, alias: None }
    }

    /// Takes these arguments as well.
    #[must_use]
    pub fn takes<A: Args>(self) -> Self {
        Self { command: A::augment_args(self.command), ..self }
    }

    /// Takes arguments behind `--` for the tool beneath: `about` describes them.
    #[must_use]
    pub fn passes_on(self, about: &'static str) -> Self {
        let taking = self.takes::<PassOn>();
        Self { command: taking.command.mut_arg(PASS_ON, |args| args.help(about)), ..taking }
    }

    /// Runs one task of the stage alone.
    #[must_use]
    pub fn part(self, task: &'static str) -> Self {
        Self { part: Some(task), ..self }
    }

    /// Runs another stage too where the command line asks for it.
    #[must_use]
    pub fn also(self, stage: &str, when: Asks) -> Self {
        Self { also: Some((StageId::new(stage), when)), ..self }
    }

    /// Has another name where no added command has that name.
    #[must_use]
    pub fn alias(self, name: &'static str) -> Self {
        Self { alias: Some(name), ..self }
    }

    /// The stage that it runs.
    pub fn stage(&self) -> &StageId {
        &self.stage
    }

    /// The one task of the stage that it runs.
    pub fn only_part(&self) -> Option<&'static str> {
        self.part
    }

    /// What is typed for it.
    pub fn name(&self) -> &str {
        self.command.get_name()
    }

    /// The command for clap. Arguments bring a description of themselves, so that of the command comes last.
    pub(super) fn build(&self, is_free: &dyn Fn(&str) -> bool) -> clap::Command {
        let command = Run::augment_args(self.command.clone()).about(self.about);
        match self.alias.filter(|alias| is_free(alias)) {
            Some(alias) => command.visible_alias(alias),
            None => command,
        }
    }

    /// Reads what was typed.
    pub(super) fn read(&self, matches: ArgMatches) -> Result<StageLine, Error> {
        let run = Run::from_arg_matches(&matches)?;
        let groups = self.command.get_groups().map(|group| group.get_id().clone()).collect();
        let mut line = StageLine { stages: vec![self.stage.clone()], part: self.part, run, matches, groups };
        let also = self.also.iter().filter(|(_, when)| when(&line)).map(|(stage, _)| stage.clone());
        line.stages.extend(also.collect::<Vec<_>>());
        Ok(line)
    }
}

impl StageLine {
    /// The arguments of this kind; their defaults where the command takes none of the kind.
    pub fn args<A: Args + Default>(&self) -> A {
        let takes = A::group_id().is_some_and(|id| self.groups.contains(&id));
        // clap has checked them already.
        takes.then(|| A::from_arg_matches(&self.matches).ok()).flatten().unwrap_or_default()
    }

    pub(super) fn selection(&self) -> Selection {
        self.args()
    }

    pub(super) fn stages(&self) -> Stages {
        Stages { only: self.stages.iter().map(ToString::to_string).collect(), ..Stages::default() }
    }

    pub(super) fn options(&self) -> StageOptions {
        StageOptions {
            engine: self.args(),
            database: self.args(),
            servers: self.args(),
            builder: self.args(),
            registry: self.args(),
        }
    }
}

/// The id of the argument below.
const PASS_ON: &str = "args";

#[derive(Args, Clone, Debug, Default)]
pub struct PassOn {
    /// Arguments for the tool beneath
    #[arg(last = true, value_name = "ARGS")]
    pub args: Vec<String>,
}
