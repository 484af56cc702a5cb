//! One run at a time in a checkout, enforced by `flock`: the kernel releases it when the process dies, however it dies.
//! The contents of the file are only for people.

use crate::report::record;
use rustix::fs::OFlags;
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::{Duration, SystemTime};
use xtask_core::error::{Error, Exit, Result};
use xtask_core::text;

/// The lock, released when dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// Who holds the lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// The run.
    pub run: String,
    /// The command as it was typed.
    pub command: String,
    /// When it began, RFC 3339.
    pub since: String,
}

impl Lock {
    /// Takes the lock at `path`, and then asks `holder` who holds it. With `wait`, waits until it is free, and calls
    /// `waiting` once.
    pub fn take(
        path: &Path,
        holder: impl FnOnce() -> Holder,
        wait: bool,
        waiting: &mut dyn FnMut(&str),
    ) -> Result<Self> {
        let what = || format!("take the lock of this checkout, {}", path.display());
        // Writing replaces the contents of the file, which must not be the contents of another file as well.
        let open = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(path);
        let link = || Error::environment(what()).detail("it is a link to another file").hint("remove it");
        let mut file = open.map_err(|error| match error.raw_os_error() {
            Some(code) if code == Errno::LOOP.raw_os_error() => link(),
            _ => Error::environment(what()).because(error),
        })?;
        if file.metadata().is_ok_and(|file| !file.is_file() || file.nlink() > 1) {
            return Err(link());
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let who = describe(&mut file, path);
                if !wait {
                    return Err(Error::new(Exit::Locked, what())
                        .detail(format!("another run holds it: {who}"))
                        .hint("wait for it with `--wait`, or stop it; `plan`, `report` and `doctor` work meanwhile"));
                }
                waiting(&format!("waiting for another run: {who}"));
                file.lock().map_err(|error| Error::environment(what()).because(error))?;
            }
            Err(TryLockError::Error(error)) => return Err(Error::environment(what()).because(error)),
        }
        let text = serde_json::to_vec(&holder()).unwrap_or_default();
        // The lock is held; a full disk only costs the next one the name of the holder.
        let _ = file.rewind().and_then(|()| file.set_len(0)).and_then(|()| file.write_all(&text));
        Ok(Self { file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

/// Who holds the lock, what it is doing, and since when. Its record may not be there yet; then this is unknown.
fn describe(file: &mut File, path: &Path) -> String {
    let mut text = String::new();
    let _ = file.read_to_string(&mut text);
    let Ok(holder) = serde_json::from_str::<Holder>(&text) else {
        return "it has not said which".to_owned();
    };
    let age = humantime::parse_rfc3339(&holder.since)
        .ok()
        .and_then(|since| SystemTime::now().duration_since(since).ok())
        .unwrap_or(Duration::ZERO);
    let record = path.with_file_name("runs").join(&holder.run).join("events.ndjson");
    let tasks = record::read(&record).map(|record| record.running()).unwrap_or_default();
    let at = if tasks.is_empty() { String::new() } else { format!("in {}, ", text::list(tasks)) };
    format!("`{}` (process {}, run {}, {at}for {})", holder.command, holder.pid, holder.run, text::duration(age))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(run: &str) -> Holder {
        let since = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        Holder { pid: std::process::id(), run: run.to_owned(), command: "cargo xtask ci".to_owned(), since }
    }

    #[test]
    fn the_second_run_is_told_who_holds_the_lock_and_gets_it_afterwards() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("lock");
        let mut nobody_waits = |message: &str| panic!("{message}");
        let first = Lock::take(&path, || holder("one"), false, &mut nobody_waits).expect("it is free");
        let error = Lock::take(&path, || holder("two"), false, &mut nobody_waits).expect_err("it is taken");
        assert_eq!(error.exit(), Exit::Locked);
        assert!(error.to_string().contains("`cargo xtask ci` (process "), "{error}");
        drop(first);
        Lock::take(&path, || holder("two"), false, &mut nobody_waits).expect("it is free again");
    }

    #[test]
    fn the_second_run_waits_when_told_to() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("lock");
        let first = Lock::take(&path, || holder("one"), false, &mut |_| {}).expect("it is free");
        std::thread::scope(|scope| {
            let mut first = Some(first);
            let (told, waiting) = std::sync::mpsc::channel();
            let second = scope.spawn(|| {
                let told = told;
                Lock::take(&path, || holder("two"), true, &mut |message| told.send(message.to_owned()).expect("heard"))
            });
            assert!(waiting.recv().expect("it says that it waits").contains("run one"));
            first.take();
            second.join().expect("no panic").expect("it gets the lock");
        });
    }

    #[test]
    fn a_lock_that_is_a_link_is_refused_and_what_it_leads_to_stays() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (path, other) = (dir.path().join("lock"), dir.path().join("Cargo.toml"));
        std::fs::write(&other, "[workspace]\n").expect("written");
        let refused = || {
            let error = Lock::take(&path, || holder("one"), false, &mut |_| {}).expect_err("it is a link");
            assert!(error.to_string().contains("it is a link to another file\nhint: remove it"), "{error}");
            assert_eq!(std::fs::read_to_string(&other).expect("it is there"), "[workspace]\n");
        };
        std::os::unix::fs::symlink(&other, &path).expect("a link");
        refused();
        std::fs::remove_file(&path).expect("removed");
        std::fs::hard_link(&other, &path).expect("a second name");
        refused();
    }

    #[test]
    fn a_holder_that_cannot_be_read_is_no_trouble() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("lock");
        std::fs::write(&path, b"{\"pid\":").expect("written");
        let held = File::open(&path).expect("opened");
        held.lock().expect("locked");
        let error = Lock::take(&path, || holder("two"), false, &mut |_| {}).expect_err("it is taken");
        assert!(error.to_string().contains("it has not said which"), "{error}");
    }
}
