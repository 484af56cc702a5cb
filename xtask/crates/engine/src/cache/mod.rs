//! Remembers which tasks have passed with which inputs, so that a task with the same inputs need not run again.
//!
//! The inputs of a task are the files of the checkout that it may read: those of its package, of the packages that it
//! depends on, and all that belong to no package; and its command, the child environment, cargo's configuration and the
//! compiler. They are stored as a fingerprint, in full, so that a miss can name the one that changed. Git names the
//! contents of files, so without git nothing is cached. Nor is the result of a package that may depend on more than
//! that: the rule is in `sight`.

mod entry;
mod sight;
mod snapshot;

pub use sight::Package;
pub use snapshot::{Checkout, Snapshot};

use crate::fingerprint::{self, Fingerprint, Kind};
use crate::plan::Task;
use crate::plan::task::Scope;
use entry::Entry;
use oci_layout::Digest;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;
use xtask_core::error::Result;
use xtask_core::outcome::Outcome;
use xtask_core::reading::Reading;

/// How the cache is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Read and written.
    Full,
    /// Only written: `--force`.
    Write,
    /// Not at all: `--no-cache`.
    None,
}

/// The cache of one checkout.
pub struct Cache {
    directory: PathBuf,
    checkout: Checkout,
    /// The child environment.
    vars: BTreeMap<String, String>,
    how: Use,
    /// Taken on first use.
    snapshot: OnceLock<std::result::Result<Snapshot, String>>,
    /// Set once the failure to write has been reported.
    complained: OnceLock<()>,
}

/// The result of a cache lookup for a task.
pub enum Memory {
    /// It passed with exactly these inputs.
    Hit(Box<Reading>),
    /// It has to run; why, when there was an entry to compare with.
    Miss(Option<String>),
}

impl Cache {
    /// The cache in the directory `directory`, of a checkout whose tasks see the variables `vars`.
    pub fn new(directory: PathBuf, checkout: Checkout, vars: BTreeMap<String, String>, how: Use) -> Self {
        Self { directory, checkout, vars, how, snapshot: OnceLock::new(), complained: OnceLock::new() }
    }

    /// Whether the task has passed before with its current inputs.
    pub fn look_up(&self, task: &Task) -> Memory {
        let Some(scope) = task.cache.as_ref().filter(|_| self.how == Use::Full) else { return Memory::Miss(None) };
        if let Some(why) = self.unseen(scope) {
            return Memory::Miss(Some(why));
        }
        let path = self.path(task);
        let entry = match Entry::read(&path) {
            Ok(Some(entry)) => entry,
            Ok(None) => return Memory::Miss(None),
            Err(why) => {
                // Moved aside so that its cause can be examined; a new one takes its place.
                let _ = std::fs::rename(&path, path.with_extension("bad"));
                return Memory::Miss(Some(format!("the cached result cannot be used: {why}")));
            }
        };
        let Some(now) = self.snapshot() else { return Memory::Miss(None) };
        match fingerprint::cause(&entry.fingerprint.difference(&self.fingerprint(now, scope, task))) {
            None => {
                let mut reading = entry.reading;
                let because = format!("passed in run {} with the same inputs", entry.run);
                for part in reading.parts.values_mut().filter(|part| part.outcome == Outcome::Passed) {
                    part.outcome = Outcome::Cached;
                    part.because = Some(because.clone());
                }
                reading.outcome = Outcome::Cached;
                reading.because = Some(because);
                Memory::Hit(Box::new(reading))
            }
            Some(why) => Memory::Miss(Some(why)),
        }
    }

    /// Records that the task has passed in `run`, unless its inputs have changed since the run took its snapshot.
    ///
    /// A cache that cannot be written only costs time: it is reported as an error once, and ignored from then on.
    pub fn remember(&self, task: &Task, run: &str, reading: &Reading) -> Result<()> {
        let Some(scope) = task.cache.as_ref().filter(|_| self.how != Use::None) else { return Ok(()) };
        if reading.outcome != Outcome::Passed || reading.parts.values().any(|part| !part.outcome.meets_a_need()) {
            return Ok(());
        }
        if self.unseen(scope).is_some() {
            return Ok(());
        }
        let Some(before) = self.snapshot() else { return Ok(()) };
        let Ok(after) = Snapshot::take(&self.checkout, &self.directory) else { return Ok(()) };
        let fingerprint = self.fingerprint(before, scope, task);
        if fingerprint != self.fingerprint(&after, scope, task) {
            return Ok(());
        }
        let entry = Entry { run: run.to_owned(), fingerprint, reading: reading.clone() };
        entry.write(&self.path(task)).or_else(|error| self.complained.set(()).map_or(Ok(()), |()| Err(error)))
    }

    /// Takes the snapshot that later lookups compare with, before anything runs.
    pub fn snapshot(&self) -> Option<&Snapshot> {
        self.taken().ok()
    }

    fn taken(&self) -> std::result::Result<&Snapshot, &String> {
        self.snapshot.get_or_init(|| Snapshot::take(&self.checkout, &self.directory)).as_ref()
    }

    /// Why a result of this scope may depend on more than the compared inputs; `None` when it cannot.
    fn unseen(&self, scope: &Scope) -> Option<String> {
        if let Some(name) = sight::program(self.vars.keys().map(String::as_str)) {
            return Some(format!("${name} names a program whose contents are not compared"));
        }
        match self.taken() {
            Ok(snapshot) => snapshot.unseen(scope, &self.checkout),
            Err(why) => Some(why.clone()),
        }
    }

    fn path(&self, task: &Task) -> PathBuf {
        // Tests with and without instrumentation are compiled separately, and cached separately.
        let universe = task.universe.map_or("none", |universe| universe.word());
        self.directory.join(format!("{}.{universe}.json", task.id.file_stem()))
    }

    /// Everything that the result of the task depends on: what the snapshot says about its scope, its command, and the
    /// variables that it sees, whose values may be secrets.
    fn fingerprint(&self, snapshot: &Snapshot, scope: &Scope, task: &Task) -> Fingerprint {
        let mut fingerprint = snapshot.fingerprint(scope);
        let vars = self.vars.iter().filter(|(name, _)| sight::counts(name)).chain(&task.command.env);
        let vars = vars.map(|(name, value)| (name.clone(), Digest::of(value.as_bytes()).to_string()));
        fingerprint.add(Kind::Variable, vars);
        fingerprint.add(Kind::Command, [("the command".to_owned(), task.command.argv().join("\u{1f}"))]);
        fingerprint
    }
}

#[cfg(test)]
mod tests;
