//! Stage 7: one release build of all services.

use super::{Context, JSON, LOCKED};
use crate::command::Command;
use crate::plan::pipeline::{BUILD_AND_PUSH, BUILD_RELEASE};
use crate::plan::task::Universe;
use crate::plan::{Reader, StageId, Task};
use crate::workspace::Package;

/// The name of the task.
pub const TASK: &str = "release";

/// What cargo calls the machine that it runs on.
pub const HOST: &str = "host-tuple";

/// Links the C library into the program. With a target that is named, even the host's, build scripts and procedural
/// macros stay as they are: the latter cannot be static.
const STATIC: [&str; 4] =
    ["--target", HOST, "--config", r#"target."cfg(unix)".rustflags=["-Ctarget-feature=+crt-static"]"#];

/// One task, or none where no package has a program.
pub fn plan(context: Context<'_>) -> Vec<Task> {
    let built: Vec<&Package> =
        context.packages.iter().copied().filter(|package| !package.programs.is_empty()).collect();
    if built.is_empty() { Vec::new() } else { vec![task(context, &StageId::new(BUILD_RELEASE), &built)] }
}

/// The build of these packages' programs, as a task of `stage`.
pub fn task(context: Context<'_>, stage: &StageId, built: &[&Package]) -> Task {
    let command = linked_release(context, built);
    let repeat = command.clone().without(&[LOCKED]).to_string();
    Task {
        repeat: Some(repeat),
        reader: Reader::CargoMessages,
        universe: Some(Universe::Release),
        ..Task::new(stage, TASK, command.arg(JSON), context.timeout)
    }
}

/// The release build of these packages' programs, linked as the configuration wants it.
pub fn linked_release(context: Context<'_>, built: &[&Package]) -> Command {
    let links_statically = context.settings.config.image.links_statically(context.runs(BUILD_AND_PUSH));
    let linked = if links_statically { &STATIC[..] } else { &[] };
    let packages = context.package_args(built);
    context.resolving("build").arg("--release").args(linked.iter().copied()).args(packages).arg("--bins")
}
