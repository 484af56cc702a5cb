//! Shared memory that would outlive a process which is killed: System V segments, and files in `/dev/shm`.
//!
//! A process that ends by itself removes its own. One that gets KILL cannot, and the kernel keeps the memory until
//! another process removes it. It is noted before the kill and removed after it. Where the system has no `/proc`,
//! nothing is found.

use super::table::Process;
use super::{Child, LINE_CAP, Stop, Surroundings, run};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use xtask_core::command::Command;

/// How long `ipcrm` may take.
const LIMIT: Duration = Duration::from_secs(5);

/// Where the system lists its segments.
const SEGMENTS: &str = "/proc/sysvipc/shm";

/// The shared memory that processes about to be killed have made.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// The processes that made the segments.
    creators: BTreeSet<i32>,
    files: BTreeSet<PathBuf>,
}

impl Shared {
    /// Notes what a process has made; call it while the process is alive.
    pub(super) fn note(&mut self, process: &Process) {
        self.creators.insert(process.pid);
        let maps = fs::read_to_string(format!("/proc/{}/maps", process.pid)).unwrap_or_default();
        self.files.extend(mapped(&maps).into_iter().filter(|file| is_own(file, process)));
    }

    /// Removes all of it that no living process uses. Anything that cannot be removed stays: it is only memory.
    pub(super) fn remove(self) {
        if self.creators.is_empty() {
            return;
        }
        let segments = fs::read_to_string(SEGMENTS).unwrap_or_default();
        for id in unused(&segments, &self.creators) {
            remove_segment(id);
        }
        if self.files.is_empty() {
            return;
        }
        let maps = |process: &Process| fs::read_to_string(format!("/proc/{}/maps", process.pid)).unwrap_or_default();
        let used: BTreeSet<PathBuf> = super::table::all().iter().flat_map(|process| mapped(&maps(process))).collect();
        for file in self.files.difference(&used) {
            let _ = fs::remove_file(file);
        }
    }
}

/// The files of `/dev/shm` in a `/proc/PID/maps`.
fn mapped(maps: &str) -> BTreeSet<PathBuf> {
    let paths = maps.lines().filter_map(|line| line.find("/dev/shm/").map(|at| &line[at..]));
    paths.filter(|path| !path.ends_with(" (deleted)")).map(PathBuf::from).collect()
}

/// Whether a file belongs to the user of a process and was made since that started: others may share older ones.
fn is_own(file: &Path, process: &Process) -> bool {
    let Ok((file, owner)) =
        fs::metadata(file).and_then(|file| Ok((file, fs::metadata(format!("/proc/{}", process.pid))?)))
    else {
        return false;
    };
    let made = file.created().ok();
    file.uid() == owner.uid() && made.zip(process.started_at()).is_some_and(|(made, started)| made >= started)
}

/// The segments of these creators that no process is attached to.
fn unused(segments: &str, creators: &BTreeSet<i32>) -> Vec<u64> {
    let id = |line: &str| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let creator: i32 = fields.get(4)?.parse().ok()?;
        (creators.contains(&creator) && *fields.get(6)? == "0").then(|| fields[1].parse().ok())?
    };
    segments.lines().skip(1).filter_map(id).collect()
}

/// By `ipcrm`, because Rust has no safe way to do it.
fn remove_segment(id: u64) {
    let child = Child {
        command: &Command::new("ipcrm", "/").args(["-m", &id.to_string()]),
        surroundings: &Surroundings::default(),
        marker: &format!("cleaning:segment-{id}"),
        log: Path::new("/dev/null"),
        log_cap: 1024,
        line_cap: LINE_CAP,
        every_line: false,
        timeout: LIMIT,
        grace: Duration::ZERO,
        stop: &Stop::new(),
        user: None,
        jobserver: None,
    };
    let _ = run(&child, &mut |_, _| ());
}

impl Process {
    /// When it started, to the second before.
    fn started_at(&self) -> Option<SystemTime> {
        /// Ticks a second, as the kernel shows them everywhere.
        const TICKS: u64 = 100;
        let stat = fs::read_to_string("/proc/stat").ok()?;
        let boot: u64 = stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
        Some(SystemTime::UNIX_EPOCH + Duration::from_secs(boot + self.started / TICKS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_count_by_their_creator_while_nobody_is_attached() {
        let table = "       key      shmid perms                  size  cpid  lpid nattch   uid\n  \
                     10014402     393219   600                    56    41     0      0   101\n  \
                     10014403     393220   600                    56    41     0      2   101\n  \
                     10014404     393221   600                    56    42     0      0   101\n cut";
        assert_eq!(unused(table, &BTreeSet::from([41])), [393_219]);
        assert_eq!(unused("", &BTreeSet::from([41])), [0_u64; 0]);
    }

    #[test]
    fn a_file_that_is_older_than_the_process_is_not_its_own() {
        let process = Process::read(super::super::table::own_pid()).expect("it runs");
        assert!(!is_own(Path::new("/proc/version"), &process), "it says nothing of when it was made");
        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = directory.path().join("own");
        fs::write(&file, "").expect("it can be written");
        assert!(is_own(&file, &process));
        assert!(!is_own(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")), &process));
    }

    #[test]
    fn files_in_memory_are_found_among_what_a_process_has_mapped() {
        let maps = "7f1-7f2 rw-s 00000000 00:1b 4 /dev/shm/PostgreSQL.17 x\n7f2-7f3 r-xp 0 08:01 9 /usr/lib/libc.so\n\
                    7f3-7f4 rw-s 00000000 00:1b 5 /dev/shm/gone (deleted)\n7f5-7f6 rw-p 00000000 00:00 0";
        assert_eq!(mapped(maps), BTreeSet::from([PathBuf::from("/dev/shm/PostgreSQL.17 x")]));
    }
}
