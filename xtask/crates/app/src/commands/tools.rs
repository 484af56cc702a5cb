//! `doctor` and `setup`: list the tools, and install the missing ones.

use super::Session;
use crate::cli;
use crate::planner;
use crate::settings::{Engine, Machine};
use std::collections::BTreeMap;
use std::path::PathBuf;
use xtask_cargo::metadata;
use xtask_cargo::tools::install::{self, Recipe};
use xtask_cargo::tools::{self, Consent, Places, doctor, places, preflight, setup};
use xtask_core::catalogue::Tool;
use xtask_core::error::{Exit, Result};
use xtask_core::workspace::Workspace;
use xtask_engine::plan::Plan;
use xtask_process::environment::Environment;

/// `cargo xtask doctor`.
pub(super) fn doctor(args: &cli::Json, session: &Session) -> Result<Exit> {
    let places = places_of(session)?;
    let report = doctor::report(&preflight::look(session.program.tools(), &places), &session.program.tools(), &places);
    let text =
        if args.json { format!("{:#}\n", serde_json::json!(report)) } else { report.table(places.home.as_deref()) };
    session.printer.data(&text);
    Ok(report.exit())
}

/// `cargo xtask setup`.
pub(super) fn setup(args: &cli::Setup, session: &Session) -> Result<Exit> {
    let places = places_of(session)?;
    let consent = if args.yes { Consent::Given } else { session.consent() };
    let report = setup::setup(setup::defaults(), &places, consent, &mut |command| {
        session.printer.say(&format!("running {command}"));
        setup::run_visibly(command, &places)
    });
    session.printer.data(&report.text());
    Ok(report.exit())
}

/// Where tools are for a command that works in the workspace at hand.
fn places_of(session: &Session) -> Result<Places> {
    Ok(session.places(&metadata::load::load(&session.environment)?))
}

/// Where tools are looked for and installed.
pub(super) fn places(environment: &Environment, workspace: &Workspace) -> Places {
    let home = environment.var("HOME").map(PathBuf::from);
    let own = workspace.target_dir.join("xtask");
    let cache = environment
        .var("XTASK_CACHE_DIR")
        .map(|dir| environment.cwd.join(dir))
        .or_else(|| environment.var("XDG_CACHE_HOME").map(|dir| PathBuf::from(dir).join("cargo-xtask")))
        .or_else(|| home.as_ref().map(|home| home.join(".cache/cargo-xtask")))
        .filter(|cache| cache.is_absolute())
        .unwrap_or_else(|| own.join("cache"));
    let vars = ["CARGO_HOME", "LLVM_COV", "LLVM_PROFDATA", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"];
    let vars = vars.iter().filter_map(|key| Some(((*key).to_owned(), environment.var(key)?.to_owned())));
    Places {
        cache,
        scratch: own.join("install"),
        memory: own,
        root: workspace.root.clone(),
        path: environment.var("PATH").unwrap_or_default().into(),
        home,
        vars: vars.collect::<BTreeMap<_, _>>(),
        unset: environment.set_by_cargo(),
        system: "/".into(),
        is_root: rustix::process::geteuid().is_root(),
        patience: places::PATIENCE,
    }
}

/// This machine, as a run sees it.
pub(super) struct Here<'a> {
    pub environment: &'a Environment,
    pub workspace: &'a Workspace,
}

impl Machine for Here<'_> {
    /// cargo-llvm-cov where the LLVM tools that it calls are there or may be installed, else cargo-tarpaulin, which brings
    /// its own.
    fn engine(&self) -> Engine {
        let places = places(self.environment, self.workspace);
        let survey = preflight::look([Tool::LLVM_TOOLS], &places);
        let consent = consent(self.environment);
        let installable =
            || install::recipe(Tool::LLVM_TOOLS, &places).is_ok_and(|recipe| consent.may(&recipe, &places).is_ok());
        if preflight::suffices(Tool::LLVM_TOOLS, &survey) || installable() {
            Engine::LlvmCov
        } else {
            Engine::Tarpaulin
        }
    }

    fn docker(&self) -> Option<String> {
        let places = places(self.environment, self.workspace);
        let survey = preflight::look([Tool::BUILDKIT], &places);
        let program = survey.state(Tool::BUILDKIT).path()?;
        // The first on PATH goes by its name; another one may be in front of that which can build.
        let is_first = places.on_path("docker").first().is_some_and(|first| first == program);
        Some(if is_first { "docker".to_owned() } else { program.display().to_string() })
    }

    fn release(&self) -> Option<String> {
        tools::release(&places(self.environment, self.workspace))
    }
}

/// Adds the installations to a plan that its run would make. Looks for tools, and changes nothing.
pub(super) fn foresee(plan: &mut Plan, no_install: bool, session: &Session, workspace: &Workspace) {
    let consent = if no_install { Consent::Refused } else { session.consent() };
    let places = session.places(workspace);
    plan.install_first(&preflight::foresee(&planner::tools::wants(plan), &places, consent));
}

/// The consent that an installation needs: in CI the machine is there for it, on a terminal the user is asked.
pub(super) fn consent(environment: &Environment) -> Consent<'static> {
    if environment.is_ci() {
        Consent::Given
    } else if environment.terminal.stdin && environment.terminal.stderr {
        Consent::Ask(&ask)
    } else {
        Consent::Unasked
    }
}

fn ask(recipe: &Recipe) -> bool {
    use std::io::Write as _;
    let question = format!("{} is missing. Install it with `{}`? [Y/n] ", recipe.tool, recipe.line());
    let mut answer = String::new();
    std::io::stderr().write_all(question.as_bytes()).is_ok()
        && std::io::stdin().read_line(&mut answer).is_ok_and(|read| read > 0)
        && matches!(answer.trim().to_lowercase().as_str(), "" | "y" | "yes")
}
