//! Compiling tests so that they measure what they reach, for whichever stage runs them.

use super::Context;
use crate::plan::pipeline::CODE_COVERAGE;
use crate::plan::task::Universe;
use crate::plan::{Reader, StageId, Task, TaskId};
use crate::tools::catalogue::Tool;
use std::collections::BTreeMap;

/// The name of the task that asks for the variables.
pub const ENVIRONMENT: &str = "instrument";

/// What must happen before anything is compiled for coverage: the variables, and the end of older measurements.
pub fn tasks(context: Context<'_>, stage: &StageId) -> Vec<Task> {
    let tools = vec![Tool::LlvmCov, Tool::LlvmTools];
    let target = context.workspace.target_dir.join("llvm-cov-target").to_string_lossy().into_owned();
    let command = context.cargo().args(["llvm-cov", "show-env"]).env("CARGO_TARGET_DIR", &target);
    let environment = Task {
        reader: Reader::Environment { also: BTreeMap::from([("CARGO_TARGET_DIR".to_owned(), target)]) },
        tools: tools.clone(),
        ..Task::new(stage, ENVIRONMENT, command, context.timeout)
    };
    let clean = Task {
        needs: vec![environment.id.clone()],
        env_from: vec![environment.id.clone()],
        universe: Some(Universe::Coverage),
        tools,
        ..Task::new(stage, "clean", context.cargo().args(["llvm-cov", "clean", "--profraw-only"]), context.timeout)
    };
    vec![environment, clean]
}

/// Where tests with this environment are built: with the others of their kind.
pub fn universe(stage: &StageId, env_from: &[TaskId]) -> Universe {
    if env_from.is_empty() && stage.as_str() != CODE_COVERAGE { Universe::Dev } else { Universe::Coverage }
}
