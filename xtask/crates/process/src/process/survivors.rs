//! What outlives a whole run: processes of a killed run, and orphans at the end of this one.

use super::leftovers::{self, kill_all};
use super::table::{self, Process};
use super::{MARKER, children};
use std::collections::BTreeSet;

/// A process that an earlier run has left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survivor {
    /// Its pid.
    pub pid: i32,
    /// Its name, as the kernel keeps it.
    pub name: String,
    /// The run and the task that it belongs to.
    pub marker: String,
}

/// The living processes of the run `run`, by the marker in their environment. This process and those above it are left
/// out, because a run may be started from within another one's task.
pub fn survivors(run: &str) -> Vec<Survivor> {
    find(run).into_iter().map(|(process, marker)| Survivor { pid: process.pid, name: process.name, marker }).collect()
}

/// Kills the [`survivors`] of a run whose xtask is gone, and returns them by name: `sleep (pid 123)`.
///
/// Each is checked again just before it is killed, because pids are reused.
pub fn kill_survivors(run: &str) -> Vec<String> {
    let killed = kill_all(|| find(run).into_iter().map(|(process, _)| process).collect());
    killed.iter().map(leftovers::name).collect()
}

/// Kills every orphan that this process has adopted, at the very end of a run, no matter what left it and how well it
/// hid. Returns them by name. Only a sub-reaper has any.
pub fn sweep() -> Vec<String> {
    kill_all(|| children::adopted().unwrap_or_default()).iter().map(leftovers::name).collect()
}

fn find(run: &str) -> Vec<(Process, String)> {
    let prefix = format!("{}:", run.trim_end_matches(':'));
    if prefix == ":" {
        return Vec::new();
    }
    let above = lineage(table::own_pid());
    table::all()
        .into_iter()
        .filter(|process| !process.ended && !above.contains(&process.pid))
        .filter_map(|process| process.variable(MARKER).map(|marker| (process, marker)))
        .filter(|(_, marker)| marker.starts_with(&prefix))
        .collect()
}

/// A process and all those above it.
fn lineage(pid: i32) -> BTreeSet<i32> {
    let mut above = BTreeSet::new();
    let mut next = Some(pid);
    while let Some(pid) = next.filter(|pid| above.insert(*pid)) {
        next = Process::read(pid).map(|process| process.parent);
    }
    above
}
