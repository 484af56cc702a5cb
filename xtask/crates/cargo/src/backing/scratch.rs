//! The directory of one start: `xtask-<run>-<random>` in the temporary directory, locked as long as its owner lives.
//!
//! The lock distinguishes a live owner from a dead one: the system releases it however the process ends, and a reused
//! process id cannot be mistaken for it. The directory records what is outside of it and would be left behind: that
//! there are containers, and which databases were created in a server that someone else runs.

use super::names;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use xtask_core::error::{Error, Result};

/// How many random bytes distinguish two starts of one run.
const TOKEN_BYTES: usize = 5;
const LOCK: &str = "lock";
const LEDGER: &str = "databases.json";
const CONTAINERS: &str = "containers";

/// The directory of a start. It is not removed on drop: the servers in it must have ended first.
#[derive(Debug)]
pub(super) struct Scratch {
    path: PathBuf,
    token: String,
    /// Held, never read.
    _lock: File,
}

/// Databases created in a server that was given by its URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ledger {
    /// The server's name in the configuration.
    pub(super) server: String,
    /// Which server it is: user and address, no password.
    pub(super) address: String,
    /// The databases.
    pub(super) databases: Vec<String>,
}

impl Scratch {
    /// Creates and locks the directory. Others may traverse it, for servers run as another user, but not list it.
    pub(super) fn create(temp: &Path, run: &str) -> Result<Self> {
        let token = names::random(TOKEN_BYTES)?;
        let path = temp.join(format!("{}{token}", prefix(run)));
        let failed =
            |error: io::Error| Error::environment(format!("make the directory {}", path.display())).because(error);
        fs::DirBuilder::new().mode(0o711).create(&path).map_err(failed)?;
        // The mode above is subject to the umask, which may remove a permission that a server's user needs.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o711)).map_err(failed)?;
        let mut lock = write_new(&path.join(LOCK)).map_err(failed)?;
        // A cleaner may hold it for a moment, until it sees that the directory is empty because it is being created.
        lock.lock().map_err(failed)?;
        writeln!(lock, "{}", std::process::id()).map_err(failed)?;
        Ok(Self { path, token, _lock: lock })
    }

    /// The random part of the name: databases and containers carry it too.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// Its path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A directory in it that only `owner` can read.
    pub(super) fn directory(&self, name: &str, owner: Option<(u32, u32)>) -> Result<PathBuf> {
        let path = self.path.join(name);
        let made = fs::DirBuilder::new().mode(0o700).create(&path).and_then(|()| give(&path, owner));
        made.map_err(|error| Error::environment(format!("make the directory {}", path.display())).because(error))?;
        Ok(path)
    }

    /// Records that there are, or soon will be, containers.
    pub(super) fn note_containers(&self) -> Result<()> {
        let path = self.path.join(CONTAINERS);
        fs::write(&path, "").map_err(|error| Error::environment(format!("write {}", path.display())).because(error))
    }

    /// Records databases that are about to be created in a given server.
    pub(super) fn note_databases(&self, ledgers: &[Ledger]) -> Result<()> {
        let path = self.path.join(LEDGER);
        let text = serde_json::to_vec(ledgers).expect("a ledger is plain data");
        fs::write(&path, text).map_err(|error| Error::environment(format!("write {}", path.display())).because(error))
    }

    /// Removes the directory; returns what could not be removed. With `keep`, the databases that could not be dropped,
    /// the directory stays as their ledger.
    pub(super) fn remove(self, keep: &[Ledger]) -> Vec<String> {
        if keep.is_empty() {
            return remove_all(&self.path).err().into_iter().collect();
        }
        let noted = self.note_databases(keep).err().map(|error| error.to_string());
        noted.into_iter().chain(keep_ledger_only(&self.path)).collect()
    }
}

/// A directory whose owner is dead.
#[derive(Debug)]
pub(super) struct Abandoned {
    /// Its path.
    pub(super) path: PathBuf,
    /// The run that it belongs to, as in its name.
    pub(super) run: String,
    /// The databases that its owner left in other people's servers.
    pub(super) ledgers: Vec<Ledger>,
    /// Whether its owner had containers.
    pub(super) containers: bool,
    /// Held, so that two cleaners do not meet.
    _lock: Option<File>,
}

