//! The one compile that serves all tests of a run, and the tasks that run the compiled tests.

use super::targets::{explicit_unit_targets, with_integration_tests, with_unit_tests};
use super::{Context, JSON, instrument};
use std::sync::Arc;
use xtask_cargo::jobs::as_cargo::PackageEnv;
use xtask_cargo::jobs::run_tests::RunTests;
use xtask_cargo::readers::{CargoMessages, Libtest, Rerun};
use xtask_core::command::Command;
use xtask_core::ids::{StageId, TaskId};
use xtask_core::pipeline::{CODE_COVERAGE, INTEGRATION_TESTS, TEST_SERVICES};
use xtask_core::purpose::Purpose;
use xtask_core::workspace::{Package, Workspace};
use xtask_engine::plan::Task;

/// The arguments behind `--` of a command that runs tests.
pub const FOR_TESTS: &str = "Arguments for the test binaries, such as a filter or `--nocapture`";

/// The name of the compiling task within a stage.
const COMPILE: &str = "compile";

/// The task that compiles the tests of a stage; no targets means all that `cargo test` compiles.
pub fn compile(context: Context<'_>, stage: &StageId, targets: Vec<String>) -> Task {
    let env_from = instrument::needs(context);
    let command = context.resolving("test").args(context.package_args(context.packages)).args(targets);
    let command = command.args(["--no-run", JSON]);
    Task {
        repeat: Some(command.clone().without(&[JSON]).to_string()),
        reader: Arc::new(CargoMessages::default()),
        purpose: Purpose::Compile,
        universe: Some(instrument::universe(&env_from)),
        needs: env_from.clone(),
        env_from,
        ..Task::new(stage, COMPILE, command, context.timeout)
    }
}

/// The task that compiles the tests of the whole run, or those of `stage`, if there is one.
pub fn compiled_in(context: Context<'_>, stage: &StageId) -> Option<TaskId> {
    let home = if context.runs(TEST_SERVICES) { TEST_SERVICES } else { CODE_COVERAGE };
    let there = context.runs(TEST_SERVICES) || stage.as_str() == CODE_COVERAGE;
    (there && !with_unit_tests(context).is_empty()).then(|| StageId::new(home).job(COMPILE))
}

/// Whether the run wants integration tests that one compile can serve as well.
pub fn compiles_everything(context: Context<'_>) -> bool {
    let counted = context.runs(CODE_COVERAGE) && instrument::counts_integration(context);
    (context.runs(INTEGRATION_TESTS) || counted) && !with_integration_tests(context).is_empty()
}

/// Which of a package's tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Unit tests.
    Unit,
    /// Integration tests.
    Integration,
}

/// The task that runs tests that `compiled_by` has compiled for a package.
pub fn run(
    context: Context<'_>,
    stage: &StageId,
    (package, kind): (&Package, Kind),
    repeat: &Rerun,
    compiled_by: &TaskId,
    env_from: &[TaskId],
) -> Task {
    let command = repeat.command(&context.workspace.root);
    let Workspace { target_dir, build_dir, .. } = context.workspace;
    let job = RunTests {
        compiled_by: compiled_by.clone(),
        package: PackageEnv {
            name: package.name.clone(),
            id: package.id.clone(),
            dir: package.dir.clone(),
            vars: package.vars.clone(),
            built_below: std::iter::once(target_dir).chain(build_dir).cloned().collect(),
        },
        integration: kind == Kind::Integration,
        args: context.pass_on(),
    };
    Task {
        repeat: Some(command.to_string()),
        job: Arc::new(job),
        reader: Arc::new(Libtest::new(repeat)),
        purpose: Purpose::Tests,
        needs: std::iter::once(compiled_by.clone()).chain(env_from.iter().cloned()).collect(),
        env_from: env_from.to_vec(),
        ..Task::of_package(stage, &package.name, passing_on(context, command), context.timeout)
    }
}

/// The command that runs the unit tests of a package again.
pub fn repeat_unit(context: Context<'_>, package: &Package) -> Rerun {
    let call = context.resolving("test").args(context.alone(package));
    Rerun::Cargo { call, targets: explicit_unit_targets(&[package], &[package]) }
}

/// The command that runs the integration tests of a package again. By hand there are no servers: the stage's own
/// command starts them, and compiles for all packages what it would compile differently for one.
pub fn repeat_integration(context: Context<'_>, package: &Package) -> String {
    let alone = context.builds_alike_alone(package);
    let package = if alone { format!(" {}", package.name) } else { String::new() };
    format!("cargo xtask integration{package}")
}

/// The command with the user's arguments for the test executables.
pub fn passing_on(context: Context<'_>, command: Command) -> Command {
    let args = context.pass_on();
    if args.is_empty() { command } else { command.arg("--").args(args) }
}
