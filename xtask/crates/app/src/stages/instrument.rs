//! Compiles tests so that they measure their coverage, for every stage that runs them.

use super::Context;
use crate::settings::Engine;
use std::collections::BTreeMap;
use std::sync::Arc;
use xtask_cargo::readers::Environment;
use xtask_core::catalogue::Tool;
use xtask_core::ids::{StageId, TaskId};
use xtask_core::options::Counted;
use xtask_core::pipeline::{CODE_COVERAGE, TEST_SERVICES};
use xtask_engine::plan::Task;
use xtask_engine::plan::task::Universe;

/// The name of the task that asks for the variables.
pub const ENVIRONMENT: &str = "instrument";
/// The name of the task that removes the measurements of earlier runs.
const CLEAN: &str = "clean";

/// The stage that prepares the measuring for all tests of the run, so that one compile serves every stage. There is
/// none when the run measures nothing, or with cargo-tarpaulin, which compiles for itself.
pub fn stage(context: Context<'_>) -> Option<StageId> {
    let measures = context.settings.engine != Engine::Tarpaulin && context.runs(CODE_COVERAGE);
    measures.then(|| StageId::new(if context.runs(TEST_SERVICES) { TEST_SERVICES } else { CODE_COVERAGE }))
}

/// The tasks that every compile and every run of tests takes its environment from, wherever they are.
pub fn needs(context: Context<'_>) -> Vec<TaskId> {
    stage(context).iter().flat_map(|stage| [ENVIRONMENT, CLEAN].map(|name| stage.job(name))).collect()
}

/// The tasks before anything is compiled for coverage: they set the variables, and remove older measurements. Empty
/// unless it is for `own` to prepare it.
pub fn tasks(context: Context<'_>, own: &StageId) -> Vec<Task> {
    if stage(context).as_ref() != Some(own) {
        return Vec::new();
    }
    let tools = vec![Tool::LLVM_COV, Tool::LLVM_TOOLS];
    let target = directory(context, "llvm-cov");
    let command = context.cargo().args(["llvm-cov", "show-env"]).env("CARGO_TARGET_DIR", &target);
    let environment = Task {
        reader: Arc::new(Environment::new(BTreeMap::from([("CARGO_TARGET_DIR".to_owned(), target)]))),
        tools: tools.clone(),
        ..Task::new(own, ENVIRONMENT, command, context.timeout)
    };
    let clean = Task {
        needs: vec![environment.id.clone()],
        env_from: vec![environment.id.clone()],
        universe: Some(Universe::Coverage),
        tools,
        ..Task::new(own, CLEAN, context.cargo().args(["llvm-cov", "clean", "--profraw-only"]), context.timeout)
    };
    vec![environment, clean]
}

/// Whether the coverage of integration tests counts.
pub fn counts_integration(context: Context<'_>) -> bool {
    context.settings.config.coverage_tests == Counted::All
}

/// Where this checkout is built for coverage by `engine`.
pub fn directory(context: Context<'_>, engine: &str) -> String {
    context.workspace.instrumented_dir(engine).to_string_lossy().into_owned()
}

/// Where tests with this environment are built: with the others of their kind.
pub fn universe(env_from: &[TaskId]) -> Universe {
    if env_from.is_empty() { Universe::Dev } else { Universe::Coverage }
}