impl Abandoned {
    /// The directories of dead owners in `temp`: those of one run, or all. Directories of other users and of live
    /// owners are skipped.
    pub(super) fn find(temp: &Path, run: Option<&str>) -> Vec<Self> {
        let Ok(entries) = fs::read_dir(temp) else { return Vec::new() };
        let mine = rustix::process::geteuid().as_raw();
        let wanted = run.map(names::plain);
        entries
            .flatten()
            .filter_map(|entry| Some((run_of(entry.file_name().to_str()?)?.to_owned(), entry)))
            .filter(|(run, _)| wanted.as_ref().is_none_or(|wanted| wanted == run))
            .filter(|(_, entry)| entry.metadata().is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == mine))
            .filter_map(|(run, entry)| Self::open(entry.path(), run, wanted.is_some()))
            .collect()
    }

    /// `dead` means that the caller knows the owner to be dead, so that an unfinished directory, which may have no
    /// lock, counts too. Otherwise such a directory is just being created.
    fn open(path: PathBuf, run: String, dead: bool) -> Option<Self> {
        let lock = match File::open(path.join(LOCK)) {
            Ok(lock) => {
                lock.try_lock().ok()?;
                let finished = lock.metadata().is_ok_and(|metadata| metadata.len() > 0);
                Some(Some(lock).filter(|_| finished || dead)?)
            }
            Err(_) if dead => None,
            Err(_) => return None,
        };
        let ledgers = fs::read(path.join(LEDGER)).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let containers = path.join(CONTAINERS).exists();
        Some(Self { path, run, ledgers: ledgers.unwrap_or_default(), containers, _lock: lock })
    }

    /// Whether nothing can be done but wait until the server named in its ledger can be reached.
    pub(super) fn is_ledger_only(&self) -> bool {
        let folders = fs::read_dir(&self.path).into_iter().flatten().flatten();
        let mut folders = folders.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        !self.ledgers.is_empty() && !self.containers && folders.next().is_none()
    }

    /// Removes the directory, or, where databases are still to be dropped, everything but their ledger.
    pub(super) fn remove(&self) -> Result<(), String> {
        if self.ledgers.is_empty() { remove_all(&self.path) } else { keep_ledger_only(&self.path).map_or(Ok(()), Err) }
    }

    /// Removes the ledgers for which `done` is true from the list, and the directory when nothing else is left in it.
    pub(super) fn forget(&mut self, done: impl Fn(&Ledger) -> bool) -> Result<(), String> {
        self.ledgers.retain(|ledger| !done(ledger));
        if self.ledgers.is_empty() && !self.containers {
            return remove_all(&self.path);
        }
        let text = serde_json::to_vec(&self.ledgers).expect("a ledger is plain data");
        fs::write(self.path.join(LEDGER), text).map_err(|error| format!("{}: {error}", self.path.display()))
    }
}

/// Writes a file that only `owner` may read.
pub(super) fn write_private(path: &Path, text: &str, owner: Option<(u32, u32)>) -> Result<()> {
    // A second attempt to start a server writes its files again.
    let _ = fs::remove_file(path);
    let written = write_new(path).and_then(|mut file| file.write_all(text.as_bytes())).and_then(|()| give(path, owner));
    written.map_err(|error| Error::environment(format!("write {}", path.display())).because(error))
}

/// Writes a file into a directory whose copy every user in a container may read. Here, its parent keeps others out.
pub(super) fn write_shared(directory: &Path, name: &str, text: &str) -> Result<()> {
    let path = directory.join(name);
    let written = fs::create_dir_all(directory)
        .and_then(|()| fs::set_permissions(directory, fs::Permissions::from_mode(0o755)))
        .and_then(|()| fs::write(&path, text))
        .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o644)));
    written.map_err(|error| Error::environment(format!("write {}", path.display())).because(error))
}

/// Whether an unprivileged user can reach the directory's contents.
pub(super) fn everybody_may_pass(directory: &Path) -> bool {
    directory.ancestors().all(|directory| fs::metadata(directory).is_ok_and(|metadata| metadata.mode() & 0o001 != 0))
}

