//! What a test says that cannot run because something is not there: libtest knows no skipping at run time.

use std::io::Write as _;
use std::panic::Location;

/// The variable that names the file in which `cargo xtask test` looks for those that were skipped.
const FILE: &str = "XTASK_NOT_TESTED";

/// Says that the calling test does not test, and why: past libtest's capture, so that nobody takes it for one that has
/// passed, and to `cargo xtask test`, which counts it.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "a test has no environment handed in")]
pub fn not_tested(why: &str) {
    let at = Location::caller();
    // A closed stream or a full disk is no reason to fail.
    let _ = writeln!(std::io::stderr(), "NOT TESTED ({}:{}): {why}", at.file(), at.line());
    if let Some(file) = std::env::var_os(FILE) {
        let file = std::fs::OpenOptions::new().append(true).open(file);
        let _ = file.and_then(|mut file| file.write_all(format!("{why}\n").as_bytes()));
    }
}
