//! How the services of stage 8 are compiled where Docker makes the images: in a container, once for all of them.
//!
//! An engine's image records the time of its creation, so no two are alike. The pushed image is therefore packed from
//! the same programs by xtask; the engine has its own image of each service, to be run.

use super::Context;
use super::build::{self, HOST};
use crate::settings::Docker;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use xtask_cargo::readers::DockerBuild;
use xtask_core::catalogue::Tool;
use xtask_core::command::Command;
use xtask_core::ids::{StageId, TaskId};
use xtask_core::purpose::Purpose;
use xtask_core::reading::Binary;
use xtask_core::workspace::Package;
use xtask_engine::plan::Task;
use xtask_ship::image::dockerfile::{self, Built, CONTEXT, Dockerfile, FILE};
use xtask_ship::image::spec::{BuildContext, ImageSpec};
use xtask_ship::jobs::images::WriteContext;

/// A service, and what goes into its image.
type Made<'a> = (&'a Package, ImageSpec);

/// The tasks that make the programs; the last one has them.
pub fn compile(context: Context<'_>, docker: &Docker, stage: &StageId, services: &[Made<'_>]) -> Vec<Task> {
    let directory = directory(context);
    let names: Vec<&str> = services.iter().map(|(service, _)| service.name.as_str()).collect();
    let prepared = Task {
        job: Arc::new(WriteContext(build_context(context, docker, services))),
        purpose: Purpose::Image,
        ..Task::new(
            stage,
            "dockerfile",
            context.cargo().args(["xtask", "docker", "--dockerfile"]).args(names),
            context.timeout,
        )
    };
    let programs = directory.join("programs");
    let output = format!("type=local,dest={}", context.typed(&programs));
    let command = build(context, docker, dockerfile::PROGRAMS).args(["--output", &output]);
    let binary = |service: &Package, program: &String| Binary {
        package: service.id.clone(),
        target: program.clone(),
        kind: "bin".to_owned(),
        path: programs.join(dockerfile::stage(&service.name)).join(program),
        ..Binary::default()
    };
    let binaries = services
        .iter()
        .flat_map(|(service, _)| service.programs.iter().map(move |program| binary(service, program)))
        .collect();
    let compiled = Task {
        reader: Arc::new(DockerBuild::new(binaries)),
        purpose: Purpose::Compile,
        ships: true,
        needs: vec![prepared.id.clone()],
        tools: vec![Tool::BUILDKIT],
        ..Task::new(stage, "compile", seeing(context, command), context.timeout)
    };
    vec![prepared, compiled]
}

/// The image of each service in the engine.
pub fn engine_images(
    context: Context<'_>,
    docker: &Docker,
    stage: &StageId,
    services: &[Made<'_>],
    compiled: &TaskId,
) -> Vec<Task> {
    let checkout = context.settings.checkout.as_ref().filter(|checkout| !checkout.dirty);
    let tag = checkout.map_or_else(|| "dev".to_owned(), |checkout| format!("sha-{}", checkout.commit));
    let image = |(service, _): &Made<'_>| {
        let name = dockerfile::stage(&service.name);
        let command = build(context, docker, &name).args(["--tag", &format!("{name}:{tag}")]);
        Task {
            reader: Arc::new(DockerBuild::new(Vec::new())),
            purpose: Purpose::Image,
            needs: vec![compiled.clone()],
            tools: vec![Tool::BUILDKIT],
            ..Task::of_package(stage, &service.name, seeing(context, command), context.timeout).beside("engine")
        }
    };
    services.iter().map(image).collect()
}

/// `docker build` of one stage of the Dockerfile.
fn build(context: Context<'_>, docker: &Docker, target: &str) -> Command {
    let file = context.typed(&directory(context).join(FILE));
    Command::new(&docker.program, &context.workspace.root)
        .args(["build", "--progress", "plain", "--file", &file, "--target", target])
        .args(context.pass_on())
        .env("DOCKER_BUILDKIT", "1")
}

/// The command with the directory that it may see.
fn seeing(context: Context<'_>, command: Command) -> Command {
    command.arg(context.typed(&directory(context).join(CONTEXT)))
}

fn directory(context: Context<'_>) -> PathBuf {
    context.workspace.target_dir.join("xtask").join("docker")
}

fn build_context(context: Context<'_>, docker: &Docker, services: &[Made<'_>]) -> BuildContext {
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
    let compiled = members.iter().filter_map(member).filter_map(|package| inside(&package.dir));
    let outside = workspace.packages.iter().filter(|it| inside(&it.dir).is_none() || it.depends_outside);
    let outside = outside.map(|package| package.name.clone()).filter(|name| members.contains(name));
    let parts = build::parts(&packages);
    let own = |package: &Package| format!("/apart/{}", package.name);
    let builds: Vec<Command> = parts
        .iter()
        .map(|part| {
            let command = build::command(context, part, &own(part.packages[0]), Some(dockerfile::TARGET));
            // The user's variables apply in the container as they do outside.
            let vars = &context.settings.flags.vars;
            let vars = vars.iter().filter(|(name, _)| !command.env.contains_key(*name)).collect::<Vec<_>>();
            vars.into_iter().fold(command, |command, (name, value)| command.env(name, value))
        })
        .collect();
    let is_apart = |service: &Package| parts.iter().any(|part| part.apart && part.packages[0].name == service.name);
    let built = |(service, spec): &Made<'_>| Built {
        spec: spec.clone(),
        programs: service.programs.clone(),
        target: if is_apart(service) { own(service) } else { dockerfile::TARGET.to_owned() },
    };
    let dockerfile = Dockerfile {
        toolchain: &docker.toolchain,
        names_target: builds.iter().any(|command| command.args.iter().any(|arg| arg == HOST)),
        builds: &builds,
        members: &members.iter().cloned().collect::<Vec<_>>(),
        images: &services.iter().map(built).collect::<Vec<_>>(),
    };
    BuildContext {
        directory: directory(context),
        root: workspace.root.clone(),
        dockerfile: dockerfile.render(),
        manifests: manifests.into_iter().collect(),
        stubs: stubs.collect(),
        sources: compiled.chain(config.sources.iter().cloned()).collect(),
        target_dir: workspace.target_dir.clone(),
        ca_bundle: config.ca_bundle.clone(),
        depends_outside: outside.collect(),
    }
}
