//! How a run starts: everything is resolved once, and the checkout is taken. The run does exactly what is checked or
//! confirmed from then on, whatever changes meanwhile.

use super::{Session, tools};
use crate::cli::{self, Command};
use crate::planner;
use crate::secrets;
use crate::settings::Settings;
use xtask_core::error::{Error, Exit, Result};
use xtask_core::purpose::Purpose;
use xtask_core::workspace::Workspace;
use xtask_engine::git;
use xtask_engine::plan::{Plan, render};
use xtask_process::environment::Clock;
use xtask_report::history::directory::Home;
use xtask_report::history::lock::{Holder, Lock};

/// Everything that a run needs.
pub(super) struct Start {
    /// The packages.
    pub workspace: Workspace,
    /// The resolved settings of the run.
    pub settings: Settings,
    /// The plan of these settings.
    pub plan: Plan,
    /// The commit that is checked out, or why git does not say.
    pub commit: Result<Option<String>>,
    /// Where the checkout keeps its runs.
    pub home: Home,
    /// The lock; `None` where the target directory is read-only.
    pub lock: Option<Lock>,
}

/// Resolves and plans what `command` asks for, and takes the lock; if another run held it, everything that run may have
/// changed is resolved again. Returns `None` after a dry run, which prints the plan.
pub(super) fn start(command: &Command, args: &cli::Run, session: &Session) -> Result<Option<Start>> {
    let (workspace, settings, mut plan) = resolve(command, session)?;
    if args.dry_run {
        tools::foresee(&mut plan, args.no_install, session, &workspace);
        session.printer.data(&render::commands(&plan));
        return Ok(None);
    }
    let home = Home::new(&workspace.target_dir);
    let (lock, waited) = lock(&home, args.wait, session)?;
    let (workspace, settings, plan) = if waited { resolve(command, session)? } else { (workspace, settings, plan) };
    let commit = git::commit(&workspace.root);
    Ok(Some(Start { workspace, settings, plan, commit, home, lock }))
}

fn resolve(command: &Command, session: &Session) -> Result<(Workspace, Settings, Plan)> {
    let (workspace, settings) = session.resolve(command)?;
    let plan = planner::build(&workspace, &settings, &session.program.pipeline)?;
    check(&plan)?;
    check_push(&plan, &settings)?;
    Ok((workspace, settings, plan))
}

/// The lock of the checkout, and whether another run had it; no lock where the target directory is read-only, because
/// no other run can write to it then.
fn lock(home: &Home, wait: bool, session: &Session) -> Result<(Option<Lock>, bool)> {
    let environment = &session.environment;
    let holder = || Holder {
        pid: environment.pid,
        run: home.next_id(environment.now, environment.pid),
        command: secrets::of(&environment.vars).hide(&session.typed),
        since: Clock::start().now(),
    };
    let mut waited = false;
    let mut say = |message: &str| {
        waited = true;
        session.printer.say(message);
    };
    let taken = home.prepare().and_then(|()| Lock::take(&home.lock(), holder, wait, &mut say));
    match taken {
        Err(error) if error.exit() == Exit::Environment && home.is_read_only() => Ok((None, waited)),
        taken => Ok((Some(taken?), waited)),
    }
}

/// Whether there is anything to run.
fn check(plan: &Plan) -> Result<()> {
    if plan.tasks().next().is_none() {
        let reasons =
            plan.stages.iter().filter_map(|stage| Some(format!("{}: {}", stage.id, stage.left_out.as_ref()?.1)));
        let error = Error::saying(Exit::NothingSelected, "nothing to run: the plan is empty");
        return Err(reasons.fold(error, Error::detail).hint("`cargo xtask plan` shows what would run"));
    }
    Ok(())
}

/// Whether images that are to be pushed have a name and a place to go to, before they are made.
fn check_push(plan: &Plan, settings: &Settings) -> Result<()> {
    let makes_images = plan.tasks().any(|task| task.purpose == Purpose::Image);
    if !makes_images || !settings.push || settings.destination().is_some() {
        return Ok(());
    }
    let error = |what: &str| Error::usage(format!("push the images: {what}"));
    Err(match &settings.checkout {
        None => error("there is no commit to name them after").hint("commit first, in a git repository"),
        Some(checkout) if checkout.dirty => error("the tree differs from the commit that they would be named after")
            .hint("commit or remove what `git status` shows; without `--push` images are made and marked"),
        Some(_) => error("no registry is configured")
            .hint("name one: `--registry HOST/DIR`, or `[workspace.metadata.xtask.image] registry`"),
    })
}
