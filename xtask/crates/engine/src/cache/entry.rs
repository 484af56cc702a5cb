//! One remembered result on disk: the run that proved it, its fingerprint, and the reading, behind a line with their
//! digest.

use crate::fingerprint::Fingerprint;
use oci_layout::Digest;
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::Path;
use xtask_core::files::write_atomic;
use xtask_core::reading::Reading;

/// The version of the format; another one is a miss.
const VERSION: u32 = 3;

/// A result that may be reused.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// The run that it comes from.
    pub run: String,
    /// Everything that it depends on.
    pub fingerprint: Fingerprint,
    /// The result.
    pub reading: Reading,
}

/// The first line.
#[derive(Serialize, Deserialize)]
struct Head {
    version: u32,
    /// Of the second line.
    digest: Digest,
}

/// The second line.
#[derive(Serialize, Deserialize)]
struct Body {
    run: String,
    fingerprint: Fingerprint,
    reading: Reading,
}

impl Entry {
    /// Reads an entry. `None` when there is none; `Err` says why it is invalid.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, String> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        let (head, body) = bytes.split_at(bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len()));
        let head: Head = serde_json::from_slice(head).map_err(|error| format!("its first line: {error}"))?;
        if head.version != VERSION {
            return Err(format!("it has version {}, and this program reads {VERSION}", head.version));
        }
        let body = body.trim_ascii_start();
        if Digest::of(body) != head.digest {
            return Err("its contents are not those that were written".to_owned());
        }
        let entry: Body = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        if entry.fingerprint.is_empty() {
            return Err("it names no inputs".to_owned());
        }
        Ok(Some(Self { run: entry.run, fingerprint: entry.fingerprint, reading: entry.reading }))
    }

    /// Writes the entry whole or not at all.
    pub(super) fn write(self, path: &Path) -> xtask_core::error::Result<()> {
        let Self { run, fingerprint, reading } = self;
        let body = serde_json::to_vec(&Body { run, fingerprint, reading }).unwrap_or_default();
        let head = serde_json::to_vec(&Head { version: VERSION, digest: Digest::of(&body) }).unwrap_or_default();
        let bytes = [head, body].join(&b'\n');
        path.parent().map(std::fs::create_dir_all).transpose().ok();
        write_atomic(path, &bytes)
    }
}
