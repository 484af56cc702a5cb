//! The jobs that run tests: the executables that another task has compiled, and the part of a package in a cargo call
//! that runs the tests of several.

use super::as_cargo::{self, PackageEnv};
use xtask_core::command::Command;
use xtask_core::ids::TaskId;
use xtask_core::outcome::Outcome;
use xtask_core::reading::{Binary, Reading};
use xtask_engine::job::{Desk, Finished, Inputs, Job};
use xtask_process::process::{self, End, Ended};

/// Runs the test executables that another task has compiled for a package, one after the other, in the package's
/// directory and with the environment that cargo would set: what `cargo test` does, without cargo's lock.
#[derive(Clone, Debug)]
pub struct RunTests {
    /// The task that compiles them.
    pub compiled_by: TaskId,
    /// The package whose executables are run.
    pub package: PackageEnv,
    /// Whether its integration tests are run, or all others.
    pub integration: bool,
    /// The arguments of the executables.
    pub args: Vec<String>,
}

/// Takes the results of one package from a task that ran the tests of several; runs nothing.
#[derive(Clone, Debug)]
pub struct TakePart {
    /// The task that ran them.
    pub of: TaskId,
    /// The package.
    pub package: String,
}

impl Job for RunTests {
    fn perform(&self, desk: &mut dyn Desk) -> Finished {
        let started = process::awake();
        let mut worst: Option<Ended> = None;
        for (binary, command) in self.commands(desk) {
            let left = desk.timeout().saturating_sub(process::awake().saturating_sub(started));
            desk.reader().next_binary(&binary);
            let ended = match desk.listen(&command, left) {
                Ok(ended) => ended,
                Err(error) => return Finished::error(&error),
            };
            desk.reader().finish_binary(ended.end.exit());
            let stopped = matches!(ended.end, End::TimedOut | End::Cancelled);
            worst = Some(match worst.take() {
                Some(worse) if worse.end != End::Exited(0) && !stopped => worse,
                _ => ended,
            });
            if stopped {
                break;
            }
        }
        match worst {
            Some(ended) => desk.finish(&ended),
            None => Finished::new(no_tests()),
        }
    }

    fn sentence(&self) -> Option<String> {
        let kind = if self.integration { "integration" } else { "unit" };
        let with = if self.args.is_empty() { String::new() } else { format!(" with `{}`", self.args.join(" ")) };
        Some(format!("run the compiled {kind} tests of {}{with}", self.package.name))
    }

    fn works_on(&self) -> Option<&TaskId> {
        Some(&self.compiled_by)
    }
}

impl RunTests {
    /// Each executable with the command that runs it.
    fn commands(&self, desk: &dyn Desk) -> Vec<(Binary, Command)> {
        let Inputs { compiled, runtime, surroundings, .. } = desk.inputs();
        let Some(compiled) = compiled else { return Vec::new() };
        let is_own = |binary: &&Binary| {
            binary.package == self.package.id && binary.test && (binary.kind == "test") == self.integration
        };
        let command = |binary: &Binary| {
            let command =
                Command::new(binary.path.to_string_lossy(), &self.package.dir).args(self.args.iter().cloned());
            let below = as_cargo::variables(binary, &self.package, compiled, runtime, surroundings);
            (binary.clone(), desk.equip(command, below))
        };
        compiled.binaries.iter().filter(is_own).map(command).collect()
    }
}

impl Job for TakePart {
    fn perform(&self, desk: &mut dyn Desk) -> Finished {
        let part = desk.inputs().compiled.as_ref().and_then(|all| all.parts.get(&self.package)).cloned();
        Finished::new(part.unwrap_or_else(no_tests))
    }

    fn sentence(&self) -> Option<String> {
        Some(format!("take the results of {} from {}", self.package, self.of))
    }

    fn works_on(&self) -> Option<&TaskId> {
        Some(&self.of)
    }
}

fn no_tests() -> Reading {
    Reading::because(Outcome::NothingToDo, "no tests")
}
