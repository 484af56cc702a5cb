//! Stage 2: the unit and doc tests of every package, compiled by one call of cargo and counted per package.

use super::{Context, JSON, instrument};
use crate::command::Command;
use crate::plan::pipeline::TEST_SERVICES;
use crate::plan::task::PackageEnv;
use crate::plan::task::Scope;
use crate::plan::{Action, Reader, StageId, Task, TaskId};
use crate::workspace::Package;

/// The name of the compiling task within a stage.
pub const COMPILE: &str = "compile";
/// The job that runs the doc tests of a package.
const DOC: &str = "doc";

/// One compile, a task for the unit tests of each package, and one for its doc tests.
pub fn plan(context: Context<'_>) -> Vec<Task> {
    let stage = StageId::new(TEST_SERVICES);
    let mut tasks = instrument::tasks(context, &stage);
    tasks.extend(unit_tests(context, &stage));
    tasks.extend(doc_tests(context, &stage));
    tasks
}

/// The compile and the runs of the packages' unit tests, in whichever stage wants them.
pub fn unit_tests(context: Context<'_>, stage: &StageId) -> Vec<Task> {
    let tested: Vec<&Package> = context
        .packages
        .iter()
        .copied()
        .filter(|package| package.library_tests || !package.tested_programs.is_empty())
        .collect();
    if tested.is_empty() {
        return Vec::new();
    }
    let targets = targets(&tested);
    let command = context.resolving("test").args(context.package_args(&tested)).args(targets);
    let env_from = instrument::needs(context);
    let compile = compile(context, stage, command, &env_from);
    let runs: Vec<Task> = tested
        .iter()
        .map(|package| {
            let command = context.cargo().args(["test", "--package", &package.name]).args(self::targets(&[package]));
            run(context, stage, package, command, &compile, &env_from)
        })
        .collect();
    std::iter::once(compile).chain(runs).collect()
}

/// The task that compiles what `command` would test.
pub fn compile(context: Context<'_>, stage: &StageId, command: Command, env_from: &[TaskId]) -> Task {
    let command = command.args(["--no-run", JSON]);
    Task {
        repeat: Some(command.clone().without(&[JSON]).to_string()),
        reader: Reader::CargoMessages,
        universe: Some(instrument::universe(env_from)),
        needs: env_from.to_vec(),
        env_from: env_from.to_vec(),
        ..Task::new(stage, COMPILE, command, context.timeout)
    }
}

/// The task that runs what `compile` has compiled for a package; `command` is what it means. Where only cargo knows
/// what its tests get, cargo runs them, one package after the other.
pub fn run(
    context: Context<'_>,
    stage: &StageId,
    package: &Package,
    command: Command,
    compile: &Task,
    env_from: &[TaskId],
) -> Task {
    let repeat = format!("{command} --");
    let by_cargo = context.workspace.tests_need_cargo;
    let mut command = if by_cargo { command.arg("--no-fail-fast") } else { command };
    if !context.settings.pass_on.is_empty() {
        command = command.arg("--").args(context.settings.pass_on.iter().cloned());
    }
    let action = Action::RunTests {
        compiled_by: compile.id.clone(),
        package: PackageEnv { id: package.id.clone(), dir: package.dir.clone(), vars: package.vars.clone() },
        args: context.settings.pass_on.clone(),
    };
    Task {
        action: if by_cargo { Action::Spawn } else { action },
        universe: compile.universe.filter(|_| by_cargo),
        reader: Reader::Libtest { repeat },
        needs: std::iter::once(compile.id.clone()).chain(env_from.iter().cloned()).collect(),
        env_from: env_from.to_vec(),
        ..Task::of_package(stage, &package.name, command, context.timeout)
    }
}

fn doc_tests(context: Context<'_>, stage: &StageId) -> Vec<Task> {
    let env_from = instrument::needs(context);
    let documented = context.packages.iter().filter(|package| package.doc_tests);
    documented
        .map(|package| {
            let mut command = context.resolving("test").args(["--package", &package.name, "--doc"]);
            let repeat = format!("{command} --");
            if !context.settings.pass_on.is_empty() {
                command = command.arg("--").args(context.settings.pass_on.iter().cloned());
            }
            if !env_from.is_empty() {
                // Doc tests are no part of the measurement, but the libraries that they link would write a profile.
                command = command.env("LLVM_PROFILE_FILE", "/dev/null");
            }
            Task {
                reader: Reader::Libtest { repeat },
                universe: Some(instrument::universe(&env_from)),
                cache: cache(context, package),
                needs: env_from.clone(),
                env_from: env_from.clone(),
                ..Task::of_package(stage, &package.name, command, context.timeout).beside(DOC)
            }
        })
        .collect()
}

/// Doc tests take seconds to build and nothing but the sources goes into them, so what has passed need not run again;
/// not so when some of their sources are out of sight. What was passed on can be anything, a secret too, and is not
/// kept on disk.
fn cache(context: Context<'_>, package: &Package) -> Option<Scope> {
    if !context.settings.pass_on.is_empty() {
        return None;
    }
    let packages = context.workspace.with_dependencies(&package.name);
    let unseen = packages.iter().filter_map(|name| context.workspace.package(name)).any(|p| p.depends_outside);
    (!unseen).then_some(Scope { packages })
}

/// The targets with unit tests. Programs are named one by one: `--bins` would also test those that their manifest
/// switches off with `test = false`.
fn targets(packages: &[&Package]) -> Vec<String> {
    let library = packages.iter().any(|package| package.library_tests).then(|| "--lib".to_owned());
    let programs = packages.iter().flat_map(|package| &package.tested_programs);
    library.into_iter().chain(programs.flat_map(|name| ["--bin".to_owned(), name.clone()])).collect()
}
