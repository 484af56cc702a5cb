//! The private directory of a run, outside of `target/`, where its logins and kubeconfigs are.

use crate::support::sandbox::Sandbox;
use std::fs;
use std::path::{Path, PathBuf};

/// Gives the sandbox a directory for temporary files of its own.
pub fn own_temp(sandbox: &mut Sandbox) -> PathBuf {
    let temp = sandbox.beside("tmp");
    fs::create_dir(&temp).expect("it is new");
    sandbox.var("TMPDIR", &temp);
    temp
}

/// The private directory of the only run that has one in `temp`.
#[track_caller]
pub fn private(temp: &Path) -> PathBuf {
    let entries = fs::read_dir(temp).expect("a directory").map(|entry| entry.expect("an entry").path());
    let [private] = <[PathBuf; 1]>::try_from(entries.collect::<Vec<_>>()).expect("one entry");
    assert!(private.to_string_lossy().ends_with("-private"), "{}", private.display());
    private
}
