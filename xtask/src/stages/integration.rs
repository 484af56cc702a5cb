//! Stage 6: the tests under `tests/` of every service, against real servers.

use super::{Context, instrument, test_services};
use crate::command::Command;
use crate::plan::pipeline::{INTEGRATION_TESTS, TEST_SERVICES};
use crate::plan::{Action, Reader, StageId, Task, TaskId};
use crate::workspace::Package;
use clap::ValueEnum as _;

/// The servers, one compile, and a task for each service.
///
/// `instrumented`: the test stage of the same run has compiled everything for coverage already, and what it compiled
/// serves here too.
pub fn plan(context: Context<'_>, instrumented: bool) -> Vec<Task> {
    let stage = StageId::new(INTEGRATION_TESTS);
    let tested: Vec<&Package> =
        context.packages.iter().copied().filter(|package| !package.integration_tests.is_empty()).collect();
    if tested.is_empty() {
        return Vec::new();
    }
    let env_from: Vec<TaskId> = if instrumented {
        instrument::tasks(context, &StageId::new(TEST_SERVICES)).into_iter().map(|task| task.id).collect()
    } else {
        Vec::new()
    };
    let servers = servers(context, &stage, &tested);
    let targets = targets(&tested);
    let command = context.resolving("test").args(context.package_args(&tested)).args(targets);
    let compile = test_services::compile(context, &stage, command, &env_from);
    let with_servers: Vec<TaskId> = std::iter::once(servers.id.clone()).chain(env_from.iter().cloned()).collect();
    let runs: Vec<Task> = tested
        .iter()
        .map(|package| {
            let targets = self::targets(&[package]);
            let command = context.cargo().args(["test", "--package", &package.name]).args(targets);
            let mut task = test_services::run(context, &stage, package, command, &compile, &with_servers);
            // By hand there are no servers: the stage's own command brings them up.
            let repeat = format!("cargo xtask integration {}", package.name);
            task.reader = Reader::Libtest { repeat: format!("{repeat} --") };
            task.repeat = Some(repeat);
            task.command = unmeasured(task.command, &env_from);
            task
        })
        .collect();
    [servers, compile].into_iter().chain(runs).collect()
}

fn servers(context: Context<'_>, stage: &StageId, tested: &[&Package]) -> Task {
    let config = &context.settings.config;
    let source = config.servers_from.to_possible_value().map(|value| value.get_name().to_owned());
    let command = context.cargo().args(["xtask", "integration", "--servers"]).args(source);
    Task {
        action: Action::StartServers {
            source: config.servers_from,
            servers: config.servers.clone(),
            services: tested.iter().map(|package| package.name.clone()).collect(),
        },
        ..Task::new(stage, "servers", command, context.timeout)
    }
}

/// Integration tests are no part of the measurement, although what they run may be instrumented.
fn unmeasured(command: Command, env_from: &[TaskId]) -> Command {
    if env_from.is_empty() { command } else { command.env("LLVM_PROFILE_FILE", "/dev/null") }
}

fn targets(packages: &[&Package]) -> Vec<String> {
    let mut names: Vec<&str> = packages.iter().flat_map(|p| &p.integration_tests).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().flat_map(|name| ["--test".to_owned(), name.to_owned()]).collect()
}
