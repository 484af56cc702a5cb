//! Stages 9 and 10: services to an environment, and whether they work there.

use super::{Context, NOTHING, Stage, names};
use crate::settings::Settings;
use crate::settings::deployment::{Deployment, DeploymentTask};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use xtask_core::catalogue::Tool;
use xtask_core::error::Result;
use xtask_core::ids::StageId;
use xtask_core::pipeline::{DEPLOY_STAGING, Definition, SMOKE_TEST};
use xtask_core::purpose::Purpose as For;
use xtask_core::workspace::Package;
use xtask_engine::plan::Task;
use xtask_ship::deploy::objects::{Conventions, Release};
use xtask_ship::deploy::pull::Source;
use xtask_ship::deploy::request::{Cluster, Purpose, Request};
use xtask_ship::deploy::smoke;
use xtask_ship::jobs;

/// The time that a deployment may take besides its own budgets: the checks before it, and the calls between.
const BESIDES: Duration = Duration::from_secs(5 * 60);

/// The deployment to an environment: `staging`, where the command line names none.
#[derive(Clone, Copy, Debug)]
pub struct Deploy;

/// The smoke test of that environment.
#[derive(Clone, Copy, Debug)]
pub struct SmokeTest;

impl Stage for Deploy {
    fn definition(&self) -> Definition {
        Definition::specified(DEPLOY_STAGING)
    }

    fn tasks(&self, context: Context<'_>) -> Result<Vec<Task>> {
        context.settings.deployment.as_ref().map_or_else(|| Ok(Vec::new()), |deployment| plan(context, deployment))
    }

    fn nothing_to_do(&self, context: Context<'_>) -> &'static str {
        no_environment(context)
    }
}

impl Stage for SmokeTest {
    fn definition(&self) -> Definition {
        Definition::specified(SMOKE_TEST)
    }

    fn tasks(&self, context: Context<'_>) -> Result<Vec<Task>> {
        let deployment = context.settings.deployment.as_ref();
        Ok(deployment.map_or_else(Vec::new, |deployment| plan_smoke(context, deployment)))
    }

