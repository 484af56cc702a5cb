//! Stage 2: the unit and doc tests of every package, compiled by one call of cargo and counted per package.
//!
//! cargo unifies the features of all packages that one call compiles. So every call here selects all packages of the
//! run, as `cargo test --workspace` does: a call per package would compile, and test, something else.

use super::compiled::{FOR_TESTS, Kind, compile, compiled_in, compiles_everything, repeat_unit, run};
use super::targets::{named_unit_targets, unit_targets, with_unit_tests};
use super::{Context, Stage, by_cargo, instrument};
use crate::cli::{Selection, StageCommand};
use xtask_core::error::Result;
use xtask_core::ids::StageId;
use xtask_core::pipeline::{Definition, TEST_SERVICES};
use xtask_core::workspace::Package;
use xtask_engine::plan::Task;

/// One compile, a task for the unit tests of each package, and one for its doc tests.
#[derive(Clone, Copy, Debug)]
pub struct TestServices;

impl Stage for TestServices {
    fn definition(&self) -> Definition {
        Definition::specified(TEST_SERVICES)
    }

    fn commands(&self) -> Vec<StageCommand> {
        let about = "Run unit and doc tests, counted per service";
        let command = StageCommand::new(TEST_SERVICES, "test-matrix", about).alias("test").takes::<Selection>();
        vec![command.passes_on(FOR_TESTS)]
    }

    fn tasks(&self, context: Context<'_>) -> Result<Vec<Task>> {
        let stage = StageId::new(TEST_SERVICES);
        let mut tasks = instrument::tasks(context, &stage);
        tasks.extend(unit_tests(context, &stage));
        tasks.extend(by_cargo::doc_tests(context, &stage, compiled_in(context, &stage)));
        Ok(tasks)
    }
}

/// The compile and the runs of the packages' unit tests, in whichever stage wants them.
pub fn unit_tests(context: Context<'_>, stage: &StageId) -> Vec<Task> {
    let tested = with_unit_tests(context);
    if tested.is_empty() {
        return Vec::new();
    }
    // One compile serves the integration tests too, where these are run as well.
    let targets = if compiles_everything(context) { Vec::new() } else { unit_targets(context.packages) };
    let compile = compile(context, stage, targets);
    let env_from = instrument::needs(context);
    let by_cargo = context.workspace.tests_need_cargo && !named_unit_targets(&tested).is_empty();
    let runs = if by_cargo {
        by_cargo::unit_tests(context, stage, &tested, &compile.id)
    } else {
        let run = |package: &&Package| {
            run(context, stage, (*package, Kind::Unit), &repeat_unit(context, package), &compile.id, &env_from)
        };
        tested.iter().map(run).collect()
    };
    std::iter::once(compile).chain(runs).collect()
}
