//! The private directory of a run: its logins and kubeconfigs, for as long as the run lasts.
//!
//! It is outside of `target/`, parts of which CI uploads and caches, even after a SIGKILL. A `flock` on the directory
//! separates a live run from a killed one, whose directory the next run removes, in any checkout.

use super::directory;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use xtask_core::error::{Error, Result};
use xtask_process::environment::Environment;

/// How often the directory is made when another run removes it before it is locked.
const TRIES: usize = 3;
/// The user's own directory in memory, which ends with the session; skopeo keeps logins there as well.
const RUNTIME: &str = "XDG_RUNTIME_DIR";

/// A private directory, removed with its contents when dropped.
#[derive(Debug)]
pub struct Private {
    path: PathBuf,
    /// Held, never read.
    _lock: File,
}

impl Private {
    /// Makes the directory of a run, which only this user may enter.
    pub fn create(environment: &Environment, run: &str) -> Result<Self> {
        let mut error = io::Error::from(io::ErrorKind::NotFound);
        let mut tried = PathBuf::new();
        for place in places(environment) {
            tried = place.join(name(run));
            match create(&tried) {
                Ok(lock) => return Ok(Self { path: tried, _lock: lock }),
                Err(why) => error = why,
            }
        }
        Err(Error::environment(format!("make the private directory {}", tried.display()))
            .because(error)
            .hint(format!("set TMPDIR or {RUNTIME} to a directory of your own that can be written to")))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes it now; the error says why that was not possible, for a warning.
    pub fn remove(self) -> Result<(), String> {
        remove(&self.path)
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        // The next run removes what cannot be removed now.
        let _ = remove(&self.path);
    }
}

/// Removes what the dead run left behind; returns a line about each directory.
pub fn clean_after(run: &str, environment: &Environment) -> Vec<String> {
    let removed = |path: PathBuf| match remove(&path) {
        Ok(()) => format!("removed the private directory {}", path.display()),
        Err(why) => format!("could not remove the private directory {why}"),
    };
    abandoned(environment).filter(|(of, _)| of == run).map(|(_, (path, _lock))| removed(path)).collect()
}

/// The same for every dead run, with or without a record here; returns why directories could not be removed.
pub fn clean_after_all(environment: &Environment) -> Vec<String> {
    let left = abandoned(environment).filter_map(|(_, (path, _lock))| remove(&path).err());
    left.map(|why| format!("could not remove the private directory of a run that was killed, {why}")).collect()
}

/// The directories of dead runs, each with its run and a lock on it, so that two cleaners do not meet.
fn abandoned(environment: &Environment) -> impl Iterator<Item = (String, (PathBuf, File))> {
    let entries = places(environment).filter_map(|place| fs::read_dir(place).ok()).flatten().flatten();
    let mine = entries.filter_map(|entry| Some((run_of(entry.file_name().to_str()?)?.to_owned(), entry.path())));
    mine.filter_map(|(run, path)| {
        let lock = File::open(&path).ok().filter(|_| is_mine(&path))?;
        lock.try_lock().ok()?;
        Some((run, (path, lock)))
    })
}

/// Where private directories are made, the best place first.
fn places(environment: &Environment) -> impl Iterator<Item = PathBuf> + use<> {
    let runtime = environment.var(RUNTIME).map(PathBuf::from);
    // The variable may have come along with `sudo`, and then names another user's directory.
    runtime.filter(|path| path.is_absolute() && is_mine(path)).into_iter().chain([environment.temp.clone()])
}

/// Creates and locks a directory that must not exist yet.
fn create(path: &Path) -> io::Result<File> {
    for _ in 0..TRIES {
        fs::DirBuilder::new().mode(0o700).create(path)?;
        let Ok(lock) = File::open(path) else { continue };
        lock.lock()?;
        if path.is_dir() {
            return Ok(lock);
        }
    }
    Err(io::Error::other("another process keeps removing it"))
}

fn name(run: &str) -> String {
    format!("xtask-{run}-private")
}

fn run_of(name: &str) -> Option<&str> {
    let run = name.strip_prefix("xtask-")?.strip_suffix("-private")?;
    directory::time_of(run).map(|_| run)
}

/// Whether this is a directory, not a link to one, that only this user may enter.
fn is_mine(path: &Path) -> bool {
    let mine = rustix::process::geteuid().as_raw();
    path.symlink_metadata().is_ok_and(|it| it.is_dir() && it.uid() == mine && it.mode() & 0o777 == 0o700)
}

fn remove(path: &Path) -> Result<(), String> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(format!("{}: {error}", path.display())),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    /// Two runs.
    const FIRST: &str = "20231114T221320123Z-7";
    const SECOND: &str = "20231114T221320123Z-8";

    fn environment(temp: &Path, runtime: &Path) -> Environment {
        let vars = [(RUNTIME.to_owned(), runtime.display().to_string())].into();
        Environment { vars, temp: temp.to_owned(), ..Environment::read().expect("it can be read") }
    }

    fn directory(parent: &Path, name: &str, mode: u32) -> PathBuf {
        let path = parent.join(name);
        fs::create_dir(&path).expect("made");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("its mode is set");
        path
    }

    #[test]
    fn it_is_in_memory_where_the_user_has_a_directory_there() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let temp = directory(dir.path(), "temp", 0o777);
        let case = |runtime: &Path, place: &Path| {
            let private = Private::create(&environment(&temp, runtime), FIRST).expect("made");
            assert_eq!(private.path(), place.join(name(FIRST)));
            assert_eq!(fs::metadata(private.path()).expect("it is there").mode() & 0o777, 0o700);
        };
        let runtime = directory(dir.path(), "runtime", 0o700);
        case(&runtime, &runtime);
        case(&directory(dir.path(), "shared", 0o755), &temp);
        case(&dir.path().join("missing"), &temp);
        case(Path::new("relative"), &temp);
    }

    #[test]
    fn that_of_a_live_run_stays_and_that_of_a_dead_one_is_removed_by_any_other() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let environment = environment(dir.path(), Path::new(""));
        let private = Private::create(&environment, FIRST).expect("made");
        assert!(private.path().is_dir());
        assert!(clean_after(FIRST, &environment).is_empty() && clean_after_all(&environment).is_empty());
        assert!(private.path().is_dir());
        Private::create(&environment, FIRST).expect_err("it is taken");
        let path = private.path().to_owned();
        drop(private);
        assert!(!path.exists());
        let left = directory(dir.path(), &name(SECOND), 0o700);
        fs::write(left.join("login"), "x").expect("written");
        assert!(clean_after(FIRST, &environment).is_empty());
        assert_eq!(clean_after(SECOND, &environment), [format!("removed the private directory {}", left.display())]);
        directory(dir.path(), &name(SECOND), 0o700);
        let kept = [directory(dir.path(), &name(FIRST), 0o755), directory(dir.path(), "xtask-my-private", 0o700)];
        assert!(clean_after_all(&environment).is_empty());
        assert!(!left.exists() && kept.iter().all(|path| path.is_dir()), "only what xtask has made is removed");
    }
}
