//! Stage 8: an image of every service that wants one.

use super::names::main_program;
use super::{Context, Stage, build, docker, names};
use crate::cli::{BuilderOption, DatabaseOption, Docker, RegistryOption, Selection, StageCommand};
use crate::settings::Builder;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use xtask_core::catalogue::Tool;
use xtask_core::error::Result;
use xtask_core::ids::{StageId, TaskId};
use xtask_core::pipeline::{BUILD_AND_PUSH, BUILD_RELEASE, DOCKER, Definition, SECURITY_AUDIT};
use xtask_core::purpose::Purpose;
use xtask_core::registry::Login;
use xtask_core::workspace::Package;
use xtask_engine::git::Checkout;
use xtask_engine::plan::Task;
use xtask_ship::image::spec::{BillSpec, ImageSpec};
use xtask_ship::jobs::images::{PackImage, WriteBills};
use xtask_ship::jobs::registry::{LogIn, PushImage};

/// The images of the services.
#[derive(Clone, Copy, Debug)]
pub struct BuildAndPush;

impl Stage for BuildAndPush {
    fn definition(&self) -> Definition {
        Definition::specified(BUILD_AND_PUSH)
    }

    fn commands(&self) -> Vec<StageCommand> {
        let about = "Build an image of every service; push them with `--push`";
        let command = StageCommand::new(BUILD_AND_PUSH, DOCKER, about).takes::<Selection>().takes::<Docker>();
        let command = command.takes::<BuilderOption>().takes::<RegistryOption>().takes::<DatabaseOption>();
        // Nothing is pushed before its known advisories could be seen.
        let command = command.also(SECURITY_AUDIT, |line| line.args::<Docker>().push);
        vec![command.passes_on("Arguments for `docker build`, such as `--network host`")]
    }

    fn tasks(&self, context: Context<'_>) -> Result<Vec<Task>> {
        plan(context)
    }
}

/// The SBOMs, and an image for each service: of the programs that the release build of the same run has made, or that
/// are built first where there is none; or of those that Docker compiles.
fn plan(context: Context<'_>) -> Result<Vec<Task>> {
    let stage = StageId::new(BUILD_AND_PUSH);
    let services: Vec<&Package> = context.packages.iter().copied().filter(|it| context.has_image(it)).collect();
    if services.is_empty() {
        return Ok(Vec::new());
    }
    names::check_images(&services)?;
    let specs: Vec<(&Package, ImageSpec)> = services.iter().map(|service| (*service, spec(context, service))).collect();
    let docker = match &context.settings.builder {
        Builder::Docker(docker) => Some(docker),
        Builder::Oci => None,
    };
    let (builds, builders) = match docker {
        Some(docker) => {
            let builds = docker::compile(context, docker, &stage, &specs);
            let compiled = builds.last().map(|task| task.id.clone());
            (builds, services.iter().zip(compiled.iter().cycle()).map(|(it, id)| (*it, id.clone())).collect())
        }
        None if context.runs(BUILD_RELEASE) => {
            (Vec::new(), builders(&StageId::new(BUILD_RELEASE), &build::built(context)))
        }
        None => (build::tasks(context, &stage, &services), builders(&stage, &services)),
    };
    let built_by = |service: &Package| builders.iter().find(|(built, _)| built.id == service.id).map(|(_, id)| id);
    let Some(first) = built_by(services[0]) else { return Ok(Vec::new()) };
    let in_engine = docker.map(|docker| docker::engine_images(context, docker, &stage, &specs, first));
    let bills = bills(context, &stage, &services, first);
    let images = specs.into_iter().filter_map(|(service, spec)| {
        let built_by = built_by(service)?;
        let command = context.cargo().args(["xtask", "docker", &service.name]);
        Some(Task {
            job: Arc::new(PackImage { built_by: built_by.clone(), image: spec }),
            purpose: Purpose::Image,
            needs: vec![built_by.clone()],
            ..Task::of_package(&stage, &service.name, command, context.timeout)
        })
    });
    let made: Vec<Task> =
        builds.into_iter().chain([bills]).chain(images).chain(in_engine.into_iter().flatten()).collect();
    let pushes = pushes(context, &stage, &services, &made);
    Ok(made.into_iter().chain(pushes).collect())
}

/// Which task of `stage` builds which of these packages.
fn builders<'a>(stage: &StageId, built: &[&'a Package]) -> Vec<(&'a Package, TaskId)> {
    let of_part = |part: build::Part<'a>| {
        let id = part.id(stage);
        part.packages.into_iter().map(move |package| (package, id.clone()))
    };
    build::parts(built).into_iter().flat_map(of_part).collect()
}

/// The job that pushes the image of a service.
pub const PUSH: &str = "push";
/// The job that logs in to the registry.
pub const LOGIN: &str = "login";

