//! The jobs that deploy to an environment and smoke-test it: they show the progress of each service, and the result.

use super::in_process::Log;
use crate::deploy::call::Caller;
use crate::deploy::perform::{Place, perform};
use crate::deploy::request::{End, Purpose, Report, Request, Said, State};
use crate::deploy::smoke;
use crate::deploy::trial::Trial;
use std::path::PathBuf;
use std::time::SystemTime;
use xtask_core::cause::Cause;
use xtask_core::error::{Error, Exit, Result};
use xtask_core::outcome::Outcome;
use xtask_core::reading::{MANUAL_INTERVENTION, RESTORED, Reading, TYPE_NEXT, Table};
use xtask_core::registry::Credentials;
use xtask_core::text;
use xtask_engine::job::{Desk, Finished, Inputs, Job, Shown};
use xtask_process::process::Level;

/// Lines that a failure shows; all of them are in the log.
const TAIL: usize = 20;

/// Why a smoke test that fails does not roll back although it should.
const STAYS: &str =
    "not rolled back: the last deployment from here has passed a smoke test since, or has never come up";

/// Deploys services to an environment, or rolls back.
#[derive(Clone, Debug)]
pub struct Deploy(pub Request);

/// Smoke-tests what runs in an environment.
#[derive(Clone, Debug)]
pub struct Smoke(pub smoke::Request);

impl Job for Deploy {
    fn perform(&self, desk: &mut dyn Desk) -> Finished {
        deploy(&self.0, &Teller::new(desk))
    }

    fn sentence(&self) -> Option<String> {
        let Request { environment, purpose, .. } = &self.0;
        Some(match purpose {
            Purpose::Release { services, restart, .. } => {
                let services = text::list(services.iter().map(|release| &release.service));
                let pods = if *restart { ", and replace unchanged pods as well" } else { "" };
                format!("deploy {services} to {environment}{pods}")
            }
            Purpose::Rollback { to: Some(run) } => format!("roll {environment} back to the state of run {run}"),
            Purpose::Rollback { to: None } => {
                format!("roll {environment} back to the state before its last deployment")
            }
            Purpose::Resume => format!("resume the interrupted deployment to {environment}"),
        })
    }
}

impl Job for Smoke {
    fn perform(&self, desk: &mut dyn Desk) -> Finished {
        smoke(&self.0, &Teller::new(desk))
    }

    fn sentence(&self) -> Option<String> {
        let smoke::Request { environment, services, rollback, .. } = &self.0;
        let failure = if rollback.is_some() { ", and roll back on failure" } else { "" };
        Some(format!("smoke-test {} in {environment}{failure}", text::list(services)))
    }
}

/// Shows the progress, and writes the task's log.
struct Teller<'a> {
    desk: &'a dyn Desk,
    inputs: &'a Inputs,
    log: Log<'a>,
}

impl<'a> Teller<'a> {
    fn new(desk: &'a dyn Desk) -> Self {
        let inputs = desk.inputs();
        Self { desk, inputs, log: Log::new(desk) }
    }

    fn say(&self, said: Said) {
        match said {
            Said::Line(line) => self.log.say(&line),
            Said::Service { service, line, done } => {
                let line = self.log.clean(&line);
                self.log.note(&format!("{service}: {line}"));
                self.desk.show(Shown::Part { part: service, line, done });
            }
        }
    }

    fn is_stopped(&self) -> bool {
        self.inputs.stop.level() > Level::None
    }

    /// Everything on this machine that a deployment works with.
    fn place(&self) -> Result<Place> {
        let Inputs { run, marker, private, surroundings, confidential, grace, stop, user, .. } = self.inputs;
        let private = private.as_deref().ok_or_else(|| Error::new(Exit::Bug, "deploy without a private directory"))?;
        let directory = self.inputs.directory().to_owned();
        let login = Credentials::of(|name| confidential.get(name));
        Ok(Place {
            caller: Caller::new(&private.join("deploy"), surroundings, login.as_ref(), marker, *grace, stop)?,
            run: run.clone(),
            runs: directory.parent().map(PathBuf::from).unwrap_or_default(),
            directory,
            holder: format!("{user} (run {run})"),
            now: SystemTime::now,
        })
    }

    fn failed(&self, error: &Error) -> Finished {
        if self.is_stopped() {
            return Finished::new(Reading::because(Outcome::Cancelled, "the run was stopped; nothing was written"));
        }
        let because = error.headline();
        let error = self.inputs.surroundings.secrets.hide(&error.to_string());
        error.lines().for_each(|line| self.log.note(line));
        let tail = error.lines().map(text::sanitise).collect();
        Finished { tail, ..Finished::new(Reading::because(Outcome::EnvironmentError, because)) }
    }
}

