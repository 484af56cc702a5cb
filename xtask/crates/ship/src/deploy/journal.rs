//! The plan and the steps of a deployment, one line each, written to disk before the next step begins.
//!
//! It is readable after truncation at any byte: when a killed deployment is resumed, the journal is read up to its last
//! whole line. A step that was begun and not recorded as done is done again; every step may be.

mod progress;

pub use progress::{Progress, progress, unfinished};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use xtask_core::error::{Error, Result};
use xtask_report::history::directory;

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Entry {
    /// The wanted and the previous state; nothing has been written to the cluster yet.
    Begun {
        /// The version of the journal; it only grows.
        version: u32,
        /// The run.
        run: String,
        /// The holder of its lease; a resumed deployment takes the lease over at once.
        holder: String,
        /// The environment.
        environment: String,
        /// The commit that is deployed.
        commit: String,
        /// The services, in the order in which they are applied.
        services: Vec<Planned>,
    },
    /// The objects of a service are about to be written.
    Applying {
        /// The service.
        service: String,
    },
    /// They have been written.
    Applied {
        /// The service.
        service: String,
        /// The generation of the deployment then: a different one later means that someone else changed it.
        generation: u64,
    },
    /// A rollout has ended.
    Settled {
        /// The service.
        service: String,
        /// `None` when it is done; otherwise the problem.
        failure: Option<String>,
    },
    /// The objects of a service are about to be rolled back.
    Restoring {
        /// The service.
        service: String,
    },
    /// They have been rolled back, or not.
    Restored {
        /// The service.
        service: String,
        /// `None` when the previous state is back and verified; otherwise the problem.
        failure: Option<String>,
    },
    /// Everything is over; there is nothing to resume.
    Ended,
    /// Smoke tests of everything that was deployed have passed.
    Approved,
}

/// One service of a deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// Its name.
    pub service: String,
    /// Its objects, in the order in which they are applied: the deployment last.
    pub changes: Vec<Change>,
    /// The previous generation of its deployment; 0 when there was none.
    pub generation: u64,
    /// Whether the service ran well before: only then does a rollback wait for it.
    pub was_good: bool,
}

/// One object: its wanted and its previous state, without the fields that the cluster adds; `None` where there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The wanted state.
    pub wanted: Option<Value>,
    /// The previous state.
    pub before: Option<Value>,
}

impl Planned {
    /// The wanted state of the deployment.
    pub fn wanted(&self) -> Option<&Value> {
        self.changes.iter().filter_map(|change| change.wanted.as_ref()).find(|object| object["kind"] == "Deployment")
    }

    /// The previous state of the deployment.
    pub fn before(&self) -> Option<&Value> {
        self.changes.iter().filter_map(|change| change.before.as_ref()).find(|object| object["kind"] == "Deployment")
    }
}

/// The version to write.
pub const VERSION: u32 = 1;

/// A journal that is open for writing.
pub struct Journal {
    path: PathBuf,
    file: File,
    entries: Vec<Entry>,
}

impl Journal {
    /// A new journal.
    pub fn create(path: PathBuf) -> Result<Self> {
        Self::at(path, Vec::new())
    }

    /// Reopens the journal of a run that was killed.
    pub fn resume(path: PathBuf) -> Result<Self> {
        let entries = read(&path)?;
        Self::at(path, entries)
    }

    fn at(path: PathBuf, entries: Vec<Entry>) -> Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let file = file.map_err(|error| unwritten(&path, error))?;
        let mut journal = Self { path, file, entries };
        // Half a line of the killed process must not become part of the next one.
        journal.write(b"\n")?;
        Ok(journal)
    }

    /// Records a step. It is on disk when this returns.
    pub fn note(&mut self, entry: Entry) -> Result<()> {
        let mut line = serde_json::to_vec(&entry).unwrap_or_default();
        line.push(b'\n');
        self.write(&line)?;
        self.entries.push(entry);
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.file.write_all(bytes).and_then(|()| self.file.sync_all());
        written.map_err(|error| unwritten(&self.path, error))
    }

    /// The lines recorded so far.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// The whole lines of a journal.
pub fn read(path: &Path) -> Result<Vec<Entry>> {
    match std::fs::read(path) {
        Ok(bytes) => {
            let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            Ok(lines.filter_map(|line| serde_json::from_slice(line).ok()).collect())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Error::environment(format!("read {}", path.display())).because(error)),
    }
}

/// The header of a journal: its first line.
pub struct Begun<'a> {
    /// The run.
    pub run: &'a str,
    /// The holder of its lease.
    pub holder: &'a str,
    /// The environment.
    pub environment: &'a str,
    /// The services.
    pub services: &'a [Planned],
    /// Whether everything is over.
    pub ended: bool,
}

/// The header of a journal; `None` when its first line is incomplete: then nothing has been written to the cluster.
pub fn begun(entries: &[Entry]) -> Option<Begun<'_>> {
    match entries.first()? {
        Entry::Begun { run, holder, environment, services, .. } => {
            Some(Begun { run, holder, environment, services, ended: entries.contains(&Entry::Ended) })
        }
        _ => None,
    }
}

/// The newest matching journal of an environment, with its file.
pub fn newest(
    runs: &Path,
    environment: &str,
    fits: impl Fn(&Begun<'_>) -> bool,
) -> Result<Option<(PathBuf, Vec<Entry>)>> {
    for path in paths(runs)? {
        let entries = read(&path)?;
        if begun(&entries).is_some_and(|begun| begun.environment == environment && fits(&begun)) {
            return Ok(Some((path, entries)));
        }
    }
    Ok(None)
}

/// The newest runs that brought an environment to the state they wanted, the newest first.
pub fn passed(runs: &Path, environment: &str, most: usize) -> Result<Vec<String>> {
    let passed = |path: PathBuf| {
        let entries = read(&path).ok()?;
        let begun = begun(&entries).filter(|begun| begun.environment == environment && !begun.services.is_empty())?;
        unfinished(&entries).is_empty().then(|| begun.run.to_owned())
    };
    Ok(paths(runs)?.filter_map(passed).take(most).collect())
}

/// The files where journals may be, the newest first.
fn paths(runs: &Path) -> Result<impl Iterator<Item = PathBuf>> {
    let directories = directory::of_runs(runs)
        .map_err(|error| Error::environment(format!("look for deployments in {}", runs.display())).because(error))?;
    Ok(directories.into_iter().rev().flat_map(|run| [run.join(directory::ROLLBACK), run.join(directory::DEPLOYMENT)]))
}

fn unwritten(path: &Path, error: std::io::Error) -> Error {
    Error::environment(format!("write {}", path.display()))
        .because(error)
        .hint("without a journal nothing is deployed: make room on the disk, then run the command again")
}

#[cfg(test)]
mod tests;
