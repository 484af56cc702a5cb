//! Which deployment a smoke test may roll back: the last one, if all of it came up and no smoke test has passed since.
//!
//! A deployment that has worked once is not undone because something else is broken now, and a rollback is not
//! repeated.

use super::journal::{self, Entry, Journal, progress, unfinished};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use xtask_core::error::Result;
use xtask_report::history::directory::DEPLOYMENT;

/// A deployment that smoke tests have yet to approve.
pub struct Trial {
    journal: PathBuf,
    services: BTreeSet<String>,
}

impl Trial {
    /// The one of an environment, if there is one.
    pub fn find(runs: &Path, environment: &str) -> Result<Option<Self>> {
        let newest = journal::newest(runs, environment, |begun| !begun.services.is_empty())?;
        Ok(newest.and_then(|(journal, entries)| {
            let came_up = journal.ends_with(DEPLOYMENT) && unfinished(&entries).is_empty();
            let is_open = came_up && !entries.contains(&Entry::Approved);
            is_open.then(|| Self { journal, services: progress(&entries).into_keys().collect() })
        }))
    }

    /// Records that smoke tests of these services have passed; does nothing when the deployment covered others as well.
    pub fn approve(self, services: &[String]) -> Result<()> {
        if self.services.iter().any(|service| !services.contains(service)) {
            return Ok(());
        }
        Journal::resume(self.journal)?.note(Entry::Approved)
    }
}
