//! `notified.ndjson`: the notifications about earlier runs, one per line, appended. They show how long a run usually
//! takes, and whether its verdict differs from before.
//!
//! Readable after a cut at any byte. Lines that a newer program has written are read as far as they are understood, and
//! stay as they are. Callers turn its errors into warnings.

use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use xtask_core::error::{Error, Result};

/// The version of a line.
pub const VERSION: u32 = 1;
/// A longer file loses its older half. It holds about a thousand lines.
const LONGEST: u64 = 256 * 1024;
/// How many green runs determine the usual duration, and how many there must be.
const USUAL: (usize, usize) = (10, 3);

/// A run that has been notified about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notified {
    /// The version of this format.
    pub version: u32,
    /// When the notification was sent, RFC 3339.
    pub at: String,
    /// The branch, when it is known.
    #[serde(default)]
    pub branch: Option<String>,
    /// What caused the run.
    pub event: String,
    /// Its commit.
    #[serde(default)]
    pub commit: Option<String>,
    /// Its id.
    pub run: String,
    /// Its verdict.
    pub verdict: String,
    /// How long it took.
    pub duration_ms: u64,
}

/// What earlier runs say about one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// How long a green one usually takes; `None` while there are too few.
    pub usual_ms: Option<u64>,
    /// The verdict of the one before; `None` for the first.
    pub before: Option<String>,
    /// Whether it was green and is red, or the other way round; the first one is a change.
    pub changed: bool,
}

/// Compares a run with the earlier ones of its branch and event. Earlier notifications about the same run do not count:
/// sending one again says the same again.
pub fn compare(notified: &[Notified], now: &Notified) -> Compared {
    let mut earlier: Vec<&Notified> = Vec::new();
    let alike = |it: &&Notified| it.branch == now.branch && it.event == now.event && it.run != now.run;
    for other in notified.iter().filter(alike).filter(|other| decides(&other.verdict)) {
        earlier.retain(|known| known.run != other.run);
        earlier.push(other);
    }
    let before = earlier.last().map(|last| last.verdict.clone());
    let other = before.as_deref().is_none_or(|before| is_green(before) != is_green(&now.verdict));
    let mut green: Vec<u64> =
        earlier.iter().rev().filter(|it| is_green(&it.verdict)).map(|it| it.duration_ms).collect();
    green.truncate(USUAL.0);
    green.sort_unstable();
    let enough = green.len() >= USUAL.1;
    let middle = |green: &[u64]| u64::midpoint(green[(green.len() - 1) / 2], green[green.len() / 2]);
    Compared { usual_ms: enough.then(|| middle(&green)), changed: other && decides(&now.verdict), before }
}

/// Whether a verdict says anything about the branch: not while a run is in progress, and not when it had nothing to do.
fn decides(verdict: &str) -> bool {
    !matches!(verdict, "running" | "nothing-to-do")
}

fn is_green(verdict: &str) -> bool {
    verdict == "passed"
}

