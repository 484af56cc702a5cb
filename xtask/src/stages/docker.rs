//! How stage 8 has the services compiled where Docker makes the images: in a container, once for all of them.
//!
//! An engine's image bears the time of its making, so no two are alike. What is pushed is therefore packed from the same
//! programs by xtask; the engine has its own image of each service, to be run.

use super::Context;
use super::build::{HOST, linked_release};
use crate::command::Command;
use crate::image::dockerfile::{self, CONTEXT, Dockerfile, FILE};
use crate::image::spec::{BuildContext, ImageSpec};
use crate::plan::{Action, Reader, StageId, Task, TaskId};
use crate::reading::Binary;
use crate::tools::catalogue::Tool;
use crate::workspace::Package;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A service, what goes into its image, and the names of its programs.
type Made<'a> = (&'a Package, ImageSpec);

/// The tasks that make the programs; the last one has them.
pub fn compile(context: Context<'_>, stage: &StageId, services: &[Made<'_>]) -> Vec<Task> {
    let folder = folder(context);
    let names: Vec<&str> = services.iter().map(|(service, _)| service.name.as_str()).collect();
    let prepared = Task {
        action: Action::WriteContext(Box::new(build_context(context, services))),
        ..Task::new(
            stage,
            "dockerfile",
            context.cargo().args(["xtask", "docker", "--dockerfile"]).args(names),
            context.timeout,
        )
    };
    let programs = folder.join("programs");
    let output = format!("type=local,dest={}", typed(context, &programs));
    let command = build(context, dockerfile::PROGRAMS).args(["--output", &output]);
    let binary = |service: &Package, program: &String| Binary {
        package: service.id.clone(),
        target: program.clone(),
        kind: "bin".to_owned(),
        test: false,
        path: programs.join(program),
        bytes: 0,
    };
    let binaries = services
        .iter()
        .flat_map(|(service, _)| service.programs.iter().map(move |program| binary(service, program)))
        .collect();
    let compiled = Task {
        reader: Reader::DockerBuild { programs: binaries },
        needs: vec![prepared.id.clone()],
        tools: vec![Tool::BuildKit],
        ..Task::new(stage, "compile", seeing(context, command), context.timeout)
    };
    vec![prepared, compiled]
}

/// The image of each service in the engine.
pub fn engine_images(context: Context<'_>, stage: &StageId, services: &[Made<'_>], compiled: &TaskId) -> Vec<Task> {
    let checkout = context.settings.checkout.as_ref().filter(|checkout| !checkout.dirty);
    let tag = checkout.map_or_else(|| "dev".to_owned(), |checkout| format!("sha-{}", checkout.commit));
    let image = |(service, _): &Made<'_>| {
        let name = dockerfile::stage(&service.name);
        let command = build(context, &name).args(["--tag", &format!("{name}:{tag}")]);
        Task {
            reader: Reader::DockerBuild { programs: Vec::new() },
            needs: vec![compiled.clone()],
            tools: vec![Tool::BuildKit],
            ..Task::of_package(stage, &service.name, seeing(context, command), context.timeout).beside("engine")
        }
    };
    services.iter().map(image).collect()
}

/// `docker build` of one stage of the Dockerfile.
fn build(context: Context<'_>, target: &str) -> Command {
    let file = typed(context, &folder(context).join(FILE));
    Command::new(&context.settings.docker.program, &context.workspace.root)
        .args(["build", "--progress", "plain", "--file", &file, "--target", target])
        .args(context.settings.pass_on.iter().cloned())
        .env("DOCKER_BUILDKIT", "1")
}

/// The command with the folder that it may see.
fn seeing(context: Context<'_>, command: Command) -> Command {
    command.arg(typed(context, &folder(context).join(CONTEXT)))
}

/// A path as somebody who stands at the root would type it.
fn typed(context: Context<'_>, path: &Path) -> String {
    path.strip_prefix(&context.workspace.root).unwrap_or(path).to_string_lossy().into_owned()
}

fn folder(context: Context<'_>) -> PathBuf {
    context.workspace.target_dir.join("xtask").join("docker")
}

fn build_context(context: Context<'_>, services: &[Made<'_>]) -> BuildContext {
    let workspace = context.workspace;
    let config = &context.settings.config.image;
    let packages: Vec<&Package> = services.iter().map(|(service, _)| *service).collect();
    let members: BTreeSet<String> =
        packages.iter().flat_map(|service| workspace.with_dependencies(&service.name)).collect();
    let member = |name: &String| workspace.package(name);
    let inside = |path: &Path| path.strip_prefix(&workspace.root).map(Path::to_owned).ok();
    let manifests = workspace.packages.iter().map(|package| &package.manifest);
    let at_root = std::iter::once(PathBuf::from("Cargo.toml"));
    let manifests: BTreeSet<PathBuf> = manifests.filter_map(|path| inside(path)).chain(at_root).collect();
    let stubs = workspace.packages.iter().flat_map(|package| &package.roots).filter_map(|root| inside(root));
    let own = members.iter().filter_map(member).filter_map(|package| inside(&package.dir));
    let outside = workspace.packages.iter().filter(|it| inside(&it.dir).is_none() || it.depends_outside);
    let outside = outside.map(|package| package.name.clone()).filter(|name| members.contains(name));
    let images: Vec<(ImageSpec, Vec<String>)> =
        services.iter().map(|(service, spec)| (spec.clone(), service.programs.clone())).collect();
    let command = linked_release(context, &packages);
    let names_target = command.args.iter().any(|arg| arg == HOST);
    let dockerfile = Dockerfile {
        toolchain: &context.settings.docker.toolchain,
        build: &command,
        names_target,
        members: &members.iter().cloned().collect::<Vec<_>>(),
        images: &images,
    };
    BuildContext {
        folder: folder(context),
        root: workspace.root.clone(),
        dockerfile: dockerfile.render(),
        manifests: manifests.into_iter().collect(),
        stubs: stubs.collect(),
        sources: own.chain(config.sources.iter().cloned()).collect(),
        target_dir: workspace.target_dir.clone(),
        ca_bundle: config.ca_bundle.clone(),
        depends_outside: outside.collect(),
    }
}
