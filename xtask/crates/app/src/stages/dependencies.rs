//! Stage 5: which dependencies are outdated, and which are there in several versions.

use super::{Context, Stage};
use crate::cli::StageCommand;
use std::sync::Arc;
use xtask_cargo::readers::{Duplicates, Outdated};
use xtask_core::error::Result;
use xtask_core::ids::StageId;
use xtask_core::pipeline::{DEPENDENCY_CHECK, Definition};
use xtask_core::reader::Read;
use xtask_engine::plan::Task;
use xtask_engine::plan::task::Universe;

/// Two tables. Neither command changes anything.
#[derive(Clone, Copy, Debug)]
pub struct DependencyCheck;

impl Stage for DependencyCheck {
    fn definition(&self) -> Definition {
        Definition::specified(DEPENDENCY_CHECK)
    }

    fn commands(&self) -> Vec<StageCommand> {
        vec![StageCommand::new(DEPENDENCY_CHECK, "deps", "List outdated and duplicate dependencies")]
    }

    fn tasks(&self, context: Context<'_>) -> Result<Vec<Task>> {
        let stage = StageId::new(DEPENDENCY_CHECK);
        let outdated = context.cargo().args(["update", "--dry-run", "--verbose", "--color=never"]);
        let duplicates =
            context.resolving("tree").args(["--workspace", "--duplicates", "--depth", "0", "--color=never"]);
        let table = |name: &str, command, reader: Arc<dyn Read>| Task {
            reader,
            universe: Some(Universe::Dev),
            ..Task::new(&stage, name, command, context.timeout)
        };
        Ok(vec![
            table("outdated", outdated, Arc::new(Outdated::default())),
            table("duplicates", duplicates, Arc::new(Duplicates::default())),
        ])
    }
}