/// The lines of the file, the oldest first; none when there is no file. Lines that cannot be understood are left out.
pub fn read(path: &Path) -> Result<Vec<Notified>> {
    let attempt = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        // This program writes nothing longer.
        file.seek(SeekFrom::Start(length.saturating_sub(2 * LONGEST)))?;
        let mut bytes = Vec::new();
        file.take(2 * LONGEST).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    match attempt() {
        Ok(bytes) => {
            Ok(bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => {
            Err(Error::environment(format!("read the earlier notifications, {}", path.display())).because(error))
        }
    }
}

/// Adds a line.
pub fn append(path: &Path, notified: &Notified) -> Result<()> {
    let trouble = || Error::environment(format!("record the notification in {}", path.display()));
    let length = try_append(path, notified).map_err(|error| trouble().because(error))?;
    if length <= LONGEST {
        return Ok(());
    }
    // Two processes that do this at once may lose the other's line, and nothing else.
    let bytes = std::fs::read(path).map_err(|error| trouble().because(error))?;
    let half = &bytes[bytes.len() / 2..];
    let start = half.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    xtask_core::files::write_atomic(path, &half[start..])
}

fn try_append(path: &Path, notified: &Notified) -> std::io::Result<u64> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let mut file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
    let mut line = serde_json::to_vec(notified)?;
    line.push(b'\n');
    // A line that was cut off must not take the new one with it.
    let mut last = [b'\n'];
    if file.metadata()?.len() > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    if last != [b'\n'] {
        line.insert(0, b'\n');
    }
    file.write_all(&line)?;
    Ok(file.metadata()?.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notified(run: &str, verdict: &str, duration_ms: u64) -> Notified {
        Notified {
            version: VERSION,
            at: "2026-01-02T03:04:05Z".to_owned(),
            branch: Some("main".to_owned()),
            event: "push".to_owned(),
            commit: None,
            run: run.to_owned(),
            verdict: verdict.to_owned(),
            duration_ms,
        }
    }

    #[track_caller]
    fn case(earlier: &[(&str, u64)], now: &str, usual_ms: Option<u64>, before: Option<&str>, changed: bool) {
        let earlier = earlier.iter().enumerate();
        let earlier: Vec<Notified> =
            earlier.map(|(at, (verdict, ms))| notified(&at.to_string(), verdict, *ms)).collect();
        let wanted = Compared { usual_ms, before: before.map(str::to_owned), changed };
        assert_eq!(compare(&earlier, &notified("now", now, 1)), wanted, "{earlier:?}");
    }

    #[test]
    fn a_change_is_from_green_to_red_or_back() {
        case(&[], "passed", None, None, true);
        case(&[("passed", 5)], "passed", None, Some("passed"), false);
        case(&[("passed", 5)], "failed", None, Some("passed"), true);
        case(&[("failed", 5)], "timed-out", None, Some("failed"), false);
        case(&[("passed", 5), ("failed", 5)], "passed", None, Some("failed"), true);
        case(&[("passed", 5), ("running", 5), ("nothing-to-do", 5)], "passed", None, Some("passed"), false);
        case(&[("passed", 5)], "running", None, Some("passed"), false);
        case(&[], "nothing-to-do", None, None, false);
    }

    #[test]
    fn the_usual_is_the_median_of_the_last_ten_green_ones_from_three_on() {
        case(&[("passed", 5), ("passed", 9)], "passed", None, Some("passed"), false);
        case(&[("passed", 9), ("failed", 1), ("passed", 5), ("passed", 6)], "passed", Some(6), Some("passed"), false);
        case(&[("passed", 9), ("passed", 5), ("passed", 6), ("passed", 8)], "passed", Some(7), Some("passed"), false);
        let many: Vec<(&str, u64)> = (0..30).map(|ms| ("passed", ms)).collect();
        case(&many, "passed", Some(24), Some("passed"), false);
    }

    #[test]
    fn other_branches_and_events_and_the_run_itself_do_not_count() {
        let mut others = vec![notified("1", "failed", 1), notified("2", "failed", 1), notified("now", "failed", 1)];
        others[0].branch = None;
        others[1].event = "pull-request".to_owned();
        let compared = compare(&others, &notified("now", "passed", 1));
        assert_eq!((compared.before, compared.changed), (None, true));
        // A run that was notified about twice counts once.
        let twice = [notified("1", "passed", 5), notified("1", "passed", 5), notified("2", "passed", 5)];
        assert_eq!(compare(&twice, &notified("now", "passed", 1)).usual_ms, None);
    }

    #[test]
    fn the_file_is_readable_after_a_cut_at_any_byte() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("xtask/notified.ndjson");
        assert_eq!(read(&path).expect("none is none"), []);
        let lines = [notified("1", "passed", 5), notified("2", "failed", 6)];
        for line in &lines {
            append(&path, line).expect("it can be written");
        }
        assert_eq!(read(&path).expect("it is there"), lines);
        let bytes = std::fs::read(&path).expect("it is there");
        for cut in 0..bytes.len() {
            std::fs::write(&path, &bytes[..cut]).expect("it can be written");
            append(&path, &lines[1]).expect("it can be written");
            let found = read(&path).expect("it is there");
            assert_eq!(found.last(), Some(&lines[1]), "cut at {cut}");
            assert!(found.iter().all(|notified| lines.contains(notified)));
        }
    }

    #[test]
    fn what_a_newer_program_wrote_is_read_and_what_is_no_line_is_not() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("notified.ndjson");
        let newer = "{\"version\":9,\"at\":\"\",\"event\":\"push\",\"run\":\"1\",\"verdict\":\"passed\",\
                     \"duration_ms\":5,\"colour\":\"blue\"}\n\u{0}\u{ff}\n{\"version\":9,\"shape\":1}\n";
        std::fs::write(&path, newer).expect("it can be written");
        assert_eq!(read(&path).expect("it is there").len(), 1);
        append(&path, &notified("2", "passed", 5)).expect("it can be written");
        assert!(std::fs::read_to_string(&path).expect("it is there").starts_with(newer));
    }

    #[test]
    fn the_file_keeps_its_newer_half_when_it_is_too_long() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("notified.ndjson");
        let line = serde_json::to_string(&notified("old", "passed", 5)).expect("JSON") + "\n";
        let count = usize::try_from(LONGEST).expect("small") / line.len();
        std::fs::write(&path, line.repeat(count)).expect("it can be written");
        append(&path, &notified("new", "failed", 5)).expect("it can be written");
        append(&path, &notified("newest", "failed", 5)).expect("it can be written");
        let found = read(&path).expect("it is there");
        assert!(found.len() < count && found.len() > count / 3, "{}", found.len());
        assert_eq!(found.last().map(|notified| notified.run.as_str()), Some("newest"));
    }

    #[test]
    fn trouble_names_the_file() {
        let error =
            append(Path::new("/proc/nowhere/notified.ndjson"), &notified("1", "passed", 5)).expect_err("read-only");
        assert!(error.to_string().contains("/proc/nowhere/notified.ndjson"), "{error}");
        let dir = tempfile::tempdir().expect("a temporary directory");
        assert!(read(dir.path()).is_err(), "a directory is no file");
    }
}
