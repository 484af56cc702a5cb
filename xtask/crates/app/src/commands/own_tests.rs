//! `test`: xtask's own tests, with everything that they need.

use super::own_engine::Engine;
use super::tools::{consent, places};
use super::{Session, nothing};
use crate::cli;
use std::collections::BTreeMap;
use xtask_cargo::metadata;
use xtask_cargo::tools::{Consent, Places, Toolbox, setup, survey};
use xtask_core::catalogue::Tool;
use xtask_core::command::Command;
use xtask_core::error::{Error, Exit, Result};
use xtask_core::text;

/// `cargo xtask test`: sets up the tools of the whole pipeline, for the tests run the real ones, and calls cargo.
pub(super) fn run(args: &cli::Own, session: &Session) -> Result<Exit> {
    let workspace = metadata::load::load(&session.environment)?;
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
    let found = survey(setup::of_own_tests().chain([Tool::Docker]), &places);
    let toolbox = Toolbox::new(&found, [], &places);
    let places = Places { path: toolbox.search_path(&places.path), ..places };
    let starts_engine = !found.has(Tool::Docker) && found.has(Tool::Engine) && places.is_root;
    let engine = if starts_engine { engine(session, &places) } else { None };
    let not_tested = NotTested::new()?;
    // Packages within xtask's directory are tested with it: the packing of images, and the cluster that its tests
    // deploy to.
    let own = workspace.packages.iter().filter(|own| own.dir.starts_with(&package.dir));
    let command = Command::cargo(&workspace.root)
        .args(["test", "--no-fail-fast"])
        .args(own.flat_map(|own| ["--package", &own.name]))
        .args(args.args.iter().cloned());
    let host = engine.as_ref().map(|engine| ("DOCKER_HOST", engine.host.clone()));
    let vars = host.into_iter().chain([(NOT_TESTED, not_tested.path())]);
    let command = vars.fold(command, |command, (name, value)| command.env(name, value));
    session.printer.say(&format!("running {command}"));
    let ended = setup::run_visibly(&command, &places);
    not_tested.tell(session);
    Ok(if ended.is_ok() { Exit::Ok } else { Exit::Gate })
}

/// An engine for the tests; without one those that need it report that, and the others run.
fn engine(session: &Session, places: &Places) -> Option<Engine> {
    let log = places.memory.join("test-engine.log");
    let engine = std::fs::create_dir_all(&places.memory)
        .map_err(|error| Error::environment(format!("create {}", places.memory.display())).because(error))
        .and_then(|()| Engine::start(session, places, &log));
    engine.inspect_err(|error| session.printer.say(&error.to_string())).ok()
}

/// The variable that names the file in which a test that cannot run says so.
const NOT_TESTED: &str = "XTASK_NOT_TESTED";

/// The tests that could not run: libtest has no result for them, and counts them as passed.
struct NotTested(tempfile::NamedTempFile);

impl NotTested {
    fn new() -> Result<Self> {
        let file = tempfile::NamedTempFile::new();
        Ok(Self(file.map_err(|error| Error::environment("make a file for the tests that cannot run").because(error))?))
    }

    fn path(&self) -> String {
        self.0.path().display().to_string()
    }

    /// How many there were, and why.
    fn tell(&self, session: &Session) {
        let text = std::fs::read_to_string(self.0.path()).unwrap_or_default();
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for line in text.lines() {
            *reasons.entry(line).or_default() += 1;
        }
        if reasons.is_empty() {
            return session.printer.say("no test was skipped");
        }
        session.printer.say(&format!("skipped: {}", text::count(text.lines().count(), "test")));
        for (reason, times) in reasons {
            session.printer.say(&format!("  {times} × {reason}"));
        }
    }
}
