//! `events.ndjson`: the run's events on disk, one per line, appended as they happen and readable after a cut at any
//! byte. Knows nothing about where the run's directory is.

use super::{Fold, Subscriber};
use rustix::fs::OFlags;
use rustix::io::Errno;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};
use xtask_core::error::{Error, Result};
use xtask_core::event::{Event, Kind, RECORD_VERSION};
use xtask_core::ids::TaskId;

/// The record's name in the directory of its run.
pub const FILE: &str = "events.ndjson";

/// The sign that a run is alive: a lock on its record, which the kernel releases however the run ends.
#[derive(Debug)]
pub struct Alive {
    _held: Option<File>,
}

impl Alive {
    /// Locks the record at `path`; holds nothing if that fails, such as for a record that could not be made.
    pub fn of(path: &Path) -> Self {
        let file = OpenOptions::new().create(true).append(true).open(path).ok();
        Self { _held: file.filter(|file| file.lock().is_ok()) }
    }
}

/// How long the reader of a pipe may read nothing before no more events are written to it.
const STALLED: Duration = Duration::from_secs(5);
/// How long to wait before a full pipe is tried again.
const AGAIN: Duration = Duration::from_millis(5);

/// Appends every event but the children's output to a file.
pub struct Recorder {
    file: File,
    name: &'static str,
}

impl Recorder {
    /// A recorder that appends to `path`, which is made when missing.
    pub fn create(path: &Path) -> Result<Self> {
        Self::named(path, "the run's record")
    }

    /// The same for the file that the user has asked for with `--events`.
    pub fn for_user(path: &Path) -> Result<Self> {
        Self::named(path, "the file of --events")
    }

    fn named(path: &Path, name: &'static str) -> Result<Self> {
        // Opening a pipe would wait for its reader, for ever where there is none.
        let at_once = OFlags::NONBLOCK.bits().cast_signed();
        let open = OpenOptions::new().create(true).append(true).custom_flags(at_once).open(path);
        let file = open.map_err(|e| {
            let hint = match e.raw_os_error() {
                Some(code) if code == Errno::NXIO.raw_os_error() => "start the reader of this pipe first",
                _ => "check that the directory exists and can be written to",
            };
            Error::environment(format!("open {} to record the run's events", path.display())).because(e).hint(hint)
        })?;
        Ok(Self { file, name })
    }

    /// Writes all of a line. Waits for a pipe that is full, but not for ever.
    fn write(&self, mut line: &[u8]) -> io::Result<()> {
        let mut file = &self.file;
        let mut since = Instant::now();
        while !line.is_empty() {
            match file.write(line) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => (line, since) = (&line[written..], Instant::now()),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock && since.elapsed() < STALLED => thread::sleep(AGAIN),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    return Err(io::Error::other("its reader has stopped reading"));
                }
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }
}

impl Subscriber for Recorder {
    fn on(&self, fold: &Fold, event: &Event) -> io::Result<()> {
        if matches!(event.kind, Kind::TaskOutput { .. }) {
            return Ok(());
        }
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        // One write per line, unbuffered: past events are with the kernel, and survive a SIGKILL of this process.
        self.write(&line)?;
        if fold.is_closed() {
            // A pipe or a device cannot be synced, and need not be.
            let _ = self.file.sync_all();
        }
        Ok(())
    }

    fn name(&self) -> &'static str {
        self.name
    }
}

/// A record as read from disk.
#[derive(Debug, Default)]
pub struct Record {
    /// The run, as far as this program understands its events.
    pub fold: Fold,
    /// Lines that it does not: of a newer program, or damaged.
    pub skipped: usize,
    /// The version that the record says it has, when its start is readable.
    pub version: Option<u32>,
    /// The last line is cut off.
    pub cut: bool,
    /// The run that writes it is alive.
    pub alive: bool,
}

impl Record {
    /// Whether a newer program wrote it, so that this one must not write to it.
    pub fn is_newer(&self) -> bool {
        self.version.is_some_and(|version| version > RECORD_VERSION)
    }

    /// Whether all of the run can be read, up to its end.
    pub fn is_whole(&self) -> bool {
        self.is_closed() && self.skipped == 0 && !self.cut
    }

    /// Whether the run closed it; a killed run does not.
    pub fn is_closed(&self) -> bool {
        self.fold.is_closed()
    }

    /// The tasks that had started and not ended when it was read.
    pub fn running(&self) -> Vec<TaskId> {
        self.fold.running().map(|running| running.task.clone()).collect()
    }
}

/// Reads a record, finished or not. Lines that cannot be understood are counted and left alone; a last line that was
/// cut off is no event.
pub fn read(path: &Path) -> Result<Record> {
    let attempt = || -> io::Result<Record> {
        let file = File::open(path)?;
        // A run that ends between these two looks has closed its record, and that counts.
        let alive = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
        let record = parse(BufReader::new(file))?;
        Ok(Record { alive: alive && !record.is_closed(), ..record })
    };
    attempt().map_err(|e| Error::environment(format!("read the run's record {}", path.display())).because(e))
}

fn parse(mut input: impl BufRead) -> io::Result<Record> {
    let mut record = Record::default();
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        let whole = line.ends_with(b"\n");
        match serde_json::from_slice::<Event>(&line) {
            Ok(event) => record.fold.on(&event),
            Err(_) if whole && !line.trim_ascii().is_empty() => {
                record.version = record.version.or_else(|| version_of(&line));
                record.skipped += 1;
            }
            Err(_) => record.cut = !line.trim_ascii().is_empty(),
        }
        line.clear();
    }
    record.version = record.fold.version().or(record.version);
    Ok(record)
}

/// The version of a start that has changed its shape.
fn version_of(line: &[u8]) -> Option<u32> {
    let value: serde_json::Value = serde_json::from_slice(line).ok()?;
    if value["event"] != "run-started" {
        return None;
    }
    u32::try_from(value["version"].as_u64()?).ok()
}

#[cfg(test)]
mod tests;
