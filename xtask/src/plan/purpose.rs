//! What a task is for, by what it does.

use super::task::{Action, Reader, Task};
use crate::pipeline;
use crate::purpose::Purpose;

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

    /// Whether it keeps logins, or what else no other user may read, in the run's private directory.
    pub fn keeps_logins(&self) -> bool {
        matches!(self.purpose(), Purpose::LogIn | Purpose::Deploy | Purpose::Smoke)
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
