//! A deployment as a run requests it: everything before the first write, and then the steps.

use super::access::Access;
use super::call::Caller;
use super::difference::{self, Difference};
use super::failure::Failure;
use super::journal::{self, Begun, Change, Journal, Planned, Progress, progress};
use super::kubectl::Kubectl;
use super::lease::Lease;
use super::live::{self, Live};
use super::objects::{COMMIT, Release};
use super::request::{Purpose, Report, Request, Said};
use super::run::Deployment;
use super::{checks, images};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use xtask_core::error::{Error, Result};
use xtask_core::text;
use xtask_report::history::directory as runs;

/// How many runs to list as targets of a rollback.
const NAMED: usize = 3;

/// The local context of a deployment.
pub struct Place {
    /// Makes the calls.
    pub caller: Caller,
    /// The run's id.
    pub run: String,
    /// The run's directory, which gets the journal.
    pub directory: PathBuf,
    /// The directory of all runs.
    pub runs: PathBuf,
    /// Who deploys: the holder that the lease shows to others.
    pub holder: String,
    /// The time of day.
    pub now: fn() -> SystemTime,
}

/// Carries out the request. `Err`: nothing was written.
pub fn perform(request: &Request, place: Place, say: &mut dyn FnMut(Said)) -> Result<Report> {
    match &request.purpose {
        Purpose::Release { services, images, restart } => {
            let releases = images::complete(services, &images.list(&place.runs)?)?;
            release(request, &releases, *restart, place, say)
        }
        Purpose::Rollback { to } => roll_back(request, to.as_deref(), place, say),
        Purpose::Resume => resume(request, place, say),
    }
}

fn release(
    request: &Request,
    releases: &[Release],
    restart: bool,
    place: Place,
    say: &mut dyn FnMut(Said),
) -> Result<Report> {
    say(Said::Line(format!("checking {} and its images", request.environment)));
    let Place { caller, run, directory, holder, now, .. } = place;
    let access = Access::open(caller, &request.target)?;
    checks::check(&access, &request.target, &request.source, releases)?;
    let lease = Lease::take(&access.kubectl, &holder, now)?;
    let difference = difference::of_releases(&access.kubectl, releases, &run, restart);
    let (lease, difference) = planned(&access.kubectl, lease, difference)?;
    let commit = releases.first().map(|release| release.commit.clone()).unwrap_or_default();
    let deployment = Deployment { request, kubectl: &access.kubectl, run, lease, say };
    deployment.begin(Journal::create(directory.join(runs::DEPLOYMENT))?, &commit, &holder, &difference)
}

fn roll_back(request: &Request, to: Option<&str>, place: Place, say: &mut dyn FnMut(Said)) -> Result<Report> {
    let Place { caller, run, directory, runs, holder, now } = place;
    let found = journal::newest(&runs, &request.environment, |begun| {
        !begun.services.is_empty() && to.is_none_or(|to| begun.run == to)
    })?;
    let entries = found.map(|(_, entries)| entries).ok_or_else(|| no_journal(to, &runs))?;
    let begun = journal::begun(&entries).ok_or_else(|| no_journal(to, &runs))?;
    if let Some(to) = to {
        came_up(to, &entries, &request.environment, &runs)?;
    }
    let access = Access::open(caller, &request.target)?;
    checks::check(&access, &request.target, &request.source, &[])?;
    let lease = Lease::take(&access.kubectl, &holder, now)?;
    let recorded = if to.is_some() { Ok(deployed_by(&begun)) } else { before(&begun, &entries, &access.kubectl, say) };
    let difference = recorded.and_then(|recorded| difference::of_recorded(&access.kubectl, recorded));
    let (lease, difference) = planned(&access.kubectl, lease, difference)?;
    let commit = difference.planned.iter().find_map(|planned| {
        let commit = planned.wanted()?["metadata"]["annotations"][COMMIT].as_str()?;
        Some(commit.to_owned())
    });
    let deployment = Deployment { request, kubectl: &access.kubectl, run, lease, say };
    deployment.begin(
        Journal::create(directory.join(runs::ROLLBACK))?,
        &commit.unwrap_or_default(),
        &holder,
        &difference,
    )
}

