//! `new-service`: a package from the workspace's template, picked up by every stage without another edit.

use super::Session;

use crate::cli;
use crate::scaffold::name::{self, Words};
use crate::scaffold::template::File;
use crate::scaffold::{place, template};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use xtask_cargo::metadata;
use xtask_cargo::tools::{Places, probe};
use xtask_core::error::{Error, Exit, Result};
use xtask_core::text;
use xtask_core::workspace::Workspace;
use xtask_process::environment::Clock;
use xtask_report::history::directory::Home;
use xtask_report::history::lock::{Holder, Lock};

/// How long cargo may take to add a package to `Cargo.lock`, when it has to ask the registry too.
const PATIENCE: Duration = Duration::from_secs(120);

/// A service that is about to be made.
struct New {
    name: String,
    /// The name that the template has in its place.
    template: String,
    port: u16,
    /// Where it will be, absolute.
    directory: PathBuf,
    files: Vec<File>,
}

/// `cargo xtask new-service`.
pub(super) fn make(args: &cli::NewService, session: &Session) -> Result<Exit> {
    let mut workspace = metadata::load::load(&session.environment)?;
    let lock = if args.dry_run { None } else { Some(lock(args.wait, session, &workspace)?) };
    if lock.is_some() {
        // The previous holder of the lock may have made one as well.
        workspace = metadata::load::load(&session.environment)?;
    }
    let new = New::describe(&args.name, &workspace, session)?;
    let directory = session.shown(&new.directory);
    let what = format!("{} at port {}, {}", new.name, new.port, text::count(new.files.len(), "file"));
    if lock.is_some() {
        new.put(&workspace, session)?;
        session.printer.say(&format!("made {what}:"));
    } else {
        session.printer.say(&format!("would make {what}:"));
    }
    let paths: Vec<String> =
        new.files.iter().map(|file| Path::new(&directory).join(&file.path).display().to_string()).collect();
    session.printer.data(&paths.join("\n"));
    if lock.is_some() {
        session.printer.say(&next(&new.name, &directory));
    }
    Ok(Exit::Ok)
}

/// The commands to type, and the steps that only the user can take.
fn next(name: &str, directory: &str) -> String {
    format!(
        "next:\n  cargo xtask ci {name}\n  cargo xtask integration {name}\n\
         Then:\n  what it is for: `description` in {directory}/Cargo.toml\n  \
         its own tables, rules, routes and tests in place of the template's\n  \
         git add {directory} Cargo.lock"
    )
}

fn lock(wait: bool, session: &Session, workspace: &Workspace) -> Result<Lock> {
    let home = Home::new(&workspace.target_dir);
    home.prepare()?;
    let environment = &session.environment;
    let holder = || Holder {
        pid: environment.pid,
        run: home.next_id(environment.now, environment.pid),
        command: session.typed.clone(),
        since: Clock::start().now(),
    };
    Lock::take(&home.lock(), holder, wait, &mut |message| session.printer.say(message))
}

impl New {
    fn describe(typed: &str, workspace: &Workspace, session: &Session) -> Result<Self> {
        let config = session.config(workspace)?;
        let packages: Vec<&str> = workspace.packages.iter().map(|package| package.name.as_str()).collect();
        let lock = lock_file(workspace).unwrap_or_default();
        let (suffix, from) = (config.service.suffix, config.template_words);
        let words = Words { packages: &packages, lock: &lock, suffix: &suffix, template: &from.0 };
        let name = name::full(typed, words)?;
        let Some(template) = config.template else {
            return Err(Error::usage(format!("make {name}: this workspace has no service template")).hint(
                "set `new-service.template` in [workspace.metadata.xtask] to a directory; docs/services.md describes its contents",
            ));
        };
        let directory = workspace.root.join(&config.services_dir).join(&name);
        if directory.symlink_metadata().is_ok() {
            return Err(Error::usage(format!("make {name}: {} already exists", session.shown(&directory)))
                .hint("choose another name, or remove it"));
        }
        let port = port(workspace, config.service.port)?;
        let files = template::fill(template::read(&template)?, (&from.0, from.1), (&name, port));
        Ok(Self { name, template: from.0, port, directory, files })
    }

    /// Moves it into place and registers it with cargo; removes it again when cargo does not accept it.
    fn put(&self, workspace: &Workspace, session: &Session) -> Result<()> {
        let home = Home::new(&workspace.target_dir);
        place::put(&self.files, place::workshop(home.path(), &workspace.root, &self.directory), &self.directory)?;
        self.introduce(session).map_err(|error| match place::remove(&self.directory) {
            Ok(()) => error,
            Err(left) => error.detail(format!("could not remove {}: {left}", session.shown(&self.directory))),
        })
    }

    /// Registers it with cargo: as a member of the workspace, and in `Cargo.lock`, where no other line changes.
    fn introduce(&self, session: &Session) -> Result<()> {
        let failed = || {
            Error::usage(format!("make {} from the template", self.name))
                .hint("fix the template; nothing has been changed")
        };
        let workspace = metadata::load::load(&session.environment).map_err(|error| failed().because(error))?;
        if workspace.package(&self.name).is_none_or(|package| package.dir != self.directory) {
            return Err(failed()
                .detail(format!("cargo finds no package {} in {}", self.name, session.shown(&self.directory)))
                .hint(format!(
                    "the workspace's `members` must cover that directory, and the template's Cargo.toml say `name = \"{}\"`",
                    self.template
                )));
        }
        if !workspace.has_lock_file {
            return Ok(());
        }
        let places = Places { patience: PATIENCE, ..session.places(&workspace) };
        let update = ["update", "--workspace", "--quiet"];
        let cargo = |args: &[&str]| probe::ask(Path::new("cargo"), args, &places);
        // Without network first: most templates need nothing that is not on the machine already.
        cargo(&[&update[..], &["--offline"]].concat()).or_else(|_| cargo(&update)).map(drop).map_err(|silence| {
            let said = match &silence {
                probe::Silence::Failed { said, .. } => said.err.trim().to_owned(),
                other => other.why(),
            };
            failed().detail(format!("`cargo {}` fails:\n{said}", update.join(" ")))
        })
    }
}

fn lock_file(workspace: &Workspace) -> Option<String> {
    fs::read_to_string(workspace.root.join("Cargo.lock")).ok()
}

/// The lowest port above all those that manifests name; `first` where none does.
fn port(workspace: &Workspace, first: u16) -> Result<u16> {
    let ports = workspace.packages.iter().filter_map(|package| package.metadata.get("service")?.get("port")?.as_u64());
    let port = ports.max().map_or(u64::from(first), |highest| highest + 1);
    u16::try_from(port).map_err(|_| {
        Error::usage(format!("choose a port: {} is the highest that exists, and it is taken", port - 1))
            .hint("give the service with that port a lower one: `port` in its `[package.metadata.xtask.service]`")
    })
}
