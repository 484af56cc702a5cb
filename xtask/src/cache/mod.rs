//! Remembers what has passed with which inputs, so that a task whose inputs are the same need not run again.
//!
//! The inputs of a task are the files of the checkout that it may read: those of its package, of the packages that it
//! depends on, and all that belong to no package; and its command, the child environment, cargo's configuration and the
//! compiler. They are kept by name rather than as one hash: a miss can say which one has changed. Git names the contents
//! of files, so without git nothing is remembered. Neither is anything of packages that may depend on more than that:
//! `sight` has the rule.

mod entry;
mod sight;
mod snapshot;

pub use sight::Package;
pub use snapshot::{Checkout, Snapshot};

use crate::error::Result;
use crate::outcome::Outcome;
use crate::plan::Task;
use crate::plan::task::Scope;
use crate::reading::Reading;
use entry::Entry;
use oci_layout::Digest;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

/// How far the memory is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Read and written.
    Full,
    /// Only written: `--force`.
    Write,
    /// Not at all: `--no-cache`.
    None,
}

/// The memory of one checkout.
pub struct Cache {
    folder: PathBuf,
    checkout: Checkout,
    /// The child environment.
    vars: BTreeMap<String, String>,
    how: Use,
    /// Taken at the first use.
    snapshot: OnceLock<std::result::Result<Snapshot, String>>,
    /// Set once it has been said that nothing can be written.
    complained: OnceLock<()>,
}

/// What the memory says about a task.
pub enum Memory {
    /// It passed with these very inputs.
    Hit(Box<Reading>),
    /// It has to run; why, when there was something to compare with.
    Miss(Option<String>),
}

impl Cache {
    /// The memory in the directory `folder`, of a checkout whose tasks see the variables `vars`.
    pub fn new(folder: PathBuf, checkout: Checkout, vars: BTreeMap<String, String>, how: Use) -> Self {
        Self { folder, checkout, vars, how, snapshot: OnceLock::new(), complained: OnceLock::new() }
    }

    /// Whether the task has passed before with the inputs that it has now.
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
                // Set aside for whoever wants to know how it came about; a new one takes its place.
                let _ = std::fs::rename(&path, path.with_extension("bad"));
                return Memory::Miss(Some(format!("what was remembered cannot be used: {why}")));
            }
        };
        let Some(now) = self.snapshot() else { return Memory::Miss(None) };
        match entry.difference(&now.inputs(scope, &self.words(task))) {
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

    /// Remembers that the task has passed in `run`, unless its inputs have moved since the run began to look at them.
    ///
    /// A memory that cannot be written costs time and nothing else: it is an error once, and silence from then on.
    pub fn remember(&self, task: &Task, run: &str, reading: &Reading) -> Result<()> {
        let Some(scope) = task.cache.as_ref().filter(|_| self.how != Use::None) else { return Ok(()) };
        if reading.outcome != Outcome::Passed || reading.parts.values().any(|part| !part.outcome.meets_a_need()) {
            return Ok(());
        }
        if self.unseen(scope).is_some() {
            return Ok(());
        }
        let Some(before) = self.snapshot() else { return Ok(()) };
        let Ok(after) = Snapshot::take(&self.checkout, &self.folder) else { return Ok(()) };
        let words = self.words(task);
        let inputs = before.inputs(scope, &words);
        if inputs != after.inputs(scope, &words) {
            return Ok(());
        }
        let entry = Entry { run: run.to_owned(), inputs, reading: reading.clone() };
        entry.write(&self.path(task)).or_else(|error| self.complained.set(()).map_or(Ok(()), |()| Err(error)))
    }

    /// Takes the snapshot that later look-ups compare with, before anything runs.
    pub fn snapshot(&self) -> Option<&Snapshot> {
        self.taken().ok()
    }

    fn taken(&self) -> std::result::Result<&Snapshot, &String> {
        self.snapshot.get_or_init(|| Snapshot::take(&self.checkout, &self.folder)).as_ref()
    }

    /// Why a result of this scope may depend on more than the inputs that are compared; `None` when it cannot.
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
        // Tests with and without instrumentation are compiled apart, and remembered apart.
        let universe = task.universe.map_or("none", |universe| universe.word());
        self.folder.join(format!("{}.{universe}.json", task.id.file_stem()))
    }

    /// What is not in files: the command and the variables that it sees, whose values may be secrets.
    fn words(&self, task: &Task) -> BTreeMap<String, String> {
        let vars = self.vars.iter().filter(|(name, _)| sight::counts(name)).chain(&task.command.env);
        let vars = vars.map(|(name, value)| (format!("${name}"), Digest::of(value.as_bytes()).to_string()));
        let command = ("the command".to_owned(), task.command.argv().join("\u{1f}"));
        vars.chain([command]).collect()
    }
}

#[cfg(test)]
mod tests;
