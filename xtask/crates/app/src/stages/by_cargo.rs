//! Tests that only cargo itself can run: doc tests; and all others where cargo's configuration sets variables (`[env]`)
//! for them or a program to run them with (`runner`).
//!
//! One call runs those of all packages, with the features that they have beside each other. A task for each package then
//! takes its part of the results.

use super::compiled::{passing_on, repeat_integration, repeat_unit};
use super::targets::{explicit_unit_targets, integration_targets};
use super::{Context, instrument};
use std::collections::BTreeSet;
use std::sync::Arc;
use xtask_cargo::jobs::run_tests::TakePart;
use xtask_cargo::readers::{CargoTest, Part, Ran, Rerun};
use xtask_core::command::Command;
use xtask_core::ids::{StageId, TaskId};
use xtask_core::pipeline;
use xtask_core::purpose::Purpose;
use xtask_core::workspace::Package;
use xtask_engine::job::Spawn;
use xtask_engine::plan::Task;
use xtask_engine::plan::task::Scope;

/// The job that runs the doc tests of a package, and the one that runs those of all packages.
const DOC: &str = "doc";
/// The job that runs the unit tests of all packages.
const UNIT: &str = "unit";
/// The job that runs the integration tests of all packages.
const INTEGRATION: &str = "all";

/// The doc tests of all packages, as parts of one call.
pub fn doc_tests(context: Context<'_>, stage: &StageId, compiled_by: Option<TaskId>) -> Vec<Task> {
    let documented: Vec<&Package> = context.packages.iter().copied().filter(|package| package.doc_tests).collect();
    if documented.is_empty() {
        return Vec::new();
    }
    let env_from = instrument::needs(context);
    let named = selected(context, |package| package.doc_tests);
    let mut command = context.resolving("test").args(context.package_args(&named)).arg("--doc");
    if !env_from.is_empty() {
        // Doc tests are no part of the measurement, but the libraries that they link would write a profile.
        command = command.env("LLVM_PROFILE_FILE", "/dev/null");
    }
    let repeat = |package: &Package| {
        let command = context.resolving("test").args(context.alone(package)).arg("--doc");
        Rerun::Line(command.to_string())
    };
    let calls = Calls { stage, packages: &documented, env_from, beside: Some(DOC), ran: None };
    let mut tasks = calls.tasks(context, DOC, command, repeat);
    // Code that does not compile need not be compiled again to say so.
    tasks[0].needs.extend(compiled_by);
    tasks[0].cache = cache(context, &documented, &named);
    tasks
}

/// The packages to name in a call for a kind of tests that only some have. `--doc` and `--lib` also test what `doctest`
/// and `test` switch off: packages without such tests are left out, unless others would get other features without them;
/// then their results do not count.
fn selected(context: Context<'_>, has_tests: impl Fn(&Package) -> bool) -> Vec<&Package> {
    let is_library = |package: &Package| !package.crate_name.is_empty();
    let is_named = |package: &&Package| has_tests(package) || !is_library(package);
    let rest: Vec<&Package> = context.packages.iter().copied().filter(is_named).collect();
    let features = context.workspace.unified_features(&rest);
    let same = features.iter().all(|(name, own)| context.features.get(name) == Some(own));
    if same { rest } else { context.packages.to_vec() }
}

/// The unit tests of these packages.
pub fn unit_tests(context: Context<'_>, stage: &StageId, tested: &[&Package], compiled_by: &TaskId) -> Vec<Task> {
    let targets = explicit_unit_targets(context.packages, tested);
    let command =
        context.resolving("test").args(context.package_args(&selected(context, Package::has_unit_tests))).args(targets);
    let repeat = |package: &Package| repeat_unit(context, package);
    let calls = Calls {
        stage,
        packages: tested,
        env_from: instrument::needs(context),
        beside: None,
        ran: Some(ran(compiled_by, false)),
    };
    calls.tasks(context, UNIT, command, repeat)
}

