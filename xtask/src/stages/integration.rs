//! Stage 6: the tests under `tests/` of every service, against the real servers that they need.

use super::{Context, instrument, test_services};
use crate::backing::spec::ServerSpec;
use crate::command::Command;
use crate::plan::pipeline::INTEGRATION_TESTS;
use crate::plan::{Action, Reader, StageId, Task, TaskId};
use crate::settings::Counted;
use crate::workspace::Package;
use clap::ValueEnum as _;
use serde_json::Value;
use std::collections::BTreeSet;

/// The tasks of the stage.
pub fn plan(context: Context<'_>) -> Vec<Task> {
    tests(context, &StageId::new(INTEGRATION_TESTS))
}

/// The servers, one compile, and a task for each service, in whichever stage wants them.
pub fn tests(context: Context<'_>, stage: &StageId) -> Vec<Task> {
    let tested = tested(context);
    if tested.is_empty() {
        return Vec::new();
    }
    // Elsewhere they run beside the unit tests, which have the plain names.
    let beside = (stage.as_str() != INTEGRATION_TESTS).then_some("integration");
    let env_from = instrument::needs(context);
    let servers = servers(context, stage, &tested, |package| package.name.clone());
    let targets = targets(&tested);
    let command = context.resolving("test").args(context.package_args(&tested)).args(targets);
    let mut compile = test_services::compile(context, stage, command, &env_from);
    if beside.is_some() {
        compile = compile.beside("compile-integration");
    }
    let runs: Vec<Task> = tested
        .iter()
        .map(|package| {
            let targets = self::targets(&[package]);
            let command = context.cargo().args(["test", "--package", &package.name]).args(targets);
            let needed = needed(context, package).into_iter().map(|server| server_id(stage, server));
            let with_servers: Vec<TaskId> = needed.chain(env_from.iter().cloned()).collect();
            let mut task = test_services::run(context, stage, package, command, &compile, &with_servers);
            if let Some(job) = beside {
                task = task.beside(job);
            }
            // By hand there are no servers: the stage's own command brings them up.
            let repeat = format!("cargo xtask integration {}", package.name);
            task.reader = Reader::Libtest { repeat: format!("{repeat} --") };
            task.repeat = Some(repeat);
            if context.settings.config.coverage_tests == Counted::Unit {
                task.command = unmeasured(task.command, &compile.env_from);
            }
            task
        })
        .collect();
    servers.into_iter().chain([compile]).chain(runs).collect()
}

/// The packages that have integration tests.
pub fn tested(context: Context<'_>) -> Vec<&Package> {
    context.packages.iter().copied().filter(|package| !package.integration_tests.is_empty()).collect()
}

/// A task for each server that one of these packages needs, so that one that cannot start fails only what needs it.
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
        let start = Action::StartServers {
            source: config.servers_from,
            servers: vec![server.clone()],
            services: owners.iter().cloned().collect(),
        };
        let task = Task::new(stage, &job(server), command.clone(), context.timeout);
        (!owners.is_empty()).then_some(Task { action: start, ..task })
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

/// The task that brings a server up in a stage.
fn server_id(stage: &StageId, server: &ServerSpec) -> TaskId {
    stage.job(&job(server))
}

fn job(server: &ServerSpec) -> String {
    format!("server-{}", server.name)
}

/// A command whose tests do not count, although what they run may be instrumented.
fn unmeasured(command: Command, instrumented: &[TaskId]) -> Command {
    if instrumented.is_empty() { command } else { command.env("LLVM_PROFILE_FILE", "/dev/null") }
}

fn targets(packages: &[&Package]) -> Vec<String> {
    let mut names: Vec<&str> = packages.iter().flat_map(|p| &p.integration_tests).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().flat_map(|name| ["--test".to_owned(), name.to_owned()]).collect()
}