    fn nothing_to_do(&self, context: Context<'_>) -> &'static str {
        no_environment(context)
    }
}

fn no_environment(context: Context<'_>) -> &'static str {
    if context.settings.deployment.is_some() {
        return NOTHING;
    }
    "there is no environment `staging` in the configuration, or it is guarded"
}

/// The one task that deploys: all services together, because they are watched and rolled back together.
fn plan(context: Context<'_>, deployment: &Deployment) -> Result<Vec<Task>> {
    let environment = &deployment.environment;
    let name = environment.name.as_str();
    // The command to type for the same deployment: with less, it would do more than was asked for.
    let typed = |verb: &str| context.cargo().args(["xtask", verb, name]);
    let (command, purpose) = match &deployment.task {
        DeploymentTask::Deploy { restart } => {
            let services = releases(context, deployment)?;
            if services.is_empty() {
                return Ok(Vec::new());
            }
            let images = deployment.images.clone();
            // Commands are typed at the root.
            let path =
                |file: &PathBuf| file.strip_prefix(&context.workspace.root).unwrap_or(file).display().to_string();
            let file = images.file.iter().flat_map(|file| ["--images".to_owned(), path(file)]);
            let command = typed("deploy").args(selected(context)).args(file).args(restart.then_some("--restart"));
            (command, Purpose::Release { services, images, restart: *restart })
        }
        DeploymentTask::Resume => (typed("deploy").arg("--resume"), Purpose::Resume),
        DeploymentTask::Rollback(to) => {
            let run = to.iter().flat_map(|to| ["--to", to]);
            (typed("rollback").args(run), Purpose::Rollback { to: to.clone() })
        }
        DeploymentTask::Look => return Ok(Vec::new()),
    };
    let request = Request {
        environment: name.to_owned(),
        target: environment.target.clone(),
        source: source(context.settings, deployment),
        purpose,
        timeout: environment.timeout,
        rollback_timeout: environment.rollback_timeout,
        soak: environment.soak,
    };
    let timeout = environment.timeout + environment.rollback_timeout + BESIDES;
    let mut tools = tools(&environment.target.cluster);
    tools.push(Tool::SKOPEO);
    let task = Task::new(&deployment.stage, name, command, timeout);
    Ok(vec![Task { job: Arc::new(jobs::deploy::Deploy(request)), purpose: For::Deploy, tools, ..task }])
}

/// The one task that checks whether everything works.
fn plan_smoke(context: Context<'_>, deployment: &Deployment) -> Vec<Task> {
    let environment = &deployment.environment;
    let services: Vec<String> = deployed(context).map(|package| package.name.clone()).collect();
    if services.is_empty() {
        return Vec::new();
    }
    let request = smoke::Request {
        environment: environment.name.clone(),
        target: environment.target.clone(),
        services,
        version: context.settings.config.service.version.clone(),
        rollback: environment.rollback_on_smoke.then(|| Request {
            environment: environment.name.clone(),
            target: environment.target.clone(),
            source: source(context.settings, deployment),
            purpose: Purpose::Rollback { to: None },
            timeout: environment.rollback_timeout,
            rollback_timeout: environment.rollback_timeout,
            soak: environment.soak,
        }),
        soak: environment.soak,
    };
    let command = context.cargo().args(["xtask", "smoke", &environment.name]).args(selected(context));
    let timeout = environment.rollback_timeout * 2 + BESIDES;
    let task = Task::new(&StageId::new(SMOKE_TEST), &environment.name, command, timeout);
    vec![Task {
        job: Arc::new(jobs::deploy::Smoke(request)),
        purpose: For::Smoke,
        tools: tools(&environment.target.cluster),
        ..task
    }]
}

/// Where images come from.
pub fn source(settings: &Settings, deployment: &Deployment) -> Source {
    Source { registry: deployment.environment.registry.clone(), logins: settings.logins }
}

/// The services as they shall run; their images are not known yet. Refuses anything that Kubernetes would not accept.
pub fn releases(context: Context<'_>, deployment: &Deployment) -> Result<Vec<Release>> {
    let services: Vec<&Package> = deployed(context).collect();
    names::check_manifests(&services, &deployment.environment)?;
    Ok(services.into_iter().map(|package| release(context, package, deployment)).collect())
}

/// The names that were typed to choose services.
fn selected(context: Context<'_>) -> impl Iterator<Item = String> {
    context.settings.selected.clone().into_iter().flatten()
}

/// The services of the run that have an image.
pub fn deployed(context: Context<'_>) -> impl Iterator<Item = &Package> {
    context.packages.iter().copied().filter(move |package| context.has_image(package))
}

fn release(context: Context<'_>, package: &Package, deployment: &Deployment) -> Release {
    let number = |key: &str| package.service_fact(key).and_then(Value::as_u64);
    let needs: Vec<String> = names::needs(package).map(str::to_owned).collect();
    let config = &context.settings.config;
    let servers = config.servers.iter();
    let environment = &deployment.environment;
    Release {
        service: package.name.clone(),
        version: package.version.clone(),
        commit: String::new(),
        image: String::new(),
        port: number("port").and_then(|port| u16::try_from(port).ok()).unwrap_or(config.service.port),
        replicas: environment
            .replicas
            .or_else(|| number("replicas").and_then(|replicas| u32::try_from(replicas).ok()))
            .unwrap_or(1),
        requires: servers.filter(|server| needs.contains(&server.name)).map(|server| server.env.clone()).collect(),
        needs,
        conventions: Conventions {
            health: config.service.health.clone(),
            ready: config.service.ready.clone(),
            variables: config.service.env.clone(),
            ids: config.image.ids(),
        },
        place: environment.place.clone(),
    }
}

fn tools(cluster: &Cluster) -> Vec<Tool> {
    let aws = matches!(cluster, Cluster::Eks { .. }).then_some(Tool::AWS);
    std::iter::once(Tool::KUBECTL).chain(aws).collect()
}
