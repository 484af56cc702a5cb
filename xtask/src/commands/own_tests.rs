//! `test`: xtask's own tests, with everything that they need.

use super::tools::{consent, places};
use super::{Session, nothing};
use crate::cli;
use crate::command::Command;
use crate::error::{Error, Exit, Result};
use crate::tools::{Consent, Places, Tool, Toolbox, setup, survey};
use crate::workspace;

/// `cargo xtask test`: sets up the tools of the whole pipeline, for the tests run the real ones, and calls cargo.
pub(super) fn run(args: &cli::Own, session: &Session) -> Result<Exit> {
    let workspace = workspace::load::load(&session.environment)?;
    let Some(package) = workspace.package("xtask") else {
        return Err(nothing("test xtask: this workspace has no package of that name")
            .hint("the tests of its own packages: `cargo xtask test-matrix`"));
    };
    let places = places(&session.environment, &workspace);
    let consent = if args.no_install { Consent::Refused } else { consent(&session.environment) };
    let get = |tools: &mut dyn Iterator<Item = Tool>| {
        setup::setup(tools, &places, consent, &mut |command| {
            session.printer.say(&format!("running {command}"));
            setup::run_visibly(command, &places)
        })
    };
    let ready = get(&mut setup::defaults());
    session.printer.say(ready.text().trim_end());
    if ready.exit() != Exit::Ok {
        return Err(
            Error::environment("set up what the tests need").hint("what is missing, and what to do, stands above")
        );
    }
    // Without one of these, the tests that call it say so and the others run.
    let extra = get(&mut setup::of_own_tests());
    if extra.exit() != Exit::Ok {
        session.printer.say(extra.text().trim_end());
    }
    let toolbox = Toolbox::new(&survey(setup::of_own_tests(), &places), [], &places);
    let places = Places { path: toolbox.search_path(&places.path), ..places };
    // What lies in xtask's folder is tested with it: the packing of images, and the cluster that its tests deploy to.
    let own = workspace.packages.iter().filter(|own| own.dir.starts_with(&package.dir));
    let command = Command::cargo(&workspace.root)
        .args(["test", "--no-fail-fast"])
        .args(own.flat_map(|own| ["--package", &own.name]))
        .args(args.args.iter().cloned());
    session.printer.say(&format!("running {command}"));
    Ok(if setup::run_visibly(&command, &places).is_ok() { Exit::Ok } else { Exit::Gate })
}
