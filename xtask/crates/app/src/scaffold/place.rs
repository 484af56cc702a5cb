//! Putting a package in its place: all of its files or none, whatever happens meanwhile.
//!
//! The files are written elsewhere and renamed at once. Elsewhere is not beside the target: a directory without a
//! manifest among the members of a workspace, even a hidden one, makes every cargo command fail.

use super::template::File;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use xtask_core::error::{Error, Result};

/// The directory in which packages are made: `home`, out of the way, unless a rename to `target` would cross from one
/// file system to another. Then it is `root`.
pub fn workshop<'a>(home: &'a Path, root: &'a Path, target: &Path) -> &'a Path {
    let device = |path: &Path| path.ancestors().find_map(|path| fs::metadata(path).ok()).map(|found| found.dev());
    if device(home) == device(target) { home } else { root }
}

/// Makes the package `target` of `files`, first in a directory within `workshop`. `target` must not exist yet.
pub fn put(files: &[File], workshop: &Path, target: &Path) -> Result<()> {
    let unfinished = workshop.join(".xtask-new-service");
    let made = remove(&unfinished).and_then(|()| {
        write(files, &unfinished)?;
        fs::create_dir_all(target.parent().unwrap_or(target))?;
        fs::rename(&unfinished, target)
    });
    made.map_err(|error| {
        // It does no harm there, and the next call removes it first.
        let _ = remove(&unfinished);
        Error::environment(format!("write the package {}", target.display()))
            .because(error)
            .hint("check that the disk has room and that the directory can be written to")
    })
}

/// Removes a directory; a missing one is no error.
pub fn remove(directory: &Path) -> io::Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn write(files: &[File], directory: &Path) -> io::Result<()> {
    for file in files {
        let path: PathBuf = directory.join(&file.path);
        fs::create_dir_all(path.parent().unwrap_or(directory))?;
        fs::write(&path, &file.bytes)?;
        fs::set_permissions(&path, Permissions::from_mode(file.mode))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Vec<File> {
        let file = |path: &str, mode| File { path: path.into(), bytes: b"x".to_vec(), mode };
        vec![file("Cargo.toml", 0o644), file("bin/up", 0o755)]
    }

    #[test]
    fn a_package_is_put_in_place_and_nothing_is_left_in_the_workshop() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (workshop, target) = (dir.path().join("workshop"), dir.path().join("services/a"));
        put(&files(), &workshop, &target).expect("it can be written");
        assert_eq!(fs::metadata(target.join("bin/up")).expect("it is there").mode() & 0o777, 0o755);
        assert_eq!(fs::read_dir(&workshop).expect("it is there").count(), 0);
    }

    #[test]
    fn what_cannot_be_put_in_place_leaves_nothing() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        fs::write(dir.path().join("services"), "a file").expect("written");
        let target = dir.path().join("services/a");
        let error = put(&files(), dir.path(), &target).expect_err("a file is in the way").to_string();
        assert!(error.starts_with(&format!("cannot write the package {}\n  because: ", target.display())), "{error}");
        assert_eq!(fs::read_dir(dir.path()).expect("it is there").count(), 1, "only the file");
    }

    #[test]
    fn a_package_is_made_where_a_rename_reaches() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (home, root, target) = (dir.path().join("target/xtask"), dir.path(), dir.path().join("services/a"));
        assert_eq!(workshop(&home, root, &target), home);
        assert_eq!(workshop(Path::new("/dev/xtask"), root, &target), root, "another file system");
    }
}
