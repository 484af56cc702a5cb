//! Processes that still work in the directory of a dead run.
//!
//! Processes of a run carry a mark in their environment, and [`xtask_process::process::kill_survivors`] finds them by it.
//! But a server that writes its title over its arguments, as some do, wipes out the environment behind them too. Its
//! working directory is still reliable. Where the system has no `/proc`, no process is found.

use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// How long the kernel may take to end those that were killed.
const LIMIT: Duration = Duration::from_secs(2);

/// Kills and names them all: `redis-server (pid 123)`. Looks again until none is left or it takes too long.
pub(super) fn evict(directory: &Path) -> Vec<String> {
    let started = Instant::now();
    let mut named = Vec::new();
    loop {
        let found = find(directory);
        if found.is_empty() || started.elapsed() > LIMIT {
            return named;
        }
        for (pid, name) in found {
            let _ = Pid::from_raw(pid).map(|pid| kill_process(pid, Signal::KILL));
            let name = format!("{name} (pid {pid})");
            if !named.contains(&name) {
                named.push(name);
            }
        }
        thread::sleep(Duration::from_millis(10));
    }
}

fn find(directory: &Path) -> Vec<(i32, String)> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(directory)))
        .map(|pid| (pid, fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim().to_owned()))
        .collect()
}
