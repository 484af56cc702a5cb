//! The selected part of the workspace and of the pipeline.

use super::Settings;
use xtask_core::pipeline::{Definition, Event, Runs};
use xtask_core::workspace::{Package, Workspace};

impl Settings {
    /// Whether the stage is part of the request, skipped or not.
    pub fn wants(&self, definition: &Definition) -> bool {
        if !self.only.is_empty() {
            return self.only.contains(&definition.id);
        }
        match definition.runs {
            Runs::Always => true,
            Runs::OnPush => self.event == Event::Push,
            Runs::OnPushToMain => {
                let is_main = self.branch.as_deref().is_none_or(|branch| branch == self.config.main_branch);
                self.event == Event::Push && is_main && self.tag.is_none()
            }
        }
    }

    /// Whether the stage was asked to be left out.
    pub fn skips(&self, definition: &Definition) -> bool {
        self.skip.contains(&definition.id)
    }

    /// The packages that the run is about: those that were named, else all that the configuration does not exclude.
    pub fn packages<'a>(&self, workspace: &'a Workspace) -> Vec<&'a Package> {
        let is_meant = |package: &&Package| match &self.selected {
            Some(names) => names.contains(&package.name),
            None => !self.config.exclude.contains(&package.name),
        };
        workspace.packages.iter().filter(is_meant).collect()
    }

    /// Whether a package is a service: it says so, or it has a program and is in the services' directory.
    pub fn is_service(&self, workspace: &Workspace, package: &Package) -> bool {
        let says_so = package.metadata.get("service").is_some();
        let lies_there = package.dir.starts_with(workspace.root.join(&self.config.services_dir));
        says_so || (lies_there && !package.programs.is_empty())
    }
}
