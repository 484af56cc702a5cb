//! How to get a tool on this machine, as commands that are only printed here.
//!
//! A pinned cargo tool goes into a root of its own in xtask's cache, never into the user's `~/.cargo/bin`. Cargo
//! puts a finished binary there by renaming it, so an installation that is killed halfway leaves nothing that looks
//! like a tool, and two at once leave one good binary; `--force` makes either happen over what is there.

use super::packages::{Manager, Rights};
use super::places::Places;
use std::path::Path;
use xtask_core::catalogue::{Source, Tool};
use xtask_core::command::Command;

/// The part of the machine that an installation changes, and so whose consent it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touches {
    /// xtask's own cache: no consent, unless `--no-install` forbids it.
    Cache,
    /// The workspace's pinned toolchain: likewise, as rustup does it by itself for what the toolchain file lists.
    Toolchain,
    /// The operating system: the user's.
    System(Rights),
}

/// How to get a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// The tool.
    pub tool: Tool,
    /// The commands to run, in order; never empty.
    pub steps: Vec<Command>,
    /// The part of the machine that they change.
    pub touches: Touches,
    /// The next source, for when this one fails.
    pub otherwise: Option<Box<Recipe>>,
}

impl Recipe {
    /// The line to type. A person can enter a password, so `sudo` may ask for it there.
    pub fn line(&self) -> String {
        let typed = |step: &Command| {
            let mut step = step.clone();
            if step.program == "sudo" {
                step.args.retain(|arg| arg != "-n");
            }
            step.to_string()
        };
        self.steps.iter().map(typed).collect::<Vec<_>>().join(" && ")
    }
}

/// How to get a tool here: from its first source that this machine has the means for.
///
/// `Err` describes what a person has to do instead.
pub fn recipe(tool: Tool, places: &Places) -> Result<Recipe, String> {
    let made = |steps, touches| Some(Recipe { tool, steps, touches, otherwise: None });
    let from = |source: &Source| match source {
        Source::Cargo { krate, version } => {
            made(vec![cargo(&Crate { name: krate, version, path: None }, places)], Touches::Cache)
        }
        Source::Python { package, version } => {
            let python = !places.on_path("python3").is_empty();
            python.then(|| made(python_package(tool, package, version, places), Touches::Cache)).flatten()
        }
        Source::Node { package, version } => {
            let npm = !places.on_path("npm").is_empty();
            npm.then(|| made(vec![node_package(tool, package, version, places)], Touches::Cache)).flatten()
        }
        Source::RustupComponent(component) => {
            let rustup = !places.on_path("rustup").is_empty();
            rustup.then(|| made(vec![rustup_component(component, places)], Touches::Toolchain)).flatten()
        }
        Source::System(packages) => {
            let manager = Manager::of(places)?;
            let names = manager.packages(packages);
            let touches = Touches::System(manager.rights(places));
            (!names.is_empty()).then(|| made(manager.install(names, places), touches)).flatten()
        }
        Source::ByHand(_) => None,
    };
    let sources = tool.entry().sources;
    let chain =
        sources.iter().filter_map(from).rev().fold(None, |otherwise: Option<Recipe>, recipe| {
            Some(Recipe { otherwise: otherwise.map(Box::new), ..recipe })
        });
    chain.ok_or_else(|| {
        let by_hand = sources.iter().find_map(|source| match source {
            Source::ByHand(what) => Some((*what).to_owned()),
            _ => None,
        });
        by_hand.unwrap_or_else(|| format!("install {tool} and put it on PATH"))
    })
}

/// A crate to install.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crate<'a> {
    /// Its name, which is also its binary's.
    pub name: &'a str,
    /// Its exact version.
    pub version: &'a str,
    /// Its source on this machine; `None` for the registry.
    pub path: Option<&'a Path>,
}

/// The command that installs a crate into xtask's cache.
pub fn cargo(wanted: &Crate, places: &Places) -> Command {
    let root = places.install_root(wanted.name, wanted.version).display().to_string();
    let build = places.scratch.join(format!("{}-{}", wanted.name, wanted.version)).display().to_string();
    let exact = format!("{}@{}", wanted.name, wanted.version);
    if let Some(path) = wanted.path {
        let path = path.display().to_string();
        let install = Command::cargo(&places.root).args(["install", "--locked", "--force", "--root"]).arg(root);
        return install.arg("--target-dir").arg(build).arg("--path").arg(path);
    }
    if places.on_path("cargo-binstall").is_empty() {
        let install = Command::cargo(&places.root).args(["install", "--locked", "--force", "--root"]).arg(root);
        return install.arg("--target-dir").arg(build).arg(exact);
    }
    // quick-install is a third party's builds of other people's crates.
    let args =
        ["binstall", "--no-confirm", "--force", "--no-symlinks", "--disable-strategies", "quick-install", "--root"];
    Command::cargo(&places.root).args(args).arg(root).arg(exact).env("CARGO_TARGET_DIR", build)
}

/// pip writes a package's program last, after everything that it needs: so an installation that is killed halfway is no
/// tool, and `--clear` starts over.
fn python_package(tool: Tool, package: &str, version: &str, places: &Places) -> Vec<Command> {
    let root = places.install_root(tool.entry().programs[0], version);
    let pip = root.join("bin").join("pip").display().to_string();
    let environment = Command::new("python3", &places.root).args(["-m", "venv", "--clear"]);
    vec![
        environment.arg(root.display().to_string()),
        Command::new(pip, &places.root)
            .args(["install", "--quiet", "--disable-pip-version-check"])
            .arg(format!("{package}=={version}")),
    ]
}

/// npm links a package's program last, like pip.
fn node_package(tool: Tool, package: &str, version: &str, places: &Places) -> Command {
    let root = places.install_root(tool.entry().programs[0], version).display().to_string();
    let install = Command::new("npm", &places.root).args(["install", "--global", "--ignore-scripts", "--silent"]);
    install.args(["--prefix", &root]).arg(format!("{package}@{version}"))
}

fn rustup_component(component: &str, places: &Places) -> Command {
    // In the workspace's directory this is the toolchain that the workspace pins.
    Command::new("rustup", &places.root).args(["component", "add", component])
}

#[cfg(test)]
mod tests;
