//! The process table as Linux shows it under `/proc`. Elsewhere the table is empty, and what escapes its group stays.
//!
//! It reads; it sends no signals. Processes come and go while it reads, so every answer is already old: a caller that
//! acts on one checks [`Process::is_still_there`] first.

use std::fs;

/// One process at the moment of reading.
#[derive(Clone, Debug)]
pub(super) struct Process {
    pub(super) pid: i32,
    pub(super) parent: i32,
    pub(super) group: i32,
    /// Its name, at most 15 bytes, as the kernel keeps it.
    pub(super) name: String,
    /// When it started, in ticks since boot: with the pid this names one process, however often pids are reused.
    pub(super) started: u64,
    /// It has ended and waits to be reaped.
    pub(super) ended: bool,
    /// It is about to end: it runs no more code of its own, and the kernel closes its files.
    pub(super) exiting: bool,
}

/// The flag of the kernel's `include/linux/sched.h` for a process that exits.
const PF_EXITING: u32 = 0x4;

impl Process {
    /// Reads one process; `None` when there is none of this pid.
    pub(super) fn read(pid: i32) -> Option<Self> {
        let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
        Self::parse(pid, &String::from_utf8_lossy(&stat))
    }

    /// Reads `pid (name) state parent group …`. A name may contain anything, even `)` and line ends.
    fn parse(pid: i32, stat: &str) -> Option<Self> {
        let (name, rest) = stat.split_once('(')?.1.rsplit_once(") ")?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        Some(Self {
            pid,
            parent: fields.get(1)?.parse().ok()?,
            group: fields.get(2)?.parse().ok()?,
            name: name.to_owned(),
            started: fields.get(19)?.parse().ok()?,
            ended: matches!(*fields.first()?, "Z" | "X"),
            exiting: fields.get(6)?.parse::<u32>().ok()? & PF_EXITING != 0,
        })
    }

    /// Whether this very process, not another one that got its pid, is still running.
    pub(super) fn is_still_there(&self) -> bool {
        Self::read(self.pid).is_some_and(|now| now.started == self.started && !now.ended)
    }

    /// The value of a variable in the environment that it was started with. `None` also when it may not be read.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        let environment = fs::read(format!("/proc/{}/environ", self.pid)).ok()?;
        let value = environment
            .split(|byte| *byte == 0)
            .find_map(|entry| entry.strip_prefix(name.as_bytes())?.strip_prefix(b"="))?;
        Some(String::from_utf8_lossy(value).into_owned())
    }

    /// Whether it has the pipe open that the kernel numbers `inode`.
    pub(super) fn holds_pipe(&self, inode: u64) -> bool {
        let link = format!("pipe:[{inode}]");
        fs::read_dir(format!("/proc/{}/fd", self.pid))
            .is_ok_and(|fds| fds.flatten().any(|fd| fs::read_link(fd.path()).is_ok_and(|to| to.as_os_str() == &*link)))
    }
}

/// All processes.
pub(super) fn all() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| Process::read(entry.file_name().to_str()?.parse().ok()?)).collect()
}

/// The children that this process has adopted because their own parents ended, together with those that its main thread
/// started. `None` where the kernel does not report them.
///
/// A sub-reaper's first living thread adopts, and the main thread lives as long as the process. The kernel builds the
/// list in steps and may leave a child out when another is reaped meanwhile, so the caller holds the lock that all
/// reaping is done under.
pub(super) fn children_of_main_thread() -> Option<Vec<i32>> {
    let own = own_pid();
    let list = fs::read_to_string(format!("/proc/self/task/{own}/children")).ok()?;
    Some(list.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect())
}

/// The pid of this process, in the type that the kernel uses.
pub(super) fn own_pid() -> i32 {
    rustix::process::getpid().as_raw_nonzero().get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_look_like_fields() {
        let fields = "S 7 8 8 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 0 0";
        let process = Process::parse(9, &format!("9 (a) Z 1 (b\nc) {fields}")).expect("it parses");
        assert_eq!((process.name.as_str(), process.parent, process.group), ("a) Z 1 (b\nc", 7, 8));
        assert_eq!((process.started, process.ended), (4711, false));
        assert!(Process::parse(9, "9 (cut").is_none());
        assert!(Process::parse(9, "9 (cut) S 7").is_none());
    }

    #[test]
    fn this_process_is_in_the_table() {
        let own = all().into_iter().find(|process| process.pid == own_pid()).expect("it runs");
        assert!(own.is_still_there());
        let other = Process { started: own.started + 1, ..own };
        assert!(!other.is_still_there(), "the same pid at another time is another process");
    }
}
