//! Stage 1: the sources are formatted as rustfmt wants them, and clippy reports nothing.

use super::{Context, JSON, Stage};
use crate::cli::{STAGE, Selection, StageCommand};
use clap::Args;
use std::sync::Arc;
use xtask_cargo::readers::{CargoMessages, Rustfmt};
use xtask_core::catalogue::Tool;
use xtask_core::error::Result;
use xtask_core::ids::StageId;
use xtask_core::pipeline::{Definition, FMT, FORMAT_AND_LINT, LINT};
use xtask_core::purpose::Purpose;
use xtask_core::reader::{ExitCode, Read};
use xtask_engine::plan::Task;
use xtask_engine::plan::task::Universe;

#[derive(Args, Clone, Copy, Debug, Default)]
struct Fix {
    /// Fix the sources instead of checking them
    #[arg(long, help_heading = STAGE)]
    fix: bool,
}

/// Both checks; the commands `fmt` and `lint` run one each.
#[derive(Clone, Copy, Debug)]
pub struct FormatAndLint;

impl Stage for FormatAndLint {
    fn definition(&self) -> Definition {
        Definition::specified(FORMAT_AND_LINT)
    }

    fn commands(&self) -> Vec<StageCommand> {
        let command = |name, about| {
            StageCommand::new(FORMAT_AND_LINT, name, about).part(name).takes::<Selection>().takes::<Fix>()
        };
        let lint = command(LINT, "Lint with clippy; any warning fails");
        vec![
            command(FMT, "Check formatting with rustfmt"),
            lint.passes_on("Arguments for clippy, such as `-W clippy::nursery`"),
        ]
    }

    fn tasks(&self, context: Context<'_>) -> Result<Vec<Task>> {
        let part = context.settings.line.as_ref().and_then(|line| line.part);
        let tasks = [fmt(context), lint(context)].into_iter();
        Ok(tasks.filter(|task| part.is_none_or(|part| task.id.name() == part)).collect())
    }
}

fn fmt(context: Context<'_>) -> Task {
    let Context { settings, .. } = context;
    let mut command = context.cargo().arg("fmt");
    command = match &settings.selected {
        None => command.arg("--all"),
        Some(names) => names.iter().fold(command, |command, name| command.args(["--package", name])),
    };
    let Fix { fix } = settings.own();
    if !fix {
        command = command.args(["--check", "--", "--color=never"]);
    }
    let reader: Arc<dyn Read> = if fix { Arc::new(ExitCode) } else { Arc::new(Rustfmt::default()) };
    Task {
        reader,
        purpose: Purpose::Format,
        tools: vec![Tool::RUSTFMT],
        ..Task::new(&StageId::new(FORMAT_AND_LINT), FMT, command, context.timeout)
    }
}

fn lint(context: Context<'_>) -> Task {
    let Context { settings, .. } = context;
    let mut command = context.resolving("clippy");
    if settings.own::<Fix>().fix {
        command = command.args(["--fix", "--allow-dirty", "--allow-staged", "--allow-no-vcs"]);
    }
    command = match &settings.selected {
        None => command.arg("--workspace"),
        Some(names) => names.iter().fold(command, |command, name| command.args(["--package", name])),
    };
    command = command.args(["--all-targets", JSON, "--", "-D", "warnings"]).args(context.pass_on());
    Task {
        repeat: Some(command.clone().without(&[JSON]).to_string()),
        reader: Arc::new(CargoMessages::default()),
        purpose: Purpose::Lint,
        universe: Some(Universe::Dev),
        tools: vec![Tool::CLIPPY],
        ..Task::new(&StageId::new(FORMAT_AND_LINT), LINT, command, context.timeout)
    }
}
