//! Stage 2: the unit and doc tests of every package, compiled by one call of cargo and counted per package.
//!
//! cargo unifies the features of all packages that one call compiles. So every call here selects all packages of the
//! run, as `cargo test --workspace` does: a call per package would compile, and test, something else.

use super::{Context, JSON, by_cargo, coverage, instrument, integration};
use crate::command::Command;
use crate::ids::{StageId, TaskId};
use crate::pipeline::{CODE_COVERAGE, INTEGRATION_TESTS, TEST_SERVICES};
use crate::plan::task::{PackageEnv, Repeat};
use crate::plan::{Action, Reader, Task};
use crate::workspace::{Package, Workspace};

/// The name of the compiling task within a stage.
const COMPILE: &str = "compile";

/// One compile, a task for the unit tests of each package, and one for its doc tests.
pub fn plan(context: Context<'_>) -> Vec<Task> {
    let stage = StageId::new(TEST_SERVICES);
    let mut tasks = instrument::tasks(context, &stage);
    tasks.extend(unit_tests(context, &stage));
    tasks.extend(by_cargo::doc_tests(context, &stage, compiled_in(context, &stage)));
    tasks
}

/// The compile and the runs of the packages' unit tests, in whichever stage wants them.
pub fn unit_tests(context: Context<'_>, stage: &StageId) -> Vec<Task> {
    let tested: Vec<&Package> = tested(context).collect();
    if tested.is_empty() {
        return Vec::new();
    }
    // One compile serves the integration tests too, where these are run as well.
    let targets = if compiles_everything(context) { Vec::new() } else { unit_targets(context.packages) };
    let compile = compile(context, stage, targets);
    let env_from = instrument::needs(context);
    let by_cargo = context.workspace.tests_need_cargo && !by_cargo::named_unit_targets(&tested).is_empty();
    let runs = if by_cargo {
        by_cargo::unit_tests(context, stage, &tested, &compile.id)
    } else {
        let run = |package: &&Package| run(context, stage, package, repeat(context, package), &compile.id, &env_from);
        tested.iter().map(run).collect()
    };
    std::iter::once(compile).chain(runs).collect()
}

/// The task that compiles what a stage tests; no targets are all that `cargo test` compiles.
pub fn compile(context: Context<'_>, stage: &StageId, targets: Vec<String>) -> Task {
    let env_from = instrument::needs(context);
    let command = context.resolving("test").args(context.package_args(context.packages)).args(targets);
    let command = command.args(["--no-run", JSON]);
    Task {
        repeat: Some(command.clone().without(&[JSON]).to_string()),
        reader: Reader::CargoMessages,
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
    (there && tested(context).next().is_some()).then(|| StageId::new(home).job(COMPILE))
}

/// The task that runs the unit tests that `compiled_by` has compiled for a package.
pub fn run(
    context: Context<'_>,
    stage: &StageId,
    package: &Package,
    repeat: Repeat,
    compiled_by: &TaskId,
    env_from: &[TaskId],
) -> Task {
    let command = repeat.command(&context.workspace.root);
    let Workspace { target_dir, build_dir, .. } = context.workspace;
    let action = Action::RunTests {
        compiled_by: compiled_by.clone(),
        package: PackageEnv {
            id: package.id.clone(),
            dir: package.dir.clone(),
            vars: package.vars.clone(),
            built_below: std::iter::once(target_dir).chain(build_dir).cloned().collect(),
        },
        integration: false,
        args: context.settings.pass_on.clone(),
    };
    Task {
        repeat: Some(command.to_string()),
        action,
        reader: Reader::Libtest { repeat },
        needs: std::iter::once(compiled_by.clone()).chain(env_from.iter().cloned()).collect(),
        env_from: env_from.to_vec(),
        ..Task::of_package(stage, &package.name, passing_on(context, command), context.timeout)
    }
}

/// The command that runs the unit tests of a package again.
pub fn repeat(context: Context<'_>, package: &Package) -> Repeat {
    let call = context.resolving("test").args(context.alone(package));
    Repeat::Cargo { call, targets: by_cargo::explicit_unit_targets(&[package], &[package]) }
}

/// The command with what was typed for the test executables.
pub fn passing_on(context: Context<'_>, command: Command) -> Command {
    let args = &context.settings.pass_on;
    if args.is_empty() { command } else { command.arg("--").args(args.iter().cloned()) }
}

fn tested(context: Context<'_>) -> impl Iterator<Item = &Package> {
    context.packages.iter().copied().filter(|package| package.has_unit_tests())
}

/// Whether the run wants integration tests that one compile can serve as well.
fn compiles_everything(context: Context<'_>) -> bool {
    let counted = context.runs(CODE_COVERAGE) && coverage::counts_integration(context);
    (context.runs(INTEGRATION_TESTS) || counted) && !integration::tested(context).is_empty()
}

/// The targets with unit tests. `--lib` and `--bins` skip what lacks a required feature, as cargo does, but they compile
/// what `test = false` switches off, and miss examples and benchmarks: then all that `cargo test` compiles it is.
pub fn unit_targets(packages: &[&Package]) -> Vec<String> {
    if packages.iter().any(|package| package.has_untested_targets() || package.has_tested_examples()) {
        return Vec::new();
    }
    let library = packages.iter().any(|package| package.library_tests).then_some("--lib");
    let programs = packages.iter().any(|package| !package.programs.is_empty()).then_some("--bins");
    library.into_iter().chain(programs).map(str::to_owned).collect()
}
