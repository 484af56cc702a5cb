//! Remembers what has passed with which inputs, so that a task whose inputs are the same need not run again.
//!
//! The inputs of a task are the files of the checkout that it may read: those of its package, of the packages that it
//! depends on, and all that belong to no package; and the words of its command, its variables and the compiler. They
//! are kept in full rather than as one hash: equal is equal, and a miss can say which file has changed. Git names the
//! contents of files, so without git nothing is remembered.

mod entry;
mod snapshot;

pub use snapshot::Snapshot;

use crate::error::Result;
use crate::outcome::Outcome;
use crate::plan::Task;
use crate::reading::Reading;
use entry::Entry;
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
    root: PathBuf,
    /// The folders of the workspace's packages, by name, relative to the root.
    packages: BTreeMap<String, PathBuf>,
    /// Variables of the surroundings that change what cargo does.
    vars: BTreeMap<String, String>,
    how: Use,
    /// Taken by whoever needs it first.
    snapshot: OnceLock<Option<Snapshot>>,
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
    /// The memory in `folder` of the checkout at `root`.
    pub fn new(
        folder: PathBuf,
        root: PathBuf,
        packages: BTreeMap<String, PathBuf>,
        vars: BTreeMap<String, String>,
        how: Use,
    ) -> Self {
        Self { folder, root, packages, vars, how, snapshot: OnceLock::new(), complained: OnceLock::new() }
    }

    /// Whether the task has passed before with the inputs that it has now.
    pub fn look_up(&self, task: &Task) -> Memory {
        let Some(scope) = task.cache.as_ref().filter(|_| self.how == Use::Full) else { return Memory::Miss(None) };
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
        let Some(before) = self.snapshot() else { return Ok(()) };
        let Some(after) = Snapshot::take(&self.root, &self.packages) else { return Ok(()) };
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
        self.snapshot.get_or_init(|| Snapshot::take(&self.root, &self.packages)).as_ref()
    }

    fn path(&self, task: &Task) -> PathBuf {
        // Tests with and without instrumentation are compiled apart, and remembered apart.
        let universe = task.universe.map_or("none", |universe| universe.word());
        self.folder.join(format!("{}.{universe}.json", task.id.file_stem()))
    }

    /// What is not in files: the command and the variables that it sees.
    fn words(&self, task: &Task) -> BTreeMap<String, String> {
        let vars = self.vars.iter().chain(&task.command.env).map(|(key, value)| (format!("${key}"), value.clone()));
        let command = ("the command".to_owned(), task.command.argv().join("\u{1f}"));
        vars.chain([command]).collect()
    }
}

/// Whether a variable changes what cargo and rustc do, and so belongs to the inputs.
pub fn matters(name: &str) -> bool {
    const NAMES: [&str; 7] = [
        "RUSTFLAGS",
        "RUSTDOCFLAGS",
        "RUSTC",
        "RUSTDOC",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTC_BOOTSTRAP",
    ];
    const PREFIXES: [&str; 5] = ["CARGO_BUILD_", "CARGO_ENCODED_", "CARGO_PROFILE_", "CARGO_TARGET_", "RUST_TEST_"];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests;
