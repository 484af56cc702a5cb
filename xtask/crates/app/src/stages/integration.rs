//! Stage 6: the tests under `tests/` of every service, against the real servers that they need.

use super::compiled::{self, FOR_TESTS, Kind, compile, compiled_in, repeat_integration};
use super::targets::{has_integration_tests, with_integration_tests};
use super::{Context, Stage, by_cargo, instrument};
use crate::cli::{Selection, ServersOption, StageCommand};
use clap::ValueEnum as _;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use xtask_cargo::backing::spec::ServerSpec;
use xtask_cargo::jobs::servers::StartServers;
use xtask_cargo::readers::Rerun;
use xtask_core::error::Result;
use xtask_core::ids::{StageId, TaskId};
use xtask_core::options::Counted;
use xtask_core::pipeline::{Definition, INTEGRATION, INTEGRATION_TESTS};
use xtask_core::purpose::Purpose;
use xtask_core::workspace::Package;
use xtask_engine::plan::Task;

/// The integration tests of every service, with the servers that they need.
#[derive(Clone, Copy, Debug)]
pub struct IntegrationTests;

impl Stage for IntegrationTests {
    fn definition(&self) -> Definition {
        Definition::specified(INTEGRATION_TESTS)
    }

    fn commands(&self) -> Vec<StageCommand> {
        let about = "Run integration tests against real servers";
        let command = StageCommand::new(INTEGRATION_TESTS, "integration", about).takes::<Selection>();
        vec![command.takes::<ServersOption>().passes_on(FOR_TESTS)]
    }

    fn tasks(&self, context: Context<'_>) -> Result<Vec<Task>> {
        Ok(tests(context, &StageId::new(INTEGRATION_TESTS)))
    }
}

/// The servers, one compile, and a task for each service, in whichever stage wants them.
pub fn tests(context: Context<'_>, stage: &StageId) -> Vec<Task> {
    let tested = with_integration_tests(context);
    if tested.is_empty() {
        return Vec::new();
    }
    // Elsewhere they run beside the unit tests, which have the plain names.
    let beside = (stage.as_str() != INTEGRATION_TESTS).then_some(INTEGRATION);
    let env_from = instrument::needs(context);
    // One call of cargo for all packages is given one database, and is needed where they have features of each other.
    let alike = |package: &&Package| context.builds_alike_alone(package);
    let by_cargo = |packages: &[&Package]| context.workspace.tests_need_cargo && has_integration_tests(packages);
    let in_one_call = by_cargo(&tested) && !tested.iter().all(alike);
    let owner = |package: &Package| if in_one_call { stage.to_string() } else { package.name.clone() };
    let servers = servers(context, stage, &tested, owner);
    let shared = compiled_in(context, stage);
    let own = shared.is_none().then(|| compile(context, stage, Vec::new()));
    let Some(compiled_by) = own.as_ref().map(|own| own.id.clone()).or(shared) else { return Vec::new() };
    if in_one_call {
        let env_from = servers.iter().map(|server| server.id.clone()).chain(env_from).collect();
        let mut runs = by_cargo::integration_tests(context, stage, &tested, env_from, &compiled_by);
        for task in &mut runs {
            leave_unmeasured(context, task);
        }
        return servers.into_iter().chain(own).chain(runs).collect();
    }
    let runs: Vec<Task> = tested
        .iter()
        .map(|package| {
            let needed = needed(context, package).into_iter().map(|server| server_id(stage, server));
            let with_servers: Vec<TaskId> = needed.chain(env_from.iter().cloned()).collect();
            let repeat = Rerun::Line(repeat_integration(context, package));
            let mut task =
                compiled::run(context, stage, (package, Kind::Integration), &repeat, &compiled_by, &with_servers);
            if by_cargo(&[package]) {
                task = by_cargo::of_package(context, task, package, &compiled_by);
            }
            if let Some(job) = beside {
                task = task.beside(job);
            }
            leave_unmeasured(context, &mut task);
            task
        })
        .collect();
    servers.into_iter().chain(own).chain(runs).collect()
}

/// A task for each server that one of these packages needs, so that one that cannot start fails only its dependents.
/// `owner` is the name under which a package's tests look for their database.
pub fn servers(
    context: Context<'_>,
    stage: &StageId,
    packages: &[&Package],
    owner: impl Fn(&Package) -> String,
) -> Vec<Task> {
    let config = &context.settings.config;
    let source = config.servers_from.to_possible_value().map(|value| value.get_name().to_owned());
    let command = context.cargo().args(["xtask", "integration", "--servers"]).args(source);
    let task = |server: &ServerSpec| {
        let users = packages.iter().filter(|package| needed(context, package).contains(&server));
        let owners: BTreeSet<String> = users.map(|package| owner(package)).collect();
        let start = StartServers {
            source: config.servers_from,
            servers: vec![server.clone()],
            services: owners.iter().cloned().collect(),
        };
        let task = Task::new(stage, &job(server), command.clone(), context.timeout);
        (!owners.is_empty()).then_some(Task { job: Arc::new(start), purpose: Purpose::Servers, ..task })
    };
    config.servers.iter().filter_map(task).collect()
}

/// The servers that the integration tests of a package need: those that its manifest names, or, where it names none,
/// those whose client crates the tests link.
fn needed<'a>(context: Context<'a>, package: &Package) -> Vec<&'a ServerSpec> {
    let config = &context.settings.config;
    if !config.starts_servers {
        return Vec::new();
    }
    let named = package.service_fact("needs").and_then(Value::as_array);
    let linked = context.workspace.linked_by_tests(&package.name);
    let is_needed = |server: &&ServerSpec| match named {
        Some(names) => names.iter().any(|name| name.as_str() == Some(&server.name)),
        None => linked.iter().any(|linked| server.is_likely_for(&linked.name, &linked.features)),
    };
    config.servers.iter().filter(is_needed).collect()
}

/// The task that starts a server in a stage.
fn server_id(stage: &StageId, server: &ServerSpec) -> TaskId {
    stage.job(&job(server))
}

fn job(server: &ServerSpec) -> String {
    format!("server-{}", server.name)
}

/// Tests that do not count leave no measurement, although the programs that they run may be instrumented.
fn leave_unmeasured(context: Context<'_>, task: &mut Task) {
    let counts = context.settings.config.coverage_tests != Counted::Unit;
    if !counts && !instrument::needs(context).is_empty() {
        task.command.env.insert("LLVM_PROFILE_FILE".to_owned(), "/dev/null".to_owned());
    }
}
