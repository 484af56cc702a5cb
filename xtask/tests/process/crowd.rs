//! Many children at once: each has its own end, and nothing piles up.

use crate::bench::{Bench, alone};
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use xtask_process::process::{End, sweep};

/// All children of this process, also those that wait to be reaped.
pub(crate) fn children() -> Vec<i32> {
    let own = std::process::id().to_string();
    let stats = fs::read_dir("/proc").expect("Linux").flatten().filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        (stat.rsplit_once(") ")?.1.split(' ').nth(1)? == own).then_some(pid)
    });
    stats.collect()
}

fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").expect("Linux").count()
}

/// Runs 200 children on 8 threads. One in four leaves an orphan of its own that ends by itself, and one in eight one
/// that does not.
fn crowd() {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let bench = Bench::within();
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= 200 {
                        break;
                    }
                    let orphan = match n % 8 {
                        0 => "setsid sleep 1000 &",
                        1 | 2 => "setsid true & true &",
                        _ => "",
                    };
                    let ran = bench.bash(&format!("{orphan} echo {n}; exit {}", n % 100));
                    assert_eq!(ran.ended.end, End::Exited(i32::try_from(n % 100).expect("small")));
                    assert_eq!(ran.stdout, [n.to_string()]);
                    let stayed = usize::from(n.is_multiple_of(8));
                    assert!(ran.ended.leaked.len() >= stayed, "{:?}", ran.ended.leaked);
                }
            });
        }
    });
}

#[test]
fn many_at_once_keep_their_ends_and_leave_nothing() {
    let _alone = alone();
    crowd();
    let before = open_files();
    crowd();
    assert_eq!(sweep(), [] as [&str; 0]);
    assert_eq!(children(), [] as [i32; 0], "no zombie is left");
    // A reader ends a moment after its last message, so the count is waited for.
    while open_files() > before {
        thread::yield_now();
    }
}
