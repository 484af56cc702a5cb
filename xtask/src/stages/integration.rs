//! Stage 6: the tests under `tests/` of every service, against real servers.

use super::{Context, instrument, test_services};
use crate::command::Command;
use crate::plan::pipeline::INTEGRATION_TESTS;
use crate::plan::{Action, Reader, StageId, Task, TaskId};
use crate::settings::Counted;
use crate::workspace::Package;
use clap::ValueEnum as _;

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
    let suffix = if stage.as_str() == INTEGRATION_TESTS { "" } else { "-integration" };
    let env_from = instrument::needs(context);
    let servers = servers(context, stage, tested.iter().map(|package| package.name.clone()).collect());
    let targets = targets(&tested);
    let command = context.resolving("test").args(context.package_args(&tested)).args(targets);
    let mut compile = test_services::compile(context, stage, command, &env_from);
    compile.id = stage.task(&format!("{}{suffix}", test_services::COMPILE));
    let with_servers: Vec<TaskId> = std::iter::once(servers.id.clone()).chain(env_from).collect();
    let runs: Vec<Task> = tested
        .iter()
        .map(|package| {
            let targets = self::targets(&[package]);
            let command = context.cargo().args(["test", "--package", &package.name]).args(targets);
            let mut task = test_services::run(context, stage, package, command, &compile, &with_servers);
            task.id = stage.task(&format!("{}{suffix}", package.name));
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
    [servers, compile].into_iter().chain(runs).collect()
}

/// The packages that have integration tests.
pub fn tested(context: Context<'_>) -> Vec<&Package> {
    context.packages.iter().copied().filter(|package| !package.integration_tests.is_empty()).collect()
}

/// The task that brings the servers up, with a database for each of these names.
pub fn servers(context: Context<'_>, stage: &StageId, databases: Vec<String>) -> Task {
    let config = &context.settings.config;
    let source = config.servers_from.to_possible_value().map(|value| value.get_name().to_owned());
    let command = context.cargo().args(["xtask", "integration", "--servers"]).args(source);
    Task {
        action: Action::StartServers {
            source: config.servers_from,
            servers: config.servers.clone(),
            services: databases,
        },
        ..Task::new(stage, "servers", command, context.timeout)
    }
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
