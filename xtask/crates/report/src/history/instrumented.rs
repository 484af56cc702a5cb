//! The directories of instrumented builds in a target directory, one for each checkout that builds there. Removes those
//! that are no longer of use.
//!
//! It knows nothing about their contents. Each can be built again.

use super::directory::Home;
use std::cmp::Reverse;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How many directories of other checkouts are kept. Each may take gigabytes.
const KEPT: usize = 3;

/// Notes that the checkout at `root` builds in the directory `own`, and removes the directories beside it of checkouts
/// that no longer exist, and those that have been unused for longest. Call it with the lock held: no other run uses
/// them.
///
/// Errors are left to the next run: a directory that stays takes up space and nothing else.
pub fn keep(home: &Home, own: &Path, root: &Path) {
    let notes = home.path().join("instrumented");
    let note = |directory: &Path| notes.join(directory.file_name().unwrap_or_default());
    let _ = fs::create_dir_all(&notes).and_then(|()| fs::write(note(own), root.as_os_str().as_bytes()));
    let beside = own.parent().and_then(|parent| fs::read_dir(parent).ok()).into_iter().flatten().flatten();
    let others = beside.map(|entry| entry.path()).filter(|path| path != own && is_instrumented(path));
    let (gone, mut others): (Vec<PathBuf>, Vec<PathBuf>) = others.partition(|directory| is_gone(&note(directory)));
    others.sort_by_cached_key(|directory| Reverse(last_use(directory, &note(directory))));
    for directory in gone.into_iter().chain(others.into_iter().skip(KEPT)) {
        let _ = fs::remove_dir_all(&directory).and_then(|()| fs::remove_file(note(&directory)));
    }
}

/// Whether a directory has a name that `Workspace::instrumented_dir` returns: `llvm-cov-0123abcd`.
fn is_instrumented(directory: &Path) -> bool {
    let name = directory.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let hash = ["llvm-cov-", "tarpaulin-"].iter().find_map(|engine| name.strip_prefix(engine));
    hash.is_some_and(|hash| hash.len() == 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())) && directory.is_dir()
}

/// When a run last noted that it builds there; without a note, when the directory was made.
fn last_use(directory: &Path, note: &Path) -> SystemTime {
    let modified = |path: &Path| fs::metadata(path).and_then(|it| it.modified());
    modified(note).or_else(|_| modified(directory)).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Whether the checkout of a note no longer exists; unknown without a note.
fn is_gone(note: &Path) -> bool {
    fs::read(note).is_ok_and(|root| !Path::new(OsStr::from_bytes(&root)).is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn builds_of_checkouts_that_are_gone_are_removed_and_of_others_the_oldest() {
        let target = tempfile::tempdir().expect("a temporary directory");
        let home = Home::new(target.path());
        let at = |name: &str| target.path().join(name);
        let mut started = SystemTime::now() - Duration::from_secs(60 * 60);
        for (name, checkout) in [
            ("llvm-cov-00000001", Some("/")),
            ("llvm-cov-00000002", Some("/")),
            ("llvm-cov-00000003", Some("/no/such/checkout")),
            ("llvm-cov-00000004", Some("/")),
            ("tarpaulin-00000005", Some("/")),
            ("llvm-cov-00000006", Some("/")),
            ("llvm-cov-target", None),
            ("debug", None),
        ] {
            fs::create_dir_all(at(name).join("debug")).expect("a directory");
            let Some(checkout) = checkout else { continue };
            fs::create_dir_all(home.path().join("instrumented")).expect("a directory");
            let note = home.path().join("instrumented").join(name);
            fs::write(&note, checkout).expect("a note");
            started += Duration::from_secs(60);
            fs::File::options().write(true).open(&note).and_then(|it| it.set_modified(started)).expect("a time");
        }
        keep(&home, &at("llvm-cov-00000001"), Path::new("/"));
        let mut left: Vec<String> = fs::read_dir(target.path())
            .expect("the target directory")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        left.sort();
        let kept = [
            "debug",
            "llvm-cov-00000001",
            "llvm-cov-00000004",
            "llvm-cov-00000006",
            "llvm-cov-target",
            "tarpaulin-00000005",
            "xtask",
        ];
        assert_eq!(left, kept, "the third is of a checkout that is gone, the second the oldest");
        let note = fs::read_to_string(home.path().join("instrumented/llvm-cov-00000001")).expect("its own note");
        assert_eq!((note.as_str(), fs::read_dir(home.path().join("instrumented")).expect("notes").count()), ("/", 4));
    }
}
