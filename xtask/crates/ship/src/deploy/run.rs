//! A deployment from its first step to its last: write, watch, and roll back when a service fails.
//!
//! Each step is recorded in the journal before and after it, and each may be done twice. So a deployment that was
//! killed is resumed where its journal ends, and reaches the same result as one that was not.

use super::diagnose::diagnose;
use super::difference::Difference;
use super::failure::Failure;
use super::journal::{Entry, Journal, Planned, Progress, VERSION, progress, unfinished};
use super::kubectl::Kubectl;
use super::lease::Lease;
use super::live::{digest, generation, is_as_wanted, name, run};
use super::report;
use super::request::{Report, Request, Said};
use super::watch::{CHANGED_BY_OTHERS, Expected, Settled, Watch};
use std::collections::BTreeMap;
use xtask_core::error::{Error, Result};

/// The context of a deployment.
pub(super) struct Deployment<'a> {
    /// The request.
    pub(super) request: &'a Request,
    /// The cluster.
    pub(super) kubectl: &'a Kubectl,
    /// The run that it belongs to; for a resumed deployment, the run that began it.
    pub(super) run: String,
    /// The lease of the namespace, held.
    pub(super) lease: Lease,
    /// Receives the progress.
    pub(super) say: &'a mut dyn FnMut(Said),
}

/// Why a step ended early.
pub(super) enum Early {
    /// The run was stopped, or the cluster can no longer be queried.
    Call(Failure),
    /// The journal cannot be written.
    Journal(Error),
}

impl From<Failure> for Early {
    fn from(failure: Failure) -> Self {
        Self::Call(failure)
    }
}

impl From<Error> for Early {
    fn from(error: Error) -> Self {
        Self::Journal(error)
    }
}

