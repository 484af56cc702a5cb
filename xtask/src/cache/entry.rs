//! One remembered result on disk: the run that proved it, all inputs, and the reading.

use crate::files::write_atomic;
use crate::reading::Reading;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

/// The version of the format; another one is a miss.
const VERSION: u32 = 1;

/// What a task had in front of it: names of things with what they were.
pub(super) type Inputs = BTreeMap<String, String>;

/// A result that may be used again.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// The run that it comes from.
    pub run: String,
    /// What it had in front of it.
    pub inputs: Inputs,
    /// What came out.
    pub reading: Reading,
}

#[derive(Serialize, Deserialize)]
struct OnDisk {
    version: u32,
    run: String,
    inputs: Inputs,
    reading: Reading,
}

impl Entry {
    /// Reads an entry. `None` when there is none; `Err` says what is wrong with it.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, String> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        let entry: OnDisk = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        if entry.version != VERSION {
            return Err(format!("it has version {}, and this program reads {VERSION}", entry.version));
        }
        if entry.inputs.is_empty() {
            return Err("it names no inputs".to_owned());
        }
        Ok(Some(Self { run: entry.run, inputs: entry.inputs, reading: entry.reading }))
    }

    /// Writes the entry whole or not at all.
    pub(super) fn write(self, path: &Path) -> crate::error::Result<()> {
        let Self { run, inputs, reading } = self;
        let bytes = serde_json::to_vec(&OnDisk { version: VERSION, run, inputs, reading }).unwrap_or_default();
        path.parent().map(std::fs::create_dir_all).transpose().ok();
        write_atomic(path, &bytes)
    }

    /// What is different now, in words; `None` when nothing is.
    pub(super) fn difference(&self, now: &Inputs) -> Option<String> {
        let changed = now.iter().find(|(name, value)| self.inputs.get(*name) != Some(value));
        let gone = || self.inputs.keys().find(|name| !now.contains_key(*name));
        match changed {
            Some((name, _)) if self.inputs.contains_key(name) => Some(format!("{name} has changed")),
            Some((name, _)) => Some(format!("{name} is new")),
            None => gone().map(|name| format!("{name} is gone")),
        }
    }
}
