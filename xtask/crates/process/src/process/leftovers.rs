//! What a task leaves running: how it is found, killed and named.
//!
//! It knows nothing about output or time limits; the supervisor decides when to look and when to kill.

use super::shared::Shared;
use super::table::{self, Process};
use super::{MARKER, children};
use rustix::process::{Pid, Signal};
use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::{Duration, Instant};
use xtask_core::text;

/// How long a killed process may take to disappear before it is called unkillable.
const DEATH: Duration = Duration::from_secs(5);

/// How often to check whether a process that is not our child has gone: nothing announces that.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// What ties a process to the task of a leader.
pub(super) struct Kin {
    /// The leader's pid, which is the number of its group. It is not reaped while this is used.
    pub(super) leader: i32,
    /// When the leader started: older processes cannot descend from it.
    pub(super) since: u64,
    /// The value of [`MARKER`] in its environment.
    pub(super) marker: String,
    /// The pipes that it writes to.
    pub(super) pipes: Vec<u64>,
}

impl Kin {
    /// The living processes of the task except the leader: those in its group, those that carry its marker, and all
    /// their descendants.
    ///
    /// A sub-reaper without orphans is the common case and costs one small file: each living descendant of an ended
    /// leader has an ancestor that we have adopted.
    pub(super) fn alive(&self) -> Vec<Process> {
        self.find(|process| {
            process.group == self.leader || process.variable(MARKER).is_some_and(|mark| is_marked(&mark, &self.marker))
        })
    }

    /// The leader and the others of its group.
    pub(super) fn group(&self) -> Vec<Process> {
        table::all().into_iter().filter(|process| process.group == self.leader && !process.ended).collect()
    }

    /// Our orphans that hold the leader's pipes open although they have left its group and dropped its marker.
    pub(super) fn holders(&self) -> Vec<Process> {
        let Some(orphans) = children::adopted() else { return Vec::new() };
        let table = table::all();
        let roots = orphans.into_iter().map(|orphan| orphan.pid).collect();
        let mut found = with_descendants(roots, &table);
        found.retain(|process| self.pipes.iter().any(|pipe| process.holds_pipe(*pipe)));
        found
    }

    fn find(&self, belongs: impl Fn(&Process) -> bool) -> Vec<Process> {
        if children::adopted().is_some_and(|orphans| orphans.is_empty()) {
            return Vec::new();
        }
        let own = table::own_pid();
        let mut table = table::all();
        table.retain(|process| process.started >= self.since && process.pid != self.leader && process.pid != own);
        let roots = table.iter().filter(|process| belongs(process)).map(|process| process.pid).collect();
        with_descendants(roots, &table)
    }
}

/// Separates the marker of a task from the number of a child of it: no task's name contains it.
pub(super) const SUB: char = '+';

/// Whether a marker is that of a task, or of a question that the task has asked.
fn is_marked(mark: &str, task: &str) -> bool {
    mark.strip_prefix(task).is_some_and(|rest| rest.is_empty() || rest.starts_with(SUB))
}

/// The living processes of the table that are roots or descend from one.
fn with_descendants(mut family: BTreeSet<i32>, table: &[Process]) -> Vec<Process> {
    loop {
        let before = family.len();
        family.extend(
            table.iter().filter(|process| family.contains(&process.parent)).map(|it| it.pid).collect::<Vec<_>>(),
        );
        if family.len() == before {
            break;
        }
    }
    table.iter().filter(|process| family.contains(&process.pid) && !process.ended).cloned().collect()
}

/// Kills what `find` returns until it returns nothing, because a process about to be killed may still start others.
/// Returns all that were found, in the order of their pids, with whether they are gone.
pub(super) fn kill_all(find: impl Fn() -> Vec<Process>) -> Vec<(Process, bool)> {
    let deadline = Instant::now() + DEATH;
    let mut found = BTreeMap::new();
    let mut shared = Shared::default();
    loop {
        let alive = find();
        if alive.is_empty() || Instant::now() >= deadline {
            break;
        }
        for process in alive {
            shared.note(&process);
            kill(&process);
            found.insert((process.pid, process.started), process);
        }
        thread::sleep(LOOK_AGAIN);
    }
    shared.remove();
    found.into_values().map(|process| (!process.is_still_there(), process)).map(|(gone, it)| (it, gone)).collect()
}

/// `sleep (pid 123)`, and if it did not die, that it did not.
pub(super) fn name((process, gone): &(Process, bool)) -> String {
    let name = text::sanitise(&process.name);
    let still = if *gone { "" } else { ", could not be killed" };
    format!("{name} (pid {}{still})", process.pid)
}

/// Kills one process, and no other one that has reused its pid since it was found: takes the handle first, then checks
/// that the pid still names the same process, then uses the handle.
#[cfg(target_os = "linux")]
fn kill(process: &Process) {
    use rustix::process::{PidfdFlags, pidfd_open, pidfd_send_signal};
    let Some(pid) = Pid::from_raw(process.pid) else { return };
    let handle = pidfd_open(pid, PidfdFlags::empty());
    if !process.is_still_there() {
        return;
    }
    // A process that cannot be killed is still there afterwards, and is named as such.
    let _ = match handle {
        Ok(handle) => pidfd_send_signal(handle, Signal::KILL),
        Err(_) => rustix::process::kill_process(pid, Signal::KILL),
    };
}

#[cfg(not(target_os = "linux"))]
fn kill(process: &Process) {
    if let Some(pid) = Pid::from_raw(process.pid).filter(|_| process.is_still_there()) {
        let _ = rustix::process::kill_process(pid, Signal::KILL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_task_has_asked_is_found_by_the_tasks_mark() {
        for (mark, task, wanted) in [
            ("run:build", "run:build", true),
            ("run:build+12.0", "run:build", true),
            ("run:build/api", "run:build", false),
            ("run:build", "run:build/api", false),
        ] {
            assert_eq!(is_marked(mark, task), wanted, "{mark} {task}");
        }
    }
}