impl Deployment<'_> {
    /// Carries out the changes.
    pub(super) fn begin(
        mut self,
        mut journal: Journal,
        commit: &str,
        holder: &str,
        difference: &Difference,
    ) -> Result<Report> {
        for service in &difference.left_alone {
            let line = "unchanged".to_owned();
            (self.say)(Said::Service { service: service.clone(), line, done: true });
        }
        let noted = journal.note(Entry::Begun {
            version: VERSION,
            run: self.run.clone(),
            holder: holder.to_owned(),
            environment: self.request.environment.clone(),
            commit: commit.to_owned(),
            services: difference.planned.clone(),
        });
        if let Err(error) = noted {
            let _ = self.lease.release(&self.kubectl.after_stop());
            return Err(error);
        }
        let mut diagnosis = Vec::new();
        let end = self.carry_out(&mut journal, &difference.planned, &mut diagnosis);
        Ok(self.close(&journal, difference, diagnosis, end))
    }

    /// Resumes a deployment that was stopped or killed.
    pub(super) fn resume(mut self, mut journal: Journal, planned: Vec<Planned>) -> Report {
        let mut diagnosis = Vec::new();
        let end = self.carry_out(&mut journal, &planned, &mut diagnosis);
        self.close(&journal, &Difference { planned, left_alone: Vec::new() }, diagnosis, end)
    }

    fn carry_out(
        &mut self,
        journal: &mut Journal,
        planned: &[Planned],
        diagnosis: &mut Vec<String>,
    ) -> Result<(), Early> {
        let goes_back = progress(journal.entries()).values().any(Progress::is_going_back);
        if !goes_back {
            let services = xtask_core::text::count(planned.len(), "service");
            (self.say)(Said::Line(format!("deploying {services} to {}", self.request.environment)));
            self.write(journal, planned, diagnosis)?;
            self.watch(journal, planned, diagnosis)?;
        }
        if !unfinished(journal.entries()).is_empty() {
            self.go_back(journal, planned, diagnosis)?;
        }
        Ok(journal.note(Entry::Ended)?)
    }

    /// Writes the objects of each service; stops at the first that cannot be written.
    fn write(&mut self, journal: &mut Journal, planned: &[Planned], diagnosis: &mut Vec<String>) -> Result<(), Early> {
        for planned in planned {
            let service = || planned.service.clone();
            let state = progress(journal.entries()).remove(&planned.service);
            if !matches!(state, Some(Progress::Untouched | Progress::Applying)) {
                continue;
            }
            self.lease.keep(self.kubectl)?;
            let mut hint = None;
            // Since the plan, or since the kill, someone else may have changed it.
            let written = match self.kubectl.get("deployment", &planned.service)? {
                live if !planned.may_be_written(live.as_ref(), &self.run) => Err(CHANGED_BY_OTHERS.to_owned()),
                _ => {
                    journal.note(Entry::Applying { service: service() })?;
                    (self.say)(Said::Service {
                        service: service(),
                        line: "writing its objects".to_owned(),
                        done: false,
                    });
                    match self.put(planned.changes.iter().map(|change| (&change.wanted, &change.before))) {
                        Err(failure) if failure.is_stop() => return Err(failure.into()),
                        written => written.map_err(|failure| {
                            hint = Some(failure.kind.remedy());
                            format!("its objects cannot be written: {}", failure.line())
                        }),
                    }
                }
            };
            match written {
                Ok(generation) => {
                    journal.note(Entry::Applied { service: service(), generation })?;
                    if planned.wanted().is_none() {
                        (self.say)(Said::Service { service: service(), line: "removed".to_owned(), done: true });
                        journal.note(Entry::Settled { service: service(), failure: None })?;
                    }
                }
                Err(why) => {
                    diagnosis.push(format!("{}: {why}", planned.service));
                    diagnosis.extend(hint.map(|hint| format!("  hint: {hint}")));
                    (self.say)(Said::Service { service: service(), line: why.clone(), done: true });
                    journal.note(Entry::Settled { service: service(), failure: Some(why) })?;
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Brings objects to their wanted state: pairs of the wanted and the current one. Returns the deployment's
    /// generation, 0 when it no longer exists.
    pub(super) fn put<'p>(
        &self,
        pairs: impl DoubleEndedIterator<Item = (&'p Option<serde_json::Value>, &'p Option<serde_json::Value>)> + Clone,
    ) -> Result<u64, Failure> {
        let wanted: Vec<serde_json::Value> = pairs.clone().filter_map(|(wanted, _)| wanted.clone()).collect();
        let written = if wanted.is_empty() { Vec::new() } else { self.kubectl.apply(&wanted)? };
        // The deployment is deleted first, as it needs the others.
        for (_, there) in pairs.rev().filter(|(wanted, _)| wanted.is_none()) {
            if let Some(object) = there {
                let kind = object["kind"].as_str().unwrap_or_default().to_lowercase();
                self.kubectl.delete(&kind, name(object))?;
            }
        }
        Ok(generation(written.iter().find(|object| object["kind"] == "Deployment")))
    }

    fn watch(&mut self, journal: &mut Journal, planned: &[Planned], diagnosis: &mut Vec<String>) -> Result<(), Early> {
        let states = progress(journal.entries());
        let expected = |planned: &Planned| match states.get(&planned.service) {
            Some(Progress::Applied { generation }) => {
                let digest = planned.wanted().and_then(digest).map(str::to_owned);
                Some((planned.service.clone(), Expected { digest, generation: *generation }))
            }
            _ => None,
        };
        let services = planned.iter().filter_map(expected).collect();
        self.watch_all(services, self.request.timeout, diagnosis, &mut |service, failure| {
            journal.note(Entry::Settled { service, failure })
        })
    }

    /// Watches rollouts to their end, and records the end of each; diagnostics of a failed one are collected first.
    pub(super) fn watch_all(
        &mut self,
        services: BTreeMap<String, Expected>,
        timeout: std::time::Duration,
        diagnosis: &mut Vec<String>,
        note: &mut dyn FnMut(String, Option<String>) -> Result<()>,
    ) -> Result<(), Early> {
        let watch = Watch { services, timeout, soak: self.request.soak };
        let Self { kubectl, lease, say, .. } = self;
        let mut noted = Ok(());
        let watched = watch.run(kubectl, *say, &mut || lease.keep(kubectl), &mut |service, settled, live| {
            let failure = match settled {
                Settled::Done => None,
                Settled::Failed { why, pod } => {
                    diagnosis.extend(diagnose(kubectl, service, &live.names(service), &why, pod.as_deref()));
                    Some(why)
                }
            };
            if noted.is_ok() {
                noted = note(service.to_owned(), failure);
            }
        });
        noted?;
        Ok(watched?)
    }

    /// Releases the lease and reports the state of everything.
    fn close(
        self,
        journal: &Journal,
        difference: &Difference,
        mut diagnosis: Vec<String>,
        end: Result<(), Early>,
    ) -> Report {
        if let Err(failure) = self.lease.release(&self.kubectl.after_stop()) {
            (self.say)(Said::Line(format!("the lease was not released; it expires by itself: {}", failure.line())));
        }
        let stopped = matches!(&end, Err(Early::Call(failure)) if failure.is_stop());
        // The cause comes first: without it everything else could have continued.
        let why = match end {
            Ok(()) => Vec::new(),
            Err(Early::Call(_)) if stopped => Vec::new(),
            Err(Early::Call(failure)) => {
                let hint = format!("  hint: {}", failure.kind.remedy());
                vec![format!("it could not continue: {}", failure.line()), hint]
            }
            Err(Early::Journal(error)) => vec![error.line()],
        };
        diagnosis.splice(..0, why);
        report::of(self.request, journal.entries(), difference, diagnosis, stopped)
    }
}

impl Planned {
    /// Whether no one else has changed the deployment since the plan: it is unchanged, or this run has written it.
    pub(super) fn may_be_written(&self, live: Option<&serde_json::Value>, by: &str) -> bool {
        match live {
            None => true,
            Some(live) if generation(Some(live)) == self.generation => true,
            // A rollback writes objects with the mark of the run that first made them, so the content counts too.
            Some(live) => {
                let ours = run(live) == Some(by) || self.wanted().is_some_and(|wanted| is_as_wanted(live, wanted));
                generation(Some(live)) == self.generation + 1 && ours
            }
        }
    }
}
