//! The stages that a program knows: one row each.

use super::{Stage, build, coverage, dependencies, deploy, format_and_lint, images, integration, notify, own, report};
use super::{security, test_services};
use crate::cli::StageCommand;
use crate::settings::config::StageConfig;
use std::sync::Arc;
use xtask_core::ids::StageId;
use xtask_core::pipeline::Definition;

/// The stages of a program, each after its needs. The configuration of a workspace adds more, which are commands.
#[derive(Clone, Debug)]
pub struct Pipeline(Vec<Arc<dyn Stage>>);

impl Default for Pipeline {
    /// The built-in stages.
    fn default() -> Self {
        Self(vec![
            Arc::new(format_and_lint::FormatAndLint),
            Arc::new(test_services::TestServices),
            Arc::new(coverage::CodeCoverage),
            Arc::new(security::SecurityAudit),
            Arc::new(dependencies::DependencyCheck),
            Arc::new(integration::IntegrationTests),
            Arc::new(build::BuildRelease),
            Arc::new(images::BuildAndPush),
            Arc::new(deploy::Deploy),
            Arc::new(deploy::SmokeTest),
            Arc::new(report::QualityReport),
            Arc::new(notify::Notify),
        ])
    }
}

impl Pipeline {
    /// This one with a further stage.
    #[must_use]
    pub fn with(mut self, stage: impl Stage + 'static) -> Self {
        self.0.push(Arc::new(stage));
        self
    }

    /// The definitions of its stages.
    pub fn definitions(&self) -> Vec<Definition> {
        self.0.iter().map(|stage| stage.definition()).collect()
    }

    /// The commands that run one of its stages.
    pub fn commands(&self) -> Vec<StageCommand> {
        self.0.iter().flat_map(|stage| stage.commands()).collect()
    }

    /// The tasks of a stage that are commands of their own.
    pub fn parts(&self, stage: &StageId) -> Vec<&'static str> {
        let commands = self.commands();
        commands.iter().filter(|command| command.stage() == stage).filter_map(StageCommand::only_part).collect()
    }

    /// The stage that plans a configured one.
    pub fn stage(&self, configured: &StageConfig) -> Arc<dyn Stage> {
        let known = self.0.iter().find(|stage| stage.definition().id == configured.kind);
        known.cloned().unwrap_or_else(|| Arc::new(own::Own::new(configured)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_of_the_specification_has_its_row() {
        let specified = xtask_core::pipeline::stages();
        let is_specified = |definition: &Definition| specified.iter().any(|it| it.id == definition.id);
        let rows: Vec<Definition> = Pipeline::default().definitions().into_iter().filter(is_specified).collect();
        assert_eq!(rows, specified);
    }

    #[test]
    fn a_command_of_a_stage_is_one_of_its_names() {
        for stage in Pipeline::default().0 {
            let definition = stage.definition();
            for command in stage.commands() {
                assert_eq!(*command.stage(), definition.id);
                assert!(definition.is_called(command.name()), "{}", command.name());
            }
        }
    }
}
