//! `deploy`, `rollback` and `status`: what they print without a run, and what a guarded environment asks before one.

use super::start::{self, Start};
use super::{Session, run};
use crate::cli::{self, Command};
use crate::planner;
use crate::secrets;
use crate::settings::Settings;
use crate::settings::deployment::Deployment;
use crate::stages;
use std::time::Duration;
use xtask_core::error::{Error, Exit, Result};
use xtask_core::ids::StageId;
use xtask_core::outcome::Policy;
use xtask_core::pipeline::Runs;
use xtask_core::registry::Credentials;
use xtask_core::workspace::{Features, Package, Workspace};
use xtask_process::process::{self, Level, MARKER, Surroundings, everything, signal};
use xtask_report::history::directory::{Home, run_id};
use xtask_report::history::private::{self, Private};
use xtask_report::report::{Summary, record};
use xtask_ship::deploy::call::Caller;
use xtask_ship::deploy::objects::Release;
use xtask_ship::deploy::{images, look, yaml};

/// How long a call may take to end once it was asked to.
const GRACE: Duration = Duration::from_secs(5);

/// `cargo xtask deploy`.
pub(super) fn deploy(command: &Command, args: &cli::Deploy, session: &Session) -> Result<Exit> {
    if args.render || args.plan {
        return preview(command, args, session);
    }
    let Some(mut start) = start::start(command, &args.run, session)? else { return Ok(Exit::Ok) };
    if !args.resume && deployment(&start.settings)?.environment.guard {
        start = guard(start, session)?;
    }
    confirm(deployment(&start.settings)?, args.consent, session)?;
    run::carry_out(start, command, &args.run, session)
}

/// Prints what would be deployed: the objects, or what they would change in the cluster.
fn preview(command: &Command, args: &cli::Deploy, session: &Session) -> Result<Exit> {
    let (workspace, settings) = session.resolve(command)?;
    let deployment = deployment(&settings)?;
    let releases = releases(&workspace, &settings, deployment)?;
    if args.render {
        let objects = releases.iter().flat_map(Release::objects).collect::<Vec<_>>();
        session.printer.data(&yaml::documents(&objects));
        return Ok(Exit::Ok);
    }
    let source = stages::deploy::source(&settings, deployment);
    let plan = aside(session, |caller| look::plan(caller, &deployment.environment.target, &source, &releases))?;
    session.printer.data(&plan);
    Ok(Exit::Ok)
}

/// `cargo xtask rollback`.
pub(super) fn rollback(command: &Command, args: &cli::Rollback, session: &Session) -> Result<Exit> {
    let Some(start) = start::start(command, &args.run, session)? else { return Ok(Exit::Ok) };
    confirm(deployment(&start.settings)?, args.consent, session)?;
    run::carry_out(start, command, &args.run, session)
}

/// `cargo xtask status`.
pub(super) fn status(command: &Command, args: &cli::Status, session: &Session) -> Result<Exit> {
    let (workspace, settings) = session.resolve(command)?;
    let deployment = deployment(&settings)?;
    let packages = settings.packages(&workspace);
    let features = workspace.unified_features(&packages);
    let context = context(&workspace, &settings, &packages, &features);
    let services: Vec<String> = stages::deploy::deployed(context).map(|it| it.name.clone()).collect();
    let standings = aside(session, |caller| look::status(caller, &deployment.environment.target, &services))?;
    let json = || format!("{:#}\n", serde_json::json!({ "version": 1, "services": standings }));
    session.printer.data(&if args.json { json() } else { look::table(&standings) });
    Ok(Exit::Ok)
}

fn deployment(settings: &Settings) -> Result<&Deployment> {
    settings.deployment.as_ref().ok_or_else(|| Error::usage("deploy: no environment was named"))
}

/// The services as they shall run, with their images.
fn releases(workspace: &Workspace, settings: &Settings, deployment: &Deployment) -> Result<Vec<Release>> {
    let packages = settings.packages(workspace);
    let features = workspace.unified_features(&packages);
    let releases = stages::deploy::releases(context(workspace, settings, &packages, &features), deployment)?;
    if releases.is_empty() {
        return Err(super::nothing("deploy: no selected package is a service with an image"));
    }
    images::complete(&releases, &deployment.images.list(&Home::new(&workspace.target_dir).runs())?)
}

/// The context that services are planned from, outside of a run.
fn context<'a>(
    workspace: &'a Workspace,
    settings: &'a Settings,
    packages: &'a [&'a Package],
    features: &'a Features<'a>,
) -> stages::Context<'a> {
    stages::Context { workspace, settings, stages: &[], packages, features, timeout: Duration::MAX }
}

