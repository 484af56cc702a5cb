//! Stage 7: one release build of all services.

use super::{Context, JSON, Stage};
use crate::cli::{Selection, StageCommand};
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Arc;
use xtask_cargo::readers::CargoMessages;
use xtask_core::command::Command;
use xtask_core::error::Result;
use xtask_core::ids::{StageId, TaskId};
use xtask_core::pipeline::{BUILD_AND_PUSH, BUILD_RELEASE, Definition};
use xtask_core::purpose::Purpose;
use xtask_core::workspace::Package;
use xtask_engine::plan::Task;
use xtask_engine::plan::task::Universe;

/// The name of the task that builds all packages, but for those with a part of their own.
const TASK: &str = "release";

/// Cargo's name for the host machine.
pub const HOST: &str = "host-tuple";

/// Links the C library into a program.
const STATIC: &str = "-Ctarget-feature=+crt-static";

/// The packages of one cargo call.
pub struct Part<'a> {
    /// The packages that it builds.
    pub packages: Vec<&'a Package>,
    /// Whether it is a single package whose programs need a directory of their own.
    pub apart: bool,
}

impl Part<'_> {
    /// Its task in `stage`.
    pub fn id(&self, stage: &StageId) -> TaskId {
        if self.apart { stage.package_job(&self.packages[0].name, TASK) } else { stage.job(TASK) }
    }
}

/// The release build; nothing where no package has a program.
#[derive(Clone, Copy, Debug)]
pub struct BuildRelease;

impl Stage for BuildRelease {
    fn definition(&self) -> Definition {
        Definition::specified(BUILD_RELEASE)
    }

    fn commands(&self) -> Vec<StageCommand> {
        let about = "Build the services in release mode";
        vec![StageCommand::new(BUILD_RELEASE, "build", about).takes::<Selection>()]
    }

    fn tasks(&self, context: Context<'_>) -> Result<Vec<Task>> {
        Ok(tasks(context, &StageId::new(BUILD_RELEASE), &built(context)))
    }
}

/// The packages that the stage builds.
pub fn built(context: Context<'_>) -> Vec<&Package> {
    context.packages.iter().copied().filter(|package| !package.programs.is_empty()).collect()
}

/// As few cargo calls as leave every program its file: one for all packages, and one for each whose program has the
/// name of another package's. In one call cargo would write both to the same file, warn, and succeed.
pub fn parts<'a>(built: &[&'a Package]) -> Vec<Part<'a>> {
    let mut taken: HashSet<String> = HashSet::new();
    let (mut together, mut apart) = (Vec::new(), Vec::new());
    for package in built {
        // Some file systems take two names for one that differ in case only.
        let names: Vec<String> = package.programs.iter().map(|program| program.to_lowercase()).collect();
        if names.iter().any(|name| taken.contains(name)) {
            apart.push(Part { packages: vec![*package], apart: true });
        } else {
            taken.extend(names);
            together.push(*package);
        }
    }
    let first = Part { packages: together, apart: false };
    std::iter::once(first).filter(|part| !part.packages.is_empty()).chain(apart).collect()
}

/// The builds of these packages' programs, as tasks of `stage`.
pub fn tasks(context: Context<'_>, stage: &StageId, built: &[&Package]) -> Vec<Task> {
    let target = context.typed(&context.workspace.target_dir);
    let shared = context.workspace.build_dir.as_deref().map(|shared| context.typed(shared));
    let task = |part: &Part<'_>| {
        let own = format!("{target}/xtask/{TASK}/{}", part.packages[0].name);
        let command = command(context, part, &own, shared.as_deref());
        let (repeat, command) = (command.to_string(), command.arg(JSON));
        let task = if part.apart {
            Task::of_package(stage, &part.packages[0].name, command, context.timeout).beside(TASK)
        } else {
            Task::new(stage, TASK, command, context.timeout)
        };
        let universe = Some(Universe::Release);
        Task {
            repeat: Some(repeat),
            reader: Arc::new(CargoMessages::default()),
            purpose: Purpose::Compile,
            ships: true,
            universe,
            ..task
        }
    };
    parts(built).iter().map(task).collect()
}

/// The release build of a part, linked as the configuration wants it. A part that is built apart has its programs in
/// the directory `own`, and shares its intermediate files with the other parts in the directory `shared`, if cargo can.
pub fn command(context: Context<'_>, part: &Part<'_>, own: &str, shared: Option<&str>) -> Command {
    let command = context.resolving("build").arg("--release");
    let command = if context.settings.config.image.links_statically(context.runs(BUILD_AND_PUSH)) {
        // With a target that is named, even the host's, build scripts and procedural macros stay as they are: the latter
        // cannot be static.
        context.settings.flags.add(STATIC, command.args(["--target", HOST]))
    } else {
        command
    };
    let command = command.args(context.package_args(&part.packages)).arg("--bins");
    if !part.apart {
        return command;
    }
    let shared = shared.map(|shared| format!("build.build-dir={}", Value::from(shared)));
    command.args(["--target-dir", own]).args(shared.iter().flat_map(|shared| ["--config", shared]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_of_one_name_are_built_apart_and_all_others_together() {
        let package = |name: &str, programs: &[&str]| Package {
            name: name.to_owned(),
            programs: programs.iter().map(|program| (*program).to_owned()).collect(),
            ..Package::default()
        };
        let packages = [
            package("a", &["server", "a"]),
            package("b", &["b"]),
            package("c", &["Server"]),
            package("d", &["d", "b"]),
        ];
        let parts = parts(&packages.iter().collect::<Vec<_>>());
        let ids = parts.iter().map(|part| part.id(&StageId::new("build")).as_str().to_owned());
        let names =
            parts.iter().map(|part| part.packages.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join(" "));
        let found: Vec<(String, String)> = ids.zip(names).collect();
        let wanted = [("build:release", "a b"), ("build/c:release", "c"), ("build/d:release", "d")];
        assert_eq!(found, wanted.map(|(id, names)| (id.to_owned(), names.to_owned())));
    }
}