fn resume(request: &Request, place: Place, say: &mut dyn FnMut(Said)) -> Result<Report> {
    let Place { caller, runs, now, .. } = place;
    let found = journal::newest(&runs, &request.environment, |_| true)?;
    let found = found.filter(|(_, entries)| journal::begun(entries).is_some_and(|begun| !begun.ended));
    let (path, entries) = found.ok_or_else(|| {
        let what = format!("resume a deployment to {}: the last one has ended", request.environment);
        Error::usage(what).hint(format!("start a new one: `cargo xtask deploy {}`", request.environment))
    })?;
    let Some(Begun { run, holder, services, .. }) = journal::begun(&entries) else {
        return Err(no_journal(None, &runs));
    };
    say(Said::Line(format!("resuming the deployment of the run {run}")));
    let access = Access::open(caller, &request.target)?;
    checks::check(&access, &request.target, &request.source, &[])?;
    // The run that began it is dead: the lock of the checkout shows that. Its lease is taken over at once.
    let lease = Lease::take(&access.kubectl, holder, now)?;
    let deployment = Deployment { request, kubectl: &access.kubectl, run: run.to_owned(), lease, say };
    Ok(deployment.resume(Journal::resume(path)?, services.to_vec()))
}

/// The changes to make, once the lease is taken; when they cannot be determined, the lease is released.
fn planned(kubectl: &Kubectl, lease: Lease, difference: Result<Difference, Failure>) -> Result<(Lease, Difference)> {
    let problem = match difference {
        Ok(difference) => match paused(&difference.planned) {
            paused if paused.is_empty() => return Ok((lease, difference)),
            paused => Error::environment(format!(
                "deploy to paused Deployments, whose rollouts would never finish: {}",
                text::list(&paused)
            ))
            .hint(format!("resume it: `kubectl rollout resume deployment {}`", paused.join(" "))),
        },
        Err(failure) => failure.error("read what is deployed"),
    };
    // A lease that is not released expires by itself.
    let _ = lease.release(&kubectl.after_stop());
    Err(problem)
}

fn paused(planned: &[Planned]) -> Vec<String> {
    let is_paused = |planned: &&Planned| planned.before().is_some_and(|before| before["spec"]["paused"] == true);
    planned.iter().filter(is_paused).map(|planned| planned.service.clone()).collect()
}

/// Refuses to roll back to a state that never ran well.
fn came_up(run: &str, entries: &[journal::Entry], environment: &str, runs: &Path) -> Result<()> {
    let failed = journal::unfinished(entries);
    if failed.is_empty() {
        return Ok(());
    }
    let hint = match &journal::passed(runs, environment, NAMED)?[..] {
        [] => "no run that is recorded here has passed".to_owned(),
        passed => format!("the last that have passed: {}", text::list(passed)),
    };
    Err(Error::usage(format!("roll back to the deployment `{run}`: it did not deploy {}", text::list(&failed)))
        .hint(hint))
}

/// The changes that bring services to the state that a run deployed.
fn deployed_by(begun: &Begun<'_>) -> Vec<(String, Vec<Change>)> {
    begun.services.iter().map(|planned| (planned.service.clone(), planned.changes.clone())).collect()
}

/// The changes that bring services to the state before a run, except those that someone else has changed since.
fn before(
    begun: &Begun<'_>,
    entries: &[journal::Entry],
    kubectl: &Kubectl,
    say: &mut dyn FnMut(Said),
) -> Result<Vec<(String, Vec<Change>)>, Failure> {
    let live = Live::written(kubectl)?;
    let progress = progress(entries);
    let mut recorded = Vec::new();
    for planned in begun.services {
        let deployment = live.deployment(&planned.service);
        if is_changed_by_others(planned, progress.get(&planned.service), deployment, begun.run) {
            let line = format!("skipped: someone else has changed it since the run {}", begun.run);
            say(Said::Service { service: planned.service.clone(), line, done: true });
            continue;
        }
        let back = |Change { wanted, before }: &Change| Change { wanted: before.clone(), before: wanted.clone() };
        recorded.push((planned.service.clone(), planned.changes.iter().map(back).collect()));
    }
    Ok(recorded)
}

/// Whether a deployment is neither in the state that the run left nor in the one before it.
fn is_changed_by_others(
    planned: &Planned,
    progress: Option<&Progress>,
    deployment: Option<&serde_json::Value>,
    run: &str,
) -> bool {
    let Some(deployment) = deployment else { return false };
    if let Some(Progress::Settled(generation, _) | Progress::Applied { generation }) = progress {
        return live::generation(Some(deployment)) > *generation;
    }
    let marks = [Some(run), planned.before().and_then(live::run)];
    !marks.contains(&live::run(deployment))
}

fn no_journal(run: Option<&str>, runs: &Path) -> Error {
    let which = run.map_or("a deployment".to_owned(), |run| format!("the deployment `{run}`"));
    Error::usage(format!("roll back: there is no record of {which} to this environment in {}", runs.display()))
        .hint("deployments are recorded in the checkout that they were made from: roll back from there")
}
