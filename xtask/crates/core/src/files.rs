//! Writes files so that no reader ever sees half of one, even after a crash. Knows nothing about their contents.

use crate::error::{Error, Result};
use std::fs::{File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Replaces `path` by a file that holds `bytes`: all of them or, after a crash at any moment, the previous contents.
///
/// A temporary file in the same directory is written, synced and renamed. The directory must exist.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    try_write(path, bytes).map_err(|e| {
        Error::environment(format!("write {}", path.display()))
            .because(e)
            .hint("check that the disk has room and that the directory can be written to")
    })
}

/// Creates a file that only this user may read. It must not exist yet: one that does may have been planted.
pub fn create_private(path: &Path, text: &str) -> Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| Error::environment(format!("create {}", path.display())).because(error))
}

fn try_write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // Temporary files are private by default; this one is to be as readable as any other file, by the user's umask.
    let mut file =
        tempfile::Builder::new().prefix(".xtask-").permissions(Permissions::from_mode(0o666)).tempfile_in(directory)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    // The rename itself is durable once the directory is; some filesystems cannot sync one, and the file is whole
    // anyway.
    let _ = File::open(directory).and_then(|directory| directory.sync_all());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn replaces_a_file_and_leaves_nothing_beside_it() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("summary.json");
        write_atomic(&path, b"old").expect("the directory can be written to");
        write_atomic(&path, b"new").expect("the directory can be written to");
        assert_eq!(fs::read(&path).expect("the file is there"), b"new");
        assert_eq!(fs::read_dir(dir.path()).expect("the directory is there").count(), 1);
    }

    #[test]
    fn nobody_else_may_read_a_private_file_and_none_is_taken_over() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("login.json");
        create_private(&path, "secret").expect("the directory can be written to");
        assert_eq!(fs::metadata(&path).expect("the file is there").permissions().mode() & 0o777, 0o600);
        assert!(create_private(&path, "other").is_err());
        assert_eq!(fs::read(&path).expect("the file is there"), b"secret");
    }

    #[test]
    fn others_may_read_what_it_writes() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (plain, atomic) = (dir.path().join("plain"), dir.path().join("atomic"));
        fs::write(&plain, "x").expect("the directory can be written to");
        write_atomic(&atomic, b"x").expect("the directory can be written to");
        let mode = |path| fs::metadata(path).expect("the file is there").permissions().mode();
        assert_eq!(mode(&atomic), mode(&plain));
    }

    #[test]
    fn what_cannot_be_written_is_named_and_leaves_the_old_file() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let missing = dir.path().join("missing/summary.json");
        let error = write_atomic(&missing, b"x").expect_err("the directory is missing").to_string();
        assert!(error.contains("missing/summary.json"), "{error}");
        let taken = dir.path().join("taken");
        fs::create_dir(&taken).expect("the directory can be written to");
        fs::write(taken.join("x"), "x").expect("the directory can be written to");
        write_atomic(&taken, b"x").expect_err("a directory is in the way");
        assert!(taken.join("x").exists());
        assert_eq!(fs::read_dir(dir.path()).expect("the directory is there").count(), 1, "no temporary file is left");
    }
}
