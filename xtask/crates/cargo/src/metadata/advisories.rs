//! The age of a copy of the RustSec advisory database: a directory that is no git checkout does not record it itself.

use std::fs;
use std::path::Path;

/// The day of the newest advisory in the database at `directory`, `YYYY-MM-DD`. `None` when there is none to be found.
pub fn newest(directory: &Path) -> Option<String> {
    let crates = fs::read_dir(directory.join("crates")).ok()?.flatten();
    let files = crates.filter_map(|krate| fs::read_dir(krate.path()).ok()).flat_map(Iterator::flatten);
    files.filter_map(|file| date(&fs::read_to_string(file.path()).ok()?)).max()
}

/// The `date = "2024-01-01"` of an advisory.
fn date(advisory: &str) -> Option<String> {
    let line = advisory.lines().find_map(|line| line.trim().strip_prefix("date"))?;
    let date = line.trim_start().strip_prefix('=')?.trim().trim_matches('"');
    let is_day = date.len() == 10 && date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    is_day.then(|| date.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_advisory_gives_the_age() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        assert_eq!(newest(dir.path()), None);
        for (krate, text) in [("a", "[advisory]\ndate = \"2023-05-01\"\n"), ("b", "date=\"2024-02-29\""), ("c", "x")] {
            let directory = dir.path().join("crates").join(krate);
            fs::create_dir_all(&directory).expect("made");
            fs::write(directory.join("RUSTSEC-0000-0000.md"), text).expect("written");
        }
        assert_eq!(newest(dir.path()).as_deref(), Some("2024-02-29"));
    }
}