/// The login, and a push for each service. They wait until all images are made: half a set is of no use.
fn pushes(context: Context<'_>, stage: &StageId, services: &[&Package], made: &[Task]) -> Vec<Task> {
    let Some((registry, tags)) = context.settings.destination() else { return Vec::new() };
    let made: Vec<TaskId> = made.iter().map(|task| task.id.clone()).collect();
    let typed = |service: Option<&str>| {
        let command = context.cargo().args(["xtask", "docker"]).args(service);
        command.args(["--push", "--registry", &registry.to_string()])
    };
    let by = registry.login(context.settings.logins);
    let login = (by != Login::None).then(|| Task {
        job: Arc::new(LogIn { registry: registry.clone(), by }),
        purpose: Purpose::LogIn,
        needs: made.clone(),
        tools: std::iter::once(Tool::SKOPEO).chain((by == Login::Ecr).then_some(Tool::AWS)).collect(),
        ..Task::new(stage, LOGIN, typed(None), context.timeout)
    });
    let env_from: Vec<TaskId> = login.iter().map(|login| login.id.clone()).collect();
    let push = |service: &&Package| {
        let job = PushImage {
            service: service.name.clone(),
            layout: directory(context).join(&service.name),
            repository: registry.repository(&service.name),
            tags: tags.clone(),
            commit: context.settings.checkout.as_ref().map(|checkout| checkout.commit.clone()),
        };
        Task {
            job: Arc::new(job),
            purpose: Purpose::Push,
            needs: made.iter().chain(&env_from).cloned().collect(),
            env_from: env_from.clone(),
            tools: vec![Tool::SKOPEO],
            ..Task::of_package(stage, &service.name, typed(Some(&service.name)), context.timeout).beside(PUSH)
        }
    };
    let pushes: Vec<Task> = services.iter().map(push).collect();
    login.into_iter().chain(pushes).collect()
}

fn bills(context: Context<'_>, stage: &StageId, services: &[&Package], built_by: &TaskId) -> Task {
    // Only the target's dependencies: asking for all platforms would fetch crates that are never compiled.
    let command = context
        .resolving("metadata")
        .args(["--format-version", "1", "--filter-platform", build::HOST])
        .args(["--manifest-path", "Cargo.toml"]);
    let file = |service: &Package| directory(context).join(format!("{}.cdx.json", service.name));
    let bill = |service: &&Package| BillSpec { package: service.id.clone(), file: file(service) };
    Task {
        job: Arc::new(WriteBills {
            bills: services.iter().map(bill).collect(),
            time: context.settings.checkout.as_ref().map(Checkout::created),
        }),
        purpose: Purpose::Image,
        // The build has fetched the crates that this looks at.
        needs: vec![built_by.clone()],
        ..Task::new(stage, "bills-of-materials", command, context.timeout)
    }
}

/// The directory of the images and their SBOMs.
fn directory(context: Context<'_>) -> PathBuf {
    context.workspace.target_dir.join("xtask").join("images")
}

fn spec(context: Context<'_>, package: &Package) -> ImageSpec {
    let config = &context.settings.config.image;
    let checkout = context.settings.checkout.as_ref();
    let revision = checkout.map(Checkout::revision);
    let port = package.service_fact("port").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok());
    let value = |name: &str| match name {
        "commit" => revision.clone().unwrap_or_else(|| "unknown".to_owned()),
        "port" => port.map(|port| port.to_string()).unwrap_or_default(),
        "service" => package.name.clone(),
        _ => package.version.clone(),
    };
    ImageSpec {
        service: package.name.clone(),
        package: package.id.clone(),
        revision: revision.clone(),
        is_pushed: context.settings.destination().is_some(),
        program: main_program(package).unwrap_or_default().to_owned(),
        layout: directory(context).join(&package.name),
        base: config.base.clone(),
        user: config.user.clone(),
        env: config.variables(value),
        port,
        labels: labels(context, package, revision.as_deref()),
        time: checkout.map(|checkout| checkout.time),
        ca_bundle: config.ca_bundle.clone(),
        budget: config.budget,
    }
}

/// The annotations of <https://github.com/opencontainers/image-spec/blob/main/annotations.md>, as labels.
fn labels(context: Context<'_>, package: &Package, revision: Option<&str>) -> BTreeMap<String, String> {
    let checkout = context.settings.checkout.as_ref();
    let said = |key: &str| package.vars.get(key).filter(|value| !value.is_empty()).cloned();
    let created = checkout.map(Checkout::created);
    let labels = [
        ("created", created),
        ("description", said("CARGO_PKG_DESCRIPTION")),
        ("licenses", said("CARGO_PKG_LICENSE")),
        ("revision", revision.map(str::to_owned)),
        ("source", said("CARGO_PKG_REPOSITORY").or_else(|| checkout.and_then(|checkout| checkout.source.clone()))),
        ("title", Some(package.name.clone())),
        ("version", Some(package.version.clone())),
    ];
    let labels =
        labels.into_iter().filter_map(|(key, value)| Some((format!("org.opencontainers.image.{key}"), value?)));
    labels.collect()
}
