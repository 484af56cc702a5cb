//! The directories of runs: `target/xtask/runs/<id>/`; `latest` points at the newest.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use xtask_core::error::{Error, Result};

/// The journal in the directory of a run that deploys. It marks the run as one of a deployment, as [`ROLLBACK`] does.
pub const DEPLOYMENT: &str = "deploy.ndjson";
/// The journal in the directory of a run that rolls back; one run may do both.
pub const ROLLBACK: &str = "rollback.ndjson";
const JOURNALS: [&str; 2] = [DEPLOYMENT, ROLLBACK];

/// Where xtask keeps what it writes for a checkout.
#[derive(Clone, Debug)]
pub struct Home(PathBuf);

impl Home {
    /// The home in cargo's target directory.
    pub fn new(target_dir: &Path) -> Self {
        Self(target_dir.join("xtask"))
    }

    /// The home itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The file that a run locks.
    pub fn lock(&self) -> PathBuf {
        self.0.join("lock")
    }

    /// The directory of all runs.
    pub fn runs(&self) -> PathBuf {
        self.0.join("runs")
    }

    /// The ids of the runs that have a directory, the oldest first; empty when there are none yet.
    pub fn run_ids(&self) -> Vec<String> {
        let directories = of_runs(&self.runs()).unwrap_or_default();
        directories.iter().filter_map(|directory| Some(directory.file_name()?.to_str()?.to_owned())).collect()
    }

    /// Makes the home, so that it can be locked.
    pub fn prepare(&self) -> Result<()> {
        let coverage = self.0.join("coverage");
        fs::create_dir_all(self.runs()).and_then(|()| fs::create_dir_all(coverage)).map_err(|error| {
            Error::environment(format!("make the directory {}", self.runs().display()))
                .because(error)
                .hint("xtask writes into cargo's target directory; set CARGO_TARGET_DIR to one that can be written")
        })
    }

    /// Whether the home may not be written to: neither it nor the nearest directory above it that exists.
    pub fn is_read_only(&self) -> bool {
        let nearest = self.0.ancestors().find(|path| path.symlink_metadata().is_ok());
        nearest.is_some_and(|path| {
            let access = rustix::fs::access(path, rustix::fs::Access::WRITE_OK);
            path.is_dir() && matches!(access, Err(rustix::io::Errno::ROFS | rustix::io::Errno::ACCESS))
        })
    }

    /// The id of a run that starts now: it sorts after all others here, whatever the clock has done in the meantime.
    pub fn next_id(&self, now: SystemTime, pid: u32) -> String {
        let newest = self.run_ids().iter().rev().find_map(|id| time_of(id));
        run_id(newest.map_or(now, |newest| now.max(newest + Duration::from_millis(1))), pid)
    }

    /// Creates the directory of a new run with its `logs`, points `latest` at it, and removes the oldest beyond `keep`,
    /// both of deployments and of other runs.
    pub fn start(&self, id: &str, keep: usize) -> Result<PathBuf> {
        let directory = self.runs().join(id);
        fs::create_dir_all(directory.join("logs")).map_err(|error| {
            Error::environment(format!("make the directory {}", directory.display())).because(error)
        })?;
        self.point_latest(id);
        let of_deployments = |id: &String| JOURNALS.iter().any(|file| self.runs().join(id).join(file).is_file());
        // A rollback needs the journal of the last deployment, however many other runs there were since.
        let (deployments, others): (Vec<String>, Vec<String>) = self.run_ids().into_iter().partition(of_deployments);
        for ids in [deployments, others] {
            self.remove_oldest(&ids, id, keep);
        }
        Ok(directory)
    }

    fn remove_oldest(&self, ids: &[String], current: &str, keep: usize) {
        for old in ids.iter().take(ids.len().saturating_sub(keep)).filter(|old| *old != current) {
            // A later run removes what cannot be removed now.
            let _ = fs::remove_dir_all(self.runs().join(old));
        }
    }

    /// The link is only a convenience: a failure with it is no reason to stop.
    fn point_latest(&self, id: &str) {
        #[cfg(unix)]
        {
            let fresh = self.runs().join(format!(".latest-{id}"));
            if std::os::unix::fs::symlink(id, &fresh).is_ok() && fs::rename(&fresh, self.runs().join("latest")).is_err()
            {
                let _ = fs::remove_file(&fresh);
            }
        }
    }
}

/// The directories of the runs in `runs`, the oldest first.
pub fn of_runs(runs: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(runs)?.flatten();
    // When records are copied, the link to the latest becomes a directory of its own.
    let is_run =
        |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir()) && entry.file_name() != "latest";
    let mut directories: Vec<PathBuf> = entries.filter(is_run).map(|entry| entry.path()).collect();
    directories.sort();
    Ok(directories)
}

/// The time in a run's id.
pub(super) fn time_of(id: &str) -> Option<SystemTime> {
    let digits = id.split_once('-')?.0;
    let part = |range: std::ops::Range<usize>| digits.get(range);
    let date = format!("{}-{}-{}", part(0..4)?, part(4..6)?, part(6..8)?);
    let time = format!("{}:{}:{}.{}", part(9..11)?, part(11..13)?, part(13..15)?, part(15..18)?);
    humantime::parse_rfc3339(&format!("{date}T{time}Z")).ok()
}

/// The id of a run at this time: it sorts by time, and two processes never share one.
pub fn run_id(now: SystemTime, pid: u32) -> String {
    let time = humantime::format_rfc3339_millis(now).to_string();
    let digits: String = time.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{digits}-{pid}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_differ_by_process() {
        let at = |ms| SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(ms);
        assert_eq!(run_id(at(1_700_000_000_123), 7), "20231114T221320123Z-7");
        assert!(run_id(at(999), 900) < run_id(at(1000), 1));
        assert_ne!(run_id(at(5), 1), run_id(at(5), 2));
    }

    #[test]
    fn a_run_sorts_behind_the_newest_one_though_the_clock_went_back() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let home = Home::new(dir.path());
        home.prepare().expect("made");
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let first = home.next_id(at(1_700_000_000), 7);
        assert_eq!(first, "20231114T221320000Z-7");
        home.start(&first, 9).expect("made");
        let second = home.next_id(at(1_600_000_000), 3);
        assert_eq!(second, "20231114T221320001Z-3");
        home.start(&second, 9).expect("made");
        home.start("not-a-run", 9).expect("made");
        assert_eq!(home.next_id(at(1_800_000_000), 3), "20270115T080000000Z-3");
    }

    #[test]
    fn the_oldest_runs_make_room_and_latest_follows() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let home = Home::new(dir.path());
        home.prepare().expect("made");
        for id in ["a", "b", "c"] {
            home.start(id, 2).expect("made");
        }
        assert_eq!(home.run_ids(), ["b", "c"]);
        assert!(home.runs().join("latest/logs").is_dir());
        fs::write(home.runs().join("b").join(DEPLOYMENT), "").expect("written");
        for id in ["d", "e", "f"] {
            home.start(id, 2).expect("made");
        }
        assert_eq!(home.run_ids(), ["b", "e", "f"], "the deployment stays until there are newer ones");
        home.start("c", 2).expect("made");
        assert_eq!(fs::read_link(home.runs().join("latest")).expect("a link"), Path::new("c"));
    }
}
