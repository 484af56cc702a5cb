//! Where a secret must not be: checks of texts and of every file below a directory.

use std::fs;
use std::path::Path;

/// Fails the test if any of these is in a file below a directory.
#[track_caller]
pub fn none_below(traces: &[&str], directory: &Path) {
    for entry in fs::read_dir(directory).expect("a directory").flatten() {
        let path = entry.path();
        if path.is_dir() {
            none_below(traces, &path);
        } else if path.is_file() {
            none_in(traces, &path.to_string_lossy(), &fs::read(&path).expect("a file"));
        }
    }
}

/// Fails the test when a text contains one of these.
#[track_caller]
pub fn none_in(traces: &[&str], place: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for trace in traces {
        assert!(!text.contains(trace), "{trace} is in {place}:\n{text}");
    }
}
