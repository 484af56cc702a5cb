//! Stage 1: the sources are formatted as rustfmt wants them, and clippy reports nothing.

use super::{Context, JSON};
use crate::catalogue::Tool;
use crate::ids::StageId;
use crate::pipeline::{FMT, FORMAT_AND_LINT, LINT};
use crate::plan::Task;
use crate::plan::task::Universe;
use crate::purpose::Purpose;
use crate::reader::{ExitCode, Read};
use crate::readers::{CargoMessages, Rustfmt};
use std::sync::Arc;

/// Both tasks; the commands `fmt` and `lint` run one each.
pub fn plan(context: Context<'_>) -> Vec<Task> {
    vec![fmt(context), lint(context)]
}

fn fmt(context: Context<'_>) -> Task {
    let Context { settings, .. } = context;
    let mut command = context.cargo().arg("fmt");
    command = match &settings.selected {
        None => command.arg("--all"),
        Some(names) => names.iter().fold(command, |command, name| command.args(["--package", name])),
    };
    if !settings.fix {
        command = command.args(["--check", "--", "--color=never"]);
    }
    let reader: Arc<dyn Read> = if settings.fix { Arc::new(ExitCode) } else { Arc::new(Rustfmt::default()) };
    Task {
        reader,
        purpose: Purpose::Format,
        tools: vec![Tool::Rustfmt],
        ..Task::new(&StageId::new(FORMAT_AND_LINT), FMT, command, context.timeout)
    }
}

fn lint(context: Context<'_>) -> Task {
    let Context { settings, .. } = context;
    let mut command = context.resolving("clippy");
    if settings.fix {
        command = command.args(["--fix", "--allow-dirty", "--allow-staged", "--allow-no-vcs"]);
    }
    command = match &settings.selected {
        None => command.arg("--workspace"),
        Some(names) => names.iter().fold(command, |command, name| command.args(["--package", name])),
    };
    command = command.args(["--all-targets", JSON, "--", "-D", "warnings"]).args(settings.pass_on.iter().cloned());
    Task {
        repeat: Some(command.clone().without(&[JSON]).to_string()),
        reader: Arc::new(CargoMessages::default()),
        purpose: Purpose::Lint,
        universe: Some(Universe::Dev),
        tools: vec![Tool::Clippy],
        ..Task::new(&StageId::new(FORMAT_AND_LINT), LINT, command, context.timeout)
    }
}