/// Queries the cluster outside of a run: no lock, no record, and nothing that remains.
fn aside<T>(session: &Session, ask: impl FnOnce(Caller) -> Result<T>) -> Result<T> {
    let environment = &session.environment;
    private::clean_after_all(environment);
    let private = Private::create(environment, &run_id(environment.now, environment.pid))?;
    let surroundings =
        Surroundings { remove: environment.set_by_cargo(), set: Vec::new(), secrets: secrets::of(&environment.vars) };
    let _signals = signal::listen(|_| everything().raise(Level::Terminate))?;
    let marker = environment.var(MARKER).map_or_else(|| format!("aside-{}:ask", environment.pid), str::to_owned);
    let credentials = Credentials::of(|name| environment.var(name));
    let directory = private.path().join("deploy");
    let caller = Caller::new(&directory, &surroundings, credentials.as_ref(), &marker, GRACE, everything())?;
    process::as_task(&marker, || ask(caller))
}

/// Checks what a guarded environment requires: a clean tree, the images of this very commit, and a green run of it. The
/// returned start deploys these images of this commit, even if their file or the checkout changes before the user
/// answers.
fn guard(start: Start, session: &Session) -> Result<Start> {
    let Start { workspace, mut settings, commit, home, lock, .. } = start;
    let commit = commit?;
    if let Some(deployment) = &mut settings.deployment {
        deployment.images = deployment.images.pinned(&home.runs())?;
    }
    let deployment = deployment(&settings)?;
    let releases = releases(&workspace, &settings, deployment)?;
    check(&releases, commit.as_deref().unwrap_or("none"), deployment, &settings, &home)?;
    let plan = planner::build(&workspace, &settings, &session.program.pipeline)?;
    Ok(Start { workspace, settings, plan, commit: Ok(commit), home, lock })
}

fn check(releases: &[Release], commit: &str, deployment: &Deployment, settings: &Settings, home: &Home) -> Result<()> {
    let mut problems = Vec::new();
    if commit.ends_with("-dirty") {
        problems.push("files differ from the commit that is checked out".to_owned());
    }
    if let Some(other) = releases.iter().find(|release| release.commit != commit.trim_end_matches("-dirty")) {
        problems.push(format!("the images are of the commit {}, and {commit} is checked out", other.commit));
    }
    let summaries = home.run_ids().into_iter().rev().filter_map(|run| {
        let record = record::read(&home.runs().join(run).join("events.ndjson")).ok()?;
        Some(record.fold.finish())
    });
    if !summaries.into_iter().any(|summary| is_green(&summary, commit, settings)) {
        problems.push(format!("no recorded run of all stages of {commit} has passed: `cargo xtask ci`"));
    }
    if problems.is_empty() {
        return Ok(());
    }
    let name = &deployment.environment.name;
    Err(Error::new(Exit::Gate, format!("deploy to {name}, which is guarded"))
        .detail(problems.join("\n"))
        .hint("commit, run `cargo xtask ci`, push the images of that commit, and deploy them"))
}

/// Whether a run of this commit has passed every stage that blocks a pull request.
fn is_green(summary: &Summary, commit: &str, settings: &Settings) -> bool {
    let passed = |id: &StageId| summary.stages.iter().any(|stage| stage.id == *id && stage.outcome.meets_a_need());
    let stages = settings.config.stages.iter().map(|stage| &stage.definition);
    let mut blocking = stages.filter(|stage| stage.runs == Runs::Always && stage.policy == Policy::Blocking);
    summary.commit.as_deref() == Some(commit) && summary.exit_code == Some(0) && blocking.all(|stage| passed(&stage.id))
}

/// Asks the user to type the name of an environment if it is guarded, unless `--yes` was given.
fn confirm(deployment: &Deployment, consent: cli::Yes, session: &Session) -> Result<()> {
    let name = &deployment.environment.name;
    if consent.yes || !deployment.environment.guard {
        return Ok(());
    }
    let terminal = session.environment.terminal;
    let what = format!("change {name}, which is guarded");
    if !(terminal.stdin && terminal.stderr) {
        return Err(
            Error::usage(format!("{what}: confirmation needs a terminal")).hint("pass `--yes` to confirm without one")
        );
    }
    session.printer.say(&format!("this changes {name}; type its name to continue"));
    let mut answer = String::new();
    if std::io::stdin().read_line(&mut answer).is_ok() && answer.trim() == name {
        return Ok(());
    }
    Err(Error::new(Exit::Gate, format!("{what}: its name was not typed")).hint("nothing was written"))
}
