//! The slots of a run: a separate rayon pool, so that a task never waits for rayon's global one and the loop stays
//! off it.

use rayon::{ThreadPool, ThreadPoolBuilder};
use xtask_core::error::{Error, Result};

/// As many slots as tasks may run at once.
pub fn slots(count: usize) -> Result<ThreadPool> {
    ThreadPoolBuilder::new()
        .num_threads(count)
        .thread_name(|index| format!("slot-{index}"))
        .build()
        .map_err(|error| Error::environment(format!("make {count} slots for tasks")).because(error))
}

/// A jobserver for every cargo of a run, so that together they use `cpus` processors; each has one token of its own.
pub fn jobserver(cpus: usize) -> Option<jobserver::Client> {
    // Without one, every cargo uses all processors: slower, and nothing else.
    jobserver::Client::new(cpus.saturating_sub(1).max(1)).ok()
}
