//! Stage 7: one release build of all services.

use super::{Context, JSON, LOCKED};
use crate::plan::pipeline::BUILD_RELEASE;
use crate::plan::task::Universe;
use crate::plan::{Reader, StageId, Task};
use crate::workspace::Package;

/// One task, or none where no package has a program.
pub fn plan(context: Context<'_>) -> Vec<Task> {
    let built: Vec<&Package> =
        context.packages.iter().copied().filter(|package| !package.programs.is_empty()).collect();
    if built.is_empty() {
        return Vec::new();
    }
    let command = context.resolving("build").arg("--release").args(context.package_args(&built)).args(["--bins", JSON]);
    vec![Task {
        repeat: Some(command.clone().without(&[JSON, LOCKED]).to_string()),
        reader: Reader::CargoMessages,
        universe: Some(Universe::Release),
        ..Task::new(&StageId::new(BUILD_RELEASE), "release", command, context.timeout)
    }]
}
