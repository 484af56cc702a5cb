//! Rollback: exactly the objects that a run has changed are restored to their previous state, and watched the same way.

use super::failure::Failure;
use super::journal::{Entry, Journal, Planned, Progress, progress};
use super::live::{digest, generation};
use super::request::Said;
use super::run::{Deployment, Early};
use super::watch::{CHANGED_BY_OTHERS, Expected};
use serde_json::Value;
use std::collections::BTreeMap;

impl Deployment<'_> {
    /// Rolls back every service that this run, and no one else since, has changed, and watches the rollouts.
    pub(super) fn go_back(
        &mut self,
        journal: &mut Journal,
        planned: &[Planned],
        diagnosis: &mut Vec<String>,
    ) -> Result<(), Early> {
        (self.say)(Said::Line(format!("rolling back {}", self.request.environment)));
        let mut back = BTreeMap::new();
        for planned in planned {
            self.lease.keep(self.kubectl)?;
            if let Some(expected) = self.set_back(journal, planned)? {
                back.insert(planned.service.clone(), expected);
            }
        }
        self.watch_all(back, self.request.rollback_timeout, diagnosis, &mut |service, failure| {
            journal.note(Entry::Restored { service, failure })
        })
    }

    /// Writes the previous state; returns what has to be watched then, if anything.
    fn set_back(&mut self, journal: &mut Journal, planned: &Planned) -> Result<Option<Expected>, Early> {
        let service = || planned.service.clone();
        let state = progress(journal.entries()).remove(&planned.service).unwrap_or(Progress::Untouched);
        if matches!(state, Progress::Untouched | Progress::Restored(_)) {
            return Ok(None);
        }
        let live = self.kubectl.get("deployment", &planned.service)?;
        if self.is_changed_by_others(planned, &state, live.as_ref()) {
            let failure = Some(format!("{CHANGED_BY_OTHERS}, so it was not rolled back"));
            journal.note(Entry::Restored { service: service(), failure })?;
            return Ok(None);
        }
        journal.note(Entry::Restoring { service: service() })?;
        let line = "rolling back".to_owned();
        (self.say)(Said::Service { service: service(), line, done: false });
        match self.put(planned.changes.iter().map(|change| (&change.before, &change.wanted))) {
            Ok(generation) if planned.was_good => {
                let digest = planned.before().and_then(digest).map(str::to_owned);
                Ok(Some(Expected { digest, generation }))
            }
            Err(failure) if failure.is_stop() => Err(failure.into()),
            // There is nothing to wait for: the service did not exist before, or did not run well.
            put => {
                let failure =
                    put.err().map(|failure: Failure| format!("it could not be rolled back: {}", failure.line()));
                journal.note(Entry::Restored { service: service(), failure })?;
                Ok(None)
            }
        }
    }

    /// Whether a deployment is neither in the state that this run wrote nor in the one before it.
    fn is_changed_by_others(&self, planned: &Planned, state: &Progress, live: Option<&Value>) -> bool {
        let now = generation(live);
        match state {
            Progress::Applied { generation } | Progress::Settled(generation, _) if *generation > 0 => now > *generation,
            // The last write may be half of the new state, or half of the previous one.
            Progress::Restoring => false,
            _ => !planned.may_be_written(live, &self.run),
        }
    }
}
