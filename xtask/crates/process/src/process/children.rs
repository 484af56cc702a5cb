//! Which processes are children of this one, and what may reap them.
//!
//! A sub-reaper adopts the orphans of its descendants, and must reap them when they end. Reaping the wrong pid steals
//! an exit status that another thread waits for. So all of it happens under one lock:
//!
//! - A leader (a child that this module spawned) is on the list from before any thread can look until after it was
//!   reaped by its own supervisor. Nothing else reaps a pid that is on the list.
//! - A child that some library spawns on its own stays in xtask's process group, while an orphan has the group of its
//!   leader or one of its own. So xtask's own group is left alone as well.
//! - What remains is adopted. Only this module reaps it, under the lock, so its pid cannot be reused between the look
//!   and the reaping.

use super::table::{self, Process};
use std::collections::BTreeSet;
use std::io;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The leaders that have not been reaped. One list per process, because a process has one set of children.
static LEADERS: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

fn leaders() -> MutexGuard<'static, BTreeSet<i32>> {
    LEADERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes this process the one that adopts orphaned descendants, so that none of them escapes. Call it once, early.
/// Without it, or where the system has no such feature, an orphan is found by its group and its marker alone.
pub fn become_subreaper() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    Ok(())
}

fn is_subreaper() -> bool {
    #[cfg(target_os = "linux")]
    return rustix::process::child_subreaper().is_ok_and(|on| on.is_some());
    #[cfg(not(target_os = "linux"))]
    return false;
}

/// Spawns a leader. One at a time: the list then never lags behind, and on systems that cannot create a pipe closed on
/// exec in one step, no sibling inherits an end of it.
pub(super) fn spawn(command: &mut Command) -> io::Result<Child> {
    let mut leaders = leaders();
    let child = command.spawn()?;
    leaders.insert(pid_of(&child));
    Ok(child)
}

/// Reaps a leader that is known to have ended; if it were running, every thread would wait for it under the lock.
///
/// It leaves the list after it was reaped, not before: in between, its pid could be reused by an adopted orphan, which
/// then is reaped one look later. The other way round, its own status could be stolen.
pub(super) fn reap(child: &mut Child) -> io::Result<ExitStatus> {
    let mut leaders = leaders();
    let status = child.wait();
    leaders.remove(&pid_of(child));
    status
}

/// The living orphans that this process has adopted; those that have ended are reaped. `None` when this process adopts
/// none or cannot see which: then no process can be ruled out.
pub(super) fn adopted() -> Option<Vec<Process>> {
    if !is_subreaper() {
        return None;
    }
    let leaders = leaders();
    let own_group = rustix::process::getpgrp().as_raw_nonzero().get();
    let mut orphans: Vec<Process> = table::children_of_main_thread()?
        .into_iter()
        .filter(|pid| !leaders.contains(pid))
        .filter_map(Process::read)
        .filter(|child| child.parent == table::own_pid() && child.group != own_group)
        .collect();
    orphans.retain(|orphan| !orphan.ended || !reap_orphan(orphan.pid));
    Some(orphans)
}

/// Reaps one ended orphan, under the caller's lock. `false` when it was not ours after all.
fn reap_orphan(pid: i32) -> bool {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let Some(pid) = Pid::from_raw(pid) else { return false };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
    !matches!(rustix::io::retry_on_intr(|| waitid(WaitId::Pid(pid), options)), Ok(None))
}

/// Blocks until the child has ended, and leaves its status for [`reap`]. Until then its pid, which is also its group's
/// number, cannot be reused: signals to the group reach the right one.
pub(super) fn wait_for_end(pid: i32) {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let Some(pid) = Pid::from_raw(pid) else { return };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    // An error can only mean that there is no such child, which is an end as well.
    let _ = rustix::io::retry_on_intr(|| waitid(WaitId::Pid(pid), options));
}

/// Whether a leader has ended, asked of the kernel: its own thread may not have had the time to notice.
pub(super) fn has_ended(pid: i32) -> bool {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    let ended = |pid| rustix::io::retry_on_intr(|| waitid(WaitId::Pid(pid), options));
    Pid::from_raw(pid).is_some_and(|pid| matches!(ended(pid), Ok(Some(_))))
}

/// The pid of a child, in the type that the kernel uses.
pub(super) fn pid_of(child: &Child) -> i32 {
    i32::try_from(child.id()).expect("the kernel gives pids that fit")
}
