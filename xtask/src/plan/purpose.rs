//! What a task is for, as events and records say it. Advice goes by it and never by a name: a stage of the workspace's
//! own may be called anything.

use super::pipeline;
use super::task::{Action, Reader, Task};
use serde::{Deserialize, Serialize};

/// What a task is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// A command of which nothing else is known.
    Command,
    /// Installing a tool.
    Install,
    /// Checking the format of the sources.
    Format,
    /// Looking for lints.
    Lint,
    /// Compiling.
    Compile,
    /// Running tests.
    Tests,
    /// Measuring coverage.
    Coverage,
    /// Auditing dependencies.
    Audit,
    /// Bringing up servers.
    Servers,
    /// Making an image, or what belongs to it.
    Image,
    /// Logging in to a registry.
    LogIn,
    /// Pushing an image.
    Push,
    /// Deploying, or bringing back what was deployed before.
    Deploy,
    /// Smoke-testing an environment.
    Smoke,
    /// Notifying.
    Notify,
    /// A record of an earlier or a newer program does not say it.
    #[default]
    #[serde(other)]
    Unknown,
}

impl Task {
    /// What it is for.
    pub fn purpose(&self) -> Purpose {
        match &self.action {
            Action::Spawn => self.purpose_of_command(),
            Action::RunTests { .. } | Action::TakePart { .. } => Purpose::Tests,
            Action::StartServers { .. } => Purpose::Servers,
            Action::PackImage { .. } | Action::WriteContext(_) | Action::WriteBills { .. } => Purpose::Image,
            Action::Deploy(_) => Purpose::Deploy,
            Action::Smoke(_) => Purpose::Smoke,
        }
    }

    fn purpose_of_command(&self) -> Purpose {
        let stage = self.stage.as_str();
        match &self.reader {
            Reader::Installation => Purpose::Install,
            Reader::Rustfmt => Purpose::Format,
            Reader::CargoMessages if stage == pipeline::FORMAT_AND_LINT => Purpose::Lint,
            Reader::DockerBuild { .. } if self.service.is_some() => Purpose::Image,
            Reader::CargoMessages | Reader::DockerBuild { .. } => Purpose::Compile,
            Reader::Libtest { .. } | Reader::CargoTest { .. } => Purpose::Tests,
            Reader::LlvmCov(_) | Reader::Tarpaulin { .. } => Purpose::Coverage,
            Reader::CargoAudit { .. } | Reader::CargoDeny { .. } => Purpose::Audit,
            Reader::Environment { .. } if stage == pipeline::BUILD_AND_PUSH => Purpose::LogIn,
            Reader::PushedImage => Purpose::Push,
            Reader::Notified => Purpose::Notify,
            Reader::Environment { .. } | Reader::Outdated | Reader::Duplicates | Reader::ExitCode => Purpose::Command,
        }
    }
}
