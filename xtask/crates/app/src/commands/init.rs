//! `init`: the workspace at hand uses xtask from now on. All changes are shown first.

use super::Session;
use crate::adopt::change::{self, Change};
use crate::adopt::package::{self, Origin};
use crate::adopt::{table, write};
use crate::cli;
use std::fs;
use std::path::Path;
use xtask_cargo::metadata;
use xtask_core::error::{Error, Exit, Result};
use xtask_core::text;
use xtask_core::workspace::Workspace;
use xtask_report::history::directory::Home;

/// `cargo xtask init`.
pub(super) fn init(args: &cli::Init, session: &Session) -> Result<Exit> {
    let workspace = metadata::load::load(&session.environment)?;
    let there = There::look(&workspace);
    if there.is_complete() {
        session.printer.say(&format!("nothing to do: {} uses xtask already", workspace.root.display()));
        return Ok(Exit::Ok);
    }
    there.refuse()?;
    let dependency = origin(args)?.dependency(&workspace.root, &session.environment.cwd)?;
    let changes = change::all(&workspace.root, &dependency)?;
    session.printer.say(&format!("changes in {}:", workspace.root.display()));
    session.printer.data(&changes.iter().map(Change::patch).collect::<String>());
    if args.dry_run {
        return Ok(Exit::Ok);
    }
    if !args.yes {
        agree(session)?;
    }
    let home = Home::new(&workspace.target_dir);
    write::put(&changes, &workspace.root, home.path(), || verify(session))?;
    session.printer.say(&format!("{} written\n{}{NEXT}", text::count(changes.len(), "file"), change::undo(&changes)));
    Ok(Exit::Ok)
}

const NEXT: &str =
    "next:\n  cargo xtask plan    # compiles xtask first, and adds its dependencies to Cargo.lock\n  cargo xtask ci";

/// What of xtask a workspace has.
struct There {
    /// A package of the name, and whether it depends on xtask.
    package: Option<(String, bool)>,
    /// The package's directory, or a file of this name.
    place: bool,
    /// An alias in the workspace's own configuration of cargo, and this file.
    alias: (bool, &'static Path),
    /// The package is excluded from tests, coverage and builds.
    excluded: bool,
}

impl There {
    fn look(workspace: &Workspace) -> Self {
        let depends = |manifest: &str| table::has(manifest, &["dependencies", package::CRATE]).unwrap_or(false);
        let package = workspace.package(package::NAME).map(|package| {
            let manifest = fs::read_to_string(&package.manifest).unwrap_or_default();
            (package.dir.display().to_string(), depends(&manifest))
        });
        let file = change::config(&workspace.root);
        let config = fs::read_to_string(workspace.root.join(file)).unwrap_or_default();
        let excluded = workspace.metadata["exclude"].as_array();
        Self {
            package,
            place: workspace.root.join(package::NAME).symlink_metadata().is_ok(),
            alias: (table::has(&config, &["alias", package::NAME]).unwrap_or(false), file),
            excluded: excluded.is_some_and(|names| names.iter().any(|name| name == package::NAME)),
        }
    }

    fn is_complete(&self) -> bool {
        self.package.as_ref().is_some_and(|(_, depends)| *depends) && self.alias.0 && self.excluded
    }

    /// Fails, with everything that is in the way, unless nothing is.
    fn refuse(&self) -> Result<()> {
        let package = self.package.as_ref().map(|(dir, _)| format!("there is a package `xtask` in {dir}"));
        let place = self.place.then(|| "there is a file or directory `xtask`".to_owned());
        let alias = self.alias.0.then(|| format!("there is an alias `xtask` in {}", self.alias.1.display()));
        let found: Vec<String> = package.or(place).into_iter().chain(alias).collect();
        if found.is_empty() {
            return Ok(());
        }
        Err(Error::usage("put xtask into this workspace")
            .detail(found.join("\n"))
            .hint("remove or rename these, or add xtask to them by hand: docs/adopting.md of xtask lists the lines"))
    }
}

/// Where the dependency comes from, by the command line or else by this program's manifest.
fn origin(args: &cli::Init) -> Result<Origin> {
    if let Some(path) = &args.path {
        return Ok(Origin::Path(path.clone()));
    }
    let Some(url) = &args.git else {
        return Origin::published(env!("CARGO_PKG_REPOSITORY"), env!("CARGO_PKG_VERSION"));
    };
    let rev = args.rev.clone().map(|rev| ("rev", rev));
    Ok(Origin::Git(url.clone(), rev.or_else(|| args.tag.clone().map(|tag| ("tag", tag)))))
}

/// Asks on a terminal; elsewhere nothing is written without `--yes`.
fn agree(session: &Session) -> Result<()> {
    let terminal = session.environment.terminal;
    if !(terminal.stdin && terminal.stderr) {
        return Err(Error::usage("ask whether to write these changes: this is no terminal")
            .hint("nothing was written; say `--yes` to write them, or `--dry-run` to only show them"));
    }
    session.printer.say("write these changes? [y/N]");
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    if read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    Err(Error::saying(Exit::Gate, "nothing was written: the answer was not `y`"))
}

/// Fails unless cargo accepts all manifests, and sees the package as it is meant.
fn verify(session: &Session) -> Result<()> {
    let failed = || Error::usage("put xtask into this workspace");
    let workspace = metadata::load::load(&session.environment).map_err(|error| failed().because(error))?;
    let there = There::look(&workspace);
    if there.is_complete()
        && workspace.package(package::NAME).is_some_and(|it| it.dir == workspace.root.join(package::NAME))
    {
        return Ok(());
    }
    Err(failed()
        .detail("cargo does not see the package `xtask` as a member: does `exclude` of the workspace leave it out?"))
}
