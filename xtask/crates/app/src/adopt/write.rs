//! Writes all changes or none, whatever happens meanwhile.

use super::change::Change;
use super::package;
use crate::scaffold::place;
use crate::scaffold::template::File;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use xtask_core::error::{Error, Result};
use xtask_core::files;

/// Writes the changes to the workspace at `root`, and takes them back unless `verify` accepts them. `home` is where the
/// package is made, out of the way.
///
/// # Errors
///
/// Fails when a file is not as it was shown, when one cannot be written, or when `verify` does. Then nothing has changed;
/// otherwise the error names what has.
pub fn put(changes: &[Change], root: &Path, home: &Path, verify: impl FnOnce() -> Result<()>) -> Result<()> {
    for change in changes {
        expect_unchanged(change, root)?;
    }
    let target = root.join(package::NAME);
    let within = |change: &Change| {
        let path = change.path.strip_prefix(package::NAME).ok()?.to_owned();
        Some(File { path, bytes: change.after.clone().into_bytes(), mode: 0o644 })
    };
    let package: Vec<File> = changes.iter().filter_map(within).collect();
    place::put(&package, place::workshop(home, root, &target), &target)?;
    let edits: Vec<&Change> = changes.iter().filter(|change| within(change).is_none()).collect();
    let mut written = 0;
    let result = edits
        .iter()
        .try_for_each(|change| {
            written += 1;
            write(root, &change.path, &change.after)
        })
        .and_then(|()| verify());
    result.map_err(|error| {
        let restored = edits[..written].iter().rev().map(|change| (change.path.as_path(), restore(change, root)));
        let removed = (Path::new(package::NAME), place::remove(&target).map_err(|error| error.to_string()));
        let left: Vec<_> = restored.chain([removed]).filter_map(|(path, done)| Some((path, done.err()?))).collect();
        if left.is_empty() {
            return error.hint("nothing has changed");
        }
        left.iter()
            .fold(error, |error, (path, why)| error.detail(format!("{} could not be restored: {why}", path.display())))
    })
}

/// Fails when a file has changed, or appeared, since it was read.
fn expect_unchanged(change: &Change, root: &Path) -> Result<()> {
    let now = match fs::read(root.join(&change.path)) {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        now => Some(now.map_err(|error| failed(&change.path).because(error))?),
    };
    if now.as_deref() == change.before.as_deref().map(str::as_bytes) {
        return Ok(());
    }
    Err(failed(&change.path)
        .detail("it has changed since it was shown")
        .hint("nothing was written; run the same command again"))
}

fn failed(path: &Path) -> Error {
    Error::environment(format!("write {}", path.display()))
}

/// Writes a file with the permissions that it has, through a link if it is one.
fn write(root: &Path, path: &Path, text: &str) -> Result<()> {
    let path = root.join(path);
    let file = fs::canonicalize(&path).unwrap_or(path);
    let permissions = fs::metadata(&file).ok().map(|metadata| metadata.permissions());
    let made = file.parent().map_or(Ok(()), fs::create_dir_all);
    made.map_err(|error| failed(&file).because(error))?;
    files::write_atomic(&file, text.as_bytes())?;
    permissions.map_or(Ok(()), |permissions| {
        fs::set_permissions(&file, permissions).map_err(|error| failed(&file).because(error))
    })
}

/// Gives a file its old contents, or removes it and the directory that was made for it.
fn restore(change: &Change, root: &Path) -> Result<(), String> {
    if let Some(before) = &change.before {
        return write(root, &change.path, before).map_err(|error| error.to_string());
    }
    let path = root.join(&change.path);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.to_string()),
        _ => {}
    }
    // One that holds other files stays.
    let _: io::Result<()> = path.parent().map_or(Ok(()), fs::remove_dir);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adopt::change;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::PathBuf;

    const MANIFEST: &str = "[workspace]\r\nmembers = [\"a\"] # all\r\n";

    fn workspace() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let root = dir.path().join("w");
        fs::create_dir(&root).expect("made");
        fs::write(root.join("Cargo.toml"), MANIFEST).expect("written");
        fs::set_permissions(root.join("Cargo.toml"), fs::Permissions::from_mode(0o640)).expect("set");
        (dir, root)
    }

    /// The files of a directory.
    fn names(root: &Path) -> Vec<String> {
        let entries = fs::read_dir(root).expect("it can be read");
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn all_files_are_written_and_keep_their_permissions_and_line_ends() {
        let (dir, root) = workspace();
        let changes = change::all(&root, "\"1\"").expect("the changes");
        put(&changes, &root, &dir.path().join("home"), || Ok(())).expect("they are written");
        for change in &changes {
            assert_eq!(fs::read_to_string(root.join(&change.path)).expect("it is there"), change.after);
        }
        let manifest = fs::read_to_string(root.join("Cargo.toml")).expect("it is there");
        let expected = "[workspace]\r\nmembers = [\"a\", \"xtask\"] # all\r\n\r\n\
                        [workspace.metadata.xtask]\r\nexclude = [\"xtask\"]\r\n";
        assert_eq!(manifest, expected);
        let mode = fs::metadata(root.join("Cargo.toml")).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
    }

    #[test]
    fn what_is_not_accepted_is_taken_back() {
        let (dir, root) = workspace();
        let changes = change::all(&root, "\"1\"").expect("the changes");
        let refused = || Err(Error::usage("read the workspace"));
        let error = put(&changes, &root, &dir.path().join("home"), refused).expect_err("refused").to_string();
        assert!(error.contains("nothing has changed"), "{error}");
        assert_eq!(names(&root), ["Cargo.toml"]);
        assert_eq!(fs::read_to_string(root.join("Cargo.toml")).expect("it is there"), MANIFEST);
    }

    #[test]
    fn a_file_that_appears_or_changes_meanwhile_is_left_alone() {
        for file in ["xtask/src/main.rs", ".cargo/config.toml", "Cargo.toml"] {
            let (dir, root) = workspace();
            let changes = change::all(&root, "\"1\"").expect("the changes");
            fs::create_dir_all(root.join(file).parent().expect("a directory")).expect("made");
            fs::write(root.join(file), "mine").expect("written");
            let before = names(&root);
            let error =
                put(&changes, &root, &dir.path().join("home"), || Ok(())).expect_err("not as shown").to_string();
            assert!(error.starts_with(&format!("cannot write {file}")), "{error}");
            assert_eq!(fs::read_to_string(root.join(file)).expect("it is there"), "mine");
            assert_eq!(names(&root), before);
        }
    }

    #[test]
    fn a_file_that_cannot_be_written_leaves_no_other() {
        let (dir, root) = workspace();
        let changes = change::all(&root, "\"1\"").expect("the changes");
        // A file where the directory of cargo's configuration would be.
        fs::write(root.join(".cargo"), "a file").expect("written");
        let error = put(&changes, &root, &dir.path().join("home"), || Ok(())).expect_err("in the way").to_string();
        assert!(error.contains(".cargo"), "{error}");
        assert_eq!(names(&root), [".cargo", "Cargo.toml"]);
    }
}
