//! Reads `docker build --progress plain`: whether the sources or the environment are to blame when it fails.
//!
//! `BuildKit` marks each line with its step: `#9 12.34 error: could not compile …`.

use std::path::Path;
use xtask_core::command::{Exit, Stream};
use xtask_core::outcome::Outcome;
use xtask_core::reader::complaints::Complaints;
use xtask_core::reader::{Read, environment_error, headline, text};
use xtask_core::reading::{Binary, Reading};

/// What was said so far.
#[derive(Clone, Debug)]
pub struct DockerBuild {
    programs: Vec<Binary>,
    /// What the commands within the container complained about.
    inside: Complaints,
    /// Whether one of these has failed.
    step_failed: bool,
    /// What the engine or its client complained about.
    outside: Option<String>,
}

impl DockerBuild {
    /// `programs` are on this machine when the build has succeeded.
    pub fn new(programs: Vec<Binary>) -> Self {
        Self { programs, inside: Complaints::default(), step_failed: false, outside: None }
    }
}

impl Read for DockerBuild {
    fn start(&self, _: &Path, _: &[Binary]) -> Box<dyn Read> {
        Box::new(self.clone())
    }

    fn line(&mut self, _: Stream, line: &[u8]) {
        let line = text(line);
        if let Some(said) = of_a_step(&line) {
            self.inside.see(said);
            return;
        }
        // `executor failed running [/bin/sh -c …]` in older engines, `process "…" did not complete` in newer ones.
        if line.contains("executor failed running") || line.contains("did not complete successfully: exit code") {
            self.step_failed = true;
        }
        let complains = ["ERROR: ", "error: ", "failed to solve", "Cannot connect", "denied"];
        if complains.iter().any(|word| line.contains(word)) {
            self.outside = Some(headline(line.trim_start_matches("ERROR: ")));
        }
    }

    fn finish(self: Box<Self>, exit: Exit, _: bool) -> Reading {
        if exit.is_ok() {
            return Reading { binaries: self.programs, ..Reading::passed() };
        }
        if self.step_failed && !self.inside.environment() {
            let why = self.inside.any().unwrap_or_else(|| exit.to_string());
            return Reading::because(Outcome::Failed, format!("in the container: {why}"));
        }
        let why = self.inside.error().filter(|_| self.step_failed).or(self.outside).unwrap_or_else(|| exit.to_string());
        environment_error(why)
    }
}

/// What a command printed within a step: the rest after `#9 12.34 `.
fn of_a_step(line: &str) -> Option<&str> {
    let (step, rest) = line.strip_prefix('#')?.split_once(' ')?;
    let (seconds, said) = rest.split_once(' ')?;
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    (is_number(step) && is_number(seconds) && seconds.contains('.')).then_some(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(lines: &[&str], exit: Exit, outcome: Outcome, because: Option<&str>) {
        let mut reader = Box::new(DockerBuild::new(Vec::new()));
        for line in lines {
            reader.line(Stream::Stderr, line.as_bytes());
        }
        let reading = reader.finish(exit, false);
        assert_eq!((reading.outcome, reading.because.as_deref()), (outcome, because));
    }

    #[test]
    fn sources_that_do_not_compile_are_a_failure() {
        let lines = [
            "#9 [xtask-builder 4/5] RUN cargo build",
            "#9 1.204    Compiling a-service v0.1.0 (/build/services/a-service)",
            "#9 1.310 error[E0425]: cannot find value `y` in this scope",
            "#9 1.400 error: could not compile `a-service` (lib) due to 1 previous error",
            "executor failed running [/bin/sh -c cargo build]: exit code: 101",
        ];
        let why = Some("in the container: cannot find value `y` in this scope");
        case(&lines, Exit::Code(1), Outcome::Failed, why);
    }

    #[test]
    fn a_registry_that_cannot_be_reached_is_no_fault_of_the_sources() {
        let lines = [
            "#9 3.1 error: failed to get `serde` as a dependency",
            "#9 3.1 Caused by:",
            "#9 3.1   [6] Could not resolve hostname (Could not resolve host: index.crates.io)",
            "ERROR: failed to solve: process \"/bin/sh -c cargo build\" did not complete successfully: exit code: 101",
        ];
        let why = "failed to get `serde` as a dependency: [6] Could not resolve hostname (Could not resolve host: \
                   index.crates.io)";
        case(&lines, Exit::Code(1), Outcome::EnvironmentError, Some(why));
    }

    #[test]
    fn an_engine_that_cannot_build_is_the_environment() {
        let pull = "ERROR: failed to solve: rust:1: failed to resolve source metadata: dial tcp: no such host";
        let why = Some("failed to solve: rust:1: failed to resolve source metadata: dial tcp: no such host");
        case(&["#3 ERROR: no such host", pull], Exit::Code(1), Outcome::EnvironmentError, why);
        let down = "ERROR: Cannot connect to the Docker daemon at unix:///run/docker.sock. Is it running?";
        case(&[down], Exit::Code(1), Outcome::EnvironmentError, Some(&down[7..]));
        case(&[], Exit::Signal(9), Outcome::EnvironmentError, Some("was killed by SIGKILL (out of memory?)"));
    }

    #[test]
    fn what_was_built_is_told() {
        let (package, target, kind) = ("a 0.1.0".to_owned(), "a".to_owned(), "bin".to_owned());
        let program = Binary { package, target, kind, test: false, path: "/w/a".into(), bytes: 0, digest: None };
        let reading = Box::new(DockerBuild::new(vec![program.clone()])).finish(Exit::Code(0), false);
        assert_eq!((reading.outcome, reading.binaries), (Outcome::Passed, vec![program]));
    }
}