/// The integration tests of these packages, with all the servers that one of them needs.
pub fn integration_tests(
    context: Context<'_>,
    stage: &StageId,
    tested: &[&Package],
    env_from: Vec<TaskId>,
    compiled_by: &TaskId,
) -> Vec<Task> {
    let command =
        context.resolving("test").args(context.package_args(context.packages)).args(integration_targets(tested));
    let repeat = |package: &Package| Rerun::Line(repeat_integration(context, package));
    let beside = (stage.as_str() != pipeline::INTEGRATION_TESTS).then_some(pipeline::INTEGRATION);
    let calls = Calls { stage, packages: tested, env_from, beside, ran: Some(ran(compiled_by, true)) };
    calls.tasks(context, INTEGRATION, command, repeat)
}

/// The task that runs the integration tests of a package, with a call of cargo for these alone.
pub fn of_package(context: Context<'_>, task: Task, package: &Package, compiled_by: &TaskId) -> Task {
    let command = context.resolving("test").args(context.alone(package)).args(integration_targets(&[package]));
    let repeat = Rerun::Line(repeat_integration(context, package));
    Task {
        command: passing_on(context, command.arg("--no-fail-fast").one_stream()),
        job: Arc::new(Spawn),
        reader: Arc::new(CargoTest::new(vec![part(package, repeat)], Some(ran(compiled_by, true)))),
        purpose: Purpose::Tests,
        universe: Some(instrument::universe(&instrument::needs(context))),
        ..task
    }
}

/// The tests of a package among those that a call runs.
fn part(package: &Package, repeat: Rerun) -> Part {
    let (package, id, crate_name) = (package.name.clone(), package.id.clone(), package.crate_name.clone());
    Part { package, id, crate_name, repeat }
}

/// One call for the tests of several packages.
struct Calls<'a> {
    stage: &'a StageId,
    packages: &'a [&'a Package],
    env_from: Vec<TaskId>,
    /// The name of a package's task where the package has another one in the stage.
    beside: Option<&'a str>,
    /// The executables that it runs, which are compiled before.
    ran: Option<Ran>,
}

fn ran(compiled_by: &TaskId, integration: bool) -> Ran {
    Ran { compiled_by: compiled_by.clone(), integration }
}

impl Calls<'_> {
    /// The call, and behind it a task for each package.
    fn tasks(
        &self,
        context: Context<'_>,
        job: &str,
        command: Command,
        repeat: impl Fn(&Package) -> Rerun,
    ) -> Vec<Task> {
        let again = command.to_string();
        let part = |package: &&Package| part(package, repeat(package));
        let call = Task {
            repeat: Some(again),
            reader: Arc::new(CargoTest::new(self.packages.iter().map(part).collect(), self.ran.clone())),
            purpose: Purpose::Tests,
            universe: Some(instrument::universe(&instrument::needs(context))),
            needs: self.env_from.iter().chain(self.ran.iter().map(|ran| &ran.compiled_by)).cloned().collect(),
            env_from: self.env_from.clone(),
            ..Task::new(
                self.stage,
                job,
                passing_on(context, command.arg("--no-fail-fast").one_stream()),
                context.timeout,
            )
        };
        let of_package = |package: &&Package| {
            let command = repeat(package).command(&context.workspace.root);
            let task = Task::of_package(self.stage, &package.name, command.clone(), context.timeout);
            let task = self.beside.map_or(task.clone(), |job| task.beside(job));
            let job = Arc::new(TakePart { of: call.id.clone(), package: package.name.clone() });
            Task {
                job,
                purpose: Purpose::Tests,
                repeat: Some(command.to_string()),
                needs: vec![call.id.clone()],
                ..task
            }
        };
        let parts: Vec<Task> = self.packages.iter().map(of_package).collect();
        std::iter::once(call).chain(parts).collect()
    }
}

/// Doc tests take seconds to build and nothing but the sources goes into them, so tests that have passed need not run
/// again; not so when some of their sources are out of sight. Arguments that are passed on can be anything, even a
/// secret, and are not kept on disk.
fn cache(context: Context<'_>, tested: &[&Package], named: &[&Package]) -> Option<Scope> {
    if !context.pass_on().is_empty() {
        return None;
    }
    let closure = |packages: &[&Package]| -> BTreeSet<String> {
        packages.iter().flat_map(|package| context.workspace.with_dependencies(&package.name)).collect()
    };
    let packages = closure(tested);
    let unseen = packages.iter().filter_map(|name| context.workspace.package(name)).any(|p| p.depends_outside);
    (!unseen).then(|| Scope { packages, named: closure(named) })
}
