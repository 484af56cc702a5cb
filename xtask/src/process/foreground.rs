//! Children outside of a run: a short question to a program, an installation that people watch.
//!
//! Each leads a process group of its own, so that it can be ended with everything that it has started, and is on a list
//! while it runs, so that none outlives an xtask that is stopped. What they print, how long they may take and which
//! signal stops xtask is not decided here.

use super::leftovers::LOOK_AGAIN;
use super::{children, spawn, table};
use rustix::process::{Pid, Signal, kill_process_group};
use std::collections::BTreeSet;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// The leaders of the groups that have not been reaped. One list a process: a signal ends all of them.
static RUNNING: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

fn running() -> MutexGuard<'static, BTreeSet<i32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A child that runs in the foreground. Dropped before it was reaped, it is killed with its group.
#[derive(Debug)]
pub struct Foreground {
    child: Child,
    reaped: bool,
}

impl Foreground {
    /// Spawns a command in a process group of its own.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        command.process_group(0);
        let mut running = running();
        let child = spawn::start(command)?;
        running.insert(children::pid_of(&child));
        Ok(Self { child, reaped: false })
    }

    /// What it prints, where that is piped.
    pub fn streams(&mut self) -> (Option<ChildStdout>, Option<ChildStderr>) {
        (self.child.stdout.take(), self.child.stderr.take())
    }

    /// Waits until it has ended.
    pub fn wait(&self) {
        children::wait_for_end(children::pid_of(&self.child));
    }

    /// Waits until it has ended, but no longer than `limit`. `false` when it has not.
    pub fn wait_at_most(&self, limit: Duration) -> bool {
        let pid = children::pid_of(&self.child);
        let (sender, ended) = mpsc::channel();
        thread::spawn(move || {
            children::wait_for_end(pid);
            let _ = sender.send(());
        });
        ended.recv_timeout(limit).is_ok()
    }

    /// Kills what is left of its group.
    pub fn kill_group(&self) {
        signal(children::pid_of(&self.child), Signal::KILL);
    }

    /// Takes its status, once it has ended or was killed.
    pub fn reap(mut self) -> io::Result<ExitStatus> {
        self.take_status()
    }

    /// The number of the group is free as soon as the leader is reaped, so it leaves the list in the same step.
    fn take_status(&mut self) -> io::Result<ExitStatus> {
        self.reaped = true;
        let mut running = running();
        let status = children::reap(&mut self.child);
        running.remove(&children::pid_of(&self.child));
        status
    }
}

impl Drop for Foreground {
    fn drop(&mut self) {
        if !self.reaped {
            self.kill_group();
            let _ = self.take_status();
        }
    }
}

/// Whether anything runs in the foreground.
pub fn foreground_is_busy() -> bool {
    !running().is_empty()
}

/// Ends everything in the foreground, because xtask is about to end: TERM to each group, and KILL to those that are left
/// after `grace`, or as soon as `at_once` says so.
///
/// The list stays locked for the rest of this process's life. So nothing is started any more, and who waits for a child
/// that has ended does not continue with the next one.
pub fn end_foreground(grace: Duration, at_once: &dyn Fn() -> bool) {
    let running = running();
    let until = Instant::now() + grace;
    running.iter().for_each(|leader| signal(*leader, Signal::TERM));
    while running.iter().any(|leader| is_alive(*leader)) && !at_once() && Instant::now() < until {
        thread::sleep(LOOK_AGAIN);
    }
    running.iter().for_each(|leader| signal(*leader, Signal::KILL));
    std::mem::forget(running);
}

/// Signals a whole group, and wakes those of it that are stopped. A group that has ended needs no signal.
fn signal(leader: i32, signal: Signal) {
    if let Some(group) = Pid::from_raw(leader) {
        let _ = kill_process_group(group, signal);
        let _ = kill_process_group(group, Signal::CONT);
    }
}

/// Whether the leader of a group runs, or anything else of it.
fn is_alive(leader: i32) -> bool {
    !children::has_ended(leader) || table::all().iter().any(|process| process.group == leader && !process.ended)
}
