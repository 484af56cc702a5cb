//! The processes of a run: signals, crashes, time limits, leftovers, two runs at once, and no process of xtask itself.

mod itself;
mod kill;
mod kill_by_bug;
mod leaks;
mod locks;
mod signals;
mod timeouts;