/// Deploys.
fn deploy(request: &Request, teller: &Teller<'_>) -> Finished {
    let report = teller.place().and_then(|place| perform(request, place, &mut |said| teller.say(said)));
    match report {
        Ok(report) => finished(request, report, teller),
        Err(error) => Finished { exit: Some(error.exit()), ..teller.failed(&error) },
    }
}

/// Smoke-tests what is deployed, and rolls back when that is wanted after a failure.
fn smoke(request: &smoke::Request, teller: &Teller<'_>) -> Finished {
    let tried = teller.place().and_then(|place| {
        let problems = smoke::smoke(request, place.caller, &mut |said| teller.say(said))?;
        Ok((problems, Trial::find(&place.runs, &request.environment)))
    });
    let (problems, trial) = match tried {
        Ok(tried) => tried,
        Err(error) => return teller.failed(&error),
    };
    if problems.is_empty() {
        // A failure to note it only means that a later smoke test may roll back.
        let noted = trial.and_then(|trial| trial.map_or(Ok(()), |trial| trial.approve(&request.services)));
        let _ = noted.inspect_err(|error| teller.say(Said::Line(error.line())));
        return Finished::new(Reading::passed());
    }
    let because = format!("{} in {}", text::count(problems.len(), "problem"), request.environment);
    let failed = || Finished::new(Reading::because(Outcome::Failed, because.clone()));
    let mut finished = match (&request.rollback, trial) {
        (None, _) => failed(),
        (Some(rollback), Ok(Some(_))) => bring_back(rollback, &because, teller),
        (Some(_), Ok(None)) => Finished { tail: vec![STAYS.to_owned()], ..failed() },
        (Some(_), Err(error)) => Finished { tail: vec![error.line()], ..failed() },
    };
    finished.tail = problems.into_iter().chain(finished.tail).take(TAIL).collect();
    finished
}

fn bring_back(rollback: &Request, because: &str, teller: &Teller<'_>) -> Finished {
    teller.say(Said::Line("rolling back".to_owned()));
    let mut after = deploy(rollback, teller);
    if after.reading.outcome == Outcome::Passed {
        after.exit = Some(Exit::RolledBack);
        after.reading.because = Some(format!("{because}; {RESTORED}"));
        after.reading.outcome = Outcome::Failed;
        after.reading.cause = Some(Cause::RolledBack);
    } else if after.exit.is_none_or(|exit| exit != Exit::Broken) {
        after.exit = Some(Exit::Broken);
    }
    after
}

fn finished(request: &Request, report: Report, teller: &Teller<'_>) -> Finished {
    let hide = |line: &String| teller.inputs.surroundings.secrets.hide(line);
    let diagnosis: Vec<String> = report.diagnosis.iter().map(hide).collect();
    for line in &diagnosis {
        teller.log.note(line);
    }
    let (outcome, because) = match report.end {
        End::Deployed => (Outcome::Passed, None),
        End::Untouched => (Outcome::EnvironmentError, Some(format!("{}; nothing was written", culprits(&report)))),
        End::RolledBack => (Outcome::Failed, Some(format!("{}; {RESTORED}", culprits(&report)))),
        End::Broken => (Outcome::Failed, Some(format!("{}; {MANUAL_INTERVENTION}", culprits(&report)))),
        End::Stopped => (Outcome::Cancelled, Some("the run was stopped".to_owned())),
    };
    let rows =
        report.services.iter().map(|(service, state): &(String, State)| vec![service.clone(), hide(&state.words())]);
    let services = Table {
        title: format!("Services of {}", request.environment),
        columns: ["service", "state"].map(str::to_owned).to_vec(),
        rows: rows.collect(),
    };
    for row in &services.rows {
        teller.log.note(&row.join(": "));
    }
    let next = Table {
        title: TYPE_NEXT.to_owned(),
        columns: vec!["command".to_owned()],
        rows: report.next.into_iter().map(|command| vec![command]).collect(),
    };
    let cause = match report.end {
        End::RolledBack => Some(Cause::RolledBack),
        End::Broken => Some(Cause::NeedsHuman),
        End::Deployed | End::Untouched | End::Stopped => None,
    };
    let reading = Reading { because, cause, tables: vec![services, next], ..Reading::because(outcome, "") };
    Finished {
        tail: diagnosis.into_iter().take(TAIL).collect(),
        exit: Some(report.end.exit()),
        ..Finished::new(reading)
    }
}

/// The services that have failed; if there are none, why the deployment could not continue.
fn culprits(report: &Report) -> String {
    match report.failed.as_slice() {
        [] => report.diagnosis.first().cloned().unwrap_or_else(|| "it could not be finished".to_owned()),
        failed => format!("{} failed", text::list(failed)),
    }
}
