//! The stages: one file a stage, which is a row of [`Pipeline`]. Each is a definition, and a pure function from workspace
//! and settings to tasks. Nothing here spawns, and nothing outside asks which stage it is.

pub mod build;
pub mod by_cargo;
mod compiled;
pub mod coverage;
pub mod dependencies;
pub mod deploy;
pub mod docker;
pub mod format_and_lint;
pub mod images;
pub mod instrument;
pub mod integration;
pub mod names;
pub mod notify;
pub mod own;
mod pipeline;
pub mod report;
pub mod security;
mod targets;
pub mod test_services;

pub use pipeline::Pipeline;

use crate::cli::{PassOn, StageCommand};
use crate::settings::Settings;
use serde_json::Value;
use std::collections::HashSet;
use std::fmt;
use std::path::Path;
use std::time::Duration;
use xtask_core::command::Command;
use xtask_core::error::Result;
use xtask_core::ids::StageId;
use xtask_core::pipeline::Definition;
use xtask_core::workspace::{Features, Package, Workspace};
use xtask_engine::plan::Task;

/// A stage of a pipeline.
pub trait Stage: fmt::Debug + Send + Sync {
    /// Its id, its command, its needs and what its failure means, before the configuration changes them.
    fn definition(&self) -> Definition;

    /// Its tasks in a run; none when it has nothing to do.
    ///
    /// # Errors
    ///
    /// Fails when something in the workspace cannot be what the stage makes of it: the name of an image, say.
    fn tasks(&self, context: Context<'_>) -> Result<Vec<Task>>;

    /// The commands that run it alone, besides `ci --only`.
    fn commands(&self) -> Vec<StageCommand> {
        Vec::new()
    }

    /// Why it has no tasks in a run.
    fn nothing_to_do(&self, _: Context<'_>) -> &'static str {
        NOTHING
    }
}

/// Why a stage has no tasks, unless it has a better reason.
const NOTHING: &str = "no selected package has anything for it";

/// The input that the stages are planned from.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The workspace.
    pub workspace: &'a Workspace,
    /// The settings of the run.
    pub settings: &'a Settings,
    /// The stages of the run, without those that are left out.
    pub stages: &'a [&'a StageId],
    /// The packages that the run is about, without those that the configuration excludes.
    pub packages: &'a [&'a Package],
    /// The features that these packages turn on together.
    pub features: &'a Features<'a>,
    /// How long a task of the stage may take.
    pub timeout: Duration,
}

impl Context<'_> {
    /// Whether a stage is part of the run.
    pub fn runs(&self, id: &str) -> bool {
        self.stages.iter().any(|stage| stage.as_str() == id)
    }

    /// The arguments for the tool beneath.
    pub fn pass_on(&self) -> Vec<String> {
        self.settings.own::<PassOn>().args
    }

    /// `cargo` at the workspace's root.
    pub fn cargo(&self) -> Command {
        Command::cargo(&self.workspace.root)
    }

    /// Whether a package is a service with an image: it has a program, and its manifest does not say `image = false`.
    pub fn has_image(&self, package: &Package) -> bool {
        self.settings.is_service(self.workspace, package)
            && !package.programs.is_empty()
            && package.service_fact("image").and_then(Value::as_bool) != Some(false)
    }

    /// `cargo SUBCOMMAND` at the workspace's root, for one that resolves dependencies: it fails rather than change the
    /// lock file, here as in CI.
    pub fn resolving(&self, subcommand: &str) -> Command {
        self.cargo().arg(subcommand).args(self.workspace.has_lock_file.then_some(LOCKED))
    }

    /// A path as the user would type it at the root.
    pub fn typed(&self, path: &Path) -> String {
        path.strip_prefix(&self.workspace.root).unwrap_or(path).to_string_lossy().into_owned()
    }

    /// Whether a package compiles the same alone as beside the others of the run.
    pub fn builds_alike_alone(&self, package: &Package) -> bool {
        self.workspace.builds_alike_alone(package, self.features)
    }

    /// The arguments that compile a package as the run compiles it, in as few words as cargo needs.
    pub fn alone(&self, package: &Package) -> Vec<String> {
        if self.builds_alike_alone(package) {
            vec!["--package".to_owned(), self.workspace.spec(&package.name).to_owned()]
        } else {
            self.package_args(self.packages)
        }
    }

    /// The arguments that select the packages of the run, in cargo's shortest form.
    pub fn package_args(&self, packages: &[&Package]) -> Vec<String> {
        let chosen: HashSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
        let all = self.workspace.packages.iter().map(|package| package.name.as_str());
        let left_out: Vec<&str> = all.filter(|name| !chosen.contains(name)).collect();
        let pairs = |flag: &str, names: &[&str]| -> Vec<String> {
            names.iter().flat_map(|name| [flag.to_owned(), self.workspace.spec(name).to_owned()]).collect()
        };
        if left_out.len() < packages.len() {
            let mut args = vec!["--workspace".to_owned()];
            args.extend(pairs("--exclude", &left_out));
            args
        } else {
            let names: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
            pairs("--package", &names)
        }
    }
}

/// The flag that keeps cargo from changing the lock file.
const LOCKED: &str = "--locked";

/// The flag that makes cargo print messages for programs; users leave it out.
pub const JSON: &str = "--message-format=json";