fn write_new(path: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

fn give(path: &Path, owner: Option<(u32, u32)>) -> io::Result<()> {
    owner.map_or(Ok(()), |(user, group)| chown(path, Some(user), Some(group)))
}

fn prefix(run: &str) -> String {
    format!("xtask-{}-", names::plain(run))
}

/// The run in a directory's name.
fn run_of(name: &str) -> Option<&str> {
    let (run, token) = name.strip_prefix("xtask-")?.rsplit_once('-')?;
    is_token(token).then_some(run)
}

fn is_token(text: &str) -> bool {
    text.len() == 2 * TOKEN_BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn remove_all(path: &Path) -> Result<(), String> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(format!("the directory {}: {error}", path.display()))
        }
        _ => Ok(()),
    }
}

/// The files that could not be removed, if any.
fn keep_ledger_only(path: &Path) -> Option<String> {
    let _ = fs::remove_file(path.join(CONTAINERS));
    let entries = fs::read_dir(path).ok()?;
    let mut folders = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.find_map(|directory| remove_all(&directory.path()).err())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(found: &[Abandoned]) -> Vec<&Path> {
        found.iter().map(|one| one.path.as_path()).collect()
    }

    #[test]
    fn a_live_owner_is_passed_over_and_a_dead_one_found_by_its_own_run_only() {
        let temp = tempfile::tempdir().expect("a directory can be made");
        let scratch = Scratch::create(temp.path(), "r1").expect("the directory can be made");
        let other = Scratch::create(temp.path(), "r1-aaaaaaaaaa").expect("the directory can be made");
        assert!(Abandoned::find(temp.path(), Some("r1")).is_empty());
        assert!(Abandoned::find(temp.path(), None).is_empty());
        let path = scratch.path.clone();
        drop((scratch, other));
        let found = Abandoned::find(temp.path(), Some("r1"));
        assert_eq!(paths(&found), [path.as_path()]);
        assert!(Abandoned::find(temp.path(), Some("r1")).is_empty(), "another cleaner is at work");
        found[0].remove().expect("the directory can be removed");
        assert!(!path.exists());
        drop(found);
        assert_eq!(Abandoned::find(temp.path(), None).len(), 1);
    }

    #[test]
    fn a_folder_that_is_just_being_made_belongs_to_a_live_run() {
        let temp = tempfile::tempdir().expect("a directory can be made");
        let directory = temp.path().join("xtask-r1-0123456789");
        fs::create_dir(&directory).expect("the directory can be made");
        assert!(Abandoned::find(temp.path(), None).is_empty());
        fs::write(directory.join(LOCK), "").expect("the file can be written");
        assert!(Abandoned::find(temp.path(), None).is_empty());
        fs::write(directory.join(LOCK), "1").expect("the file can be written");
        assert_eq!(Abandoned::find(temp.path(), None).len(), 1);
    }

    #[test]
    fn databases_in_other_servers_are_remembered_until_they_are_gone() {
        let temp = tempfile::tempdir().expect("a directory can be made");
        let scratch = Scratch::create(temp.path(), "r1").expect("the directory can be made");
        let ledger = Ledger { server: "postgres".into(), address: "u@h:1".into(), databases: vec!["x".into()] };
        scratch.directory("postgres", None).expect("the directory can be made");
        assert!(scratch.remove(std::slice::from_ref(&ledger)).is_empty());
        let mut found = Abandoned::find(temp.path(), None);
        assert_eq!(found[0].ledgers, [ledger]);
        assert!(!found[0].path.join("postgres").exists());
        found[0].forget(|ledger| ledger.address == "u@h:1").expect("the directory can be removed");
        assert!(!found[0].path.exists());
    }

    #[test]
    fn a_private_file_is_private() {
        let temp = tempfile::tempdir().expect("a directory can be made");
        let path = temp.path().join("password");
        write_private(&path, "x", None).expect("the file can be written");
        write_private(&path, "y", None).expect("the file can be written again");
        assert_eq!(fs::metadata(&path).expect("the file is there").mode() & 0o777, 0o600);
        assert_eq!(fs::read_to_string(&path).expect("the file is there"), "y");
    }
}
