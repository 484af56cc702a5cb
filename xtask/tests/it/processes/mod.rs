//! The processes of a run: signals, crashes, time limits, leftovers, and two runs at once.

mod kill;
mod kill_by_bug;
mod leaks;
mod locks;
mod signals;
mod timeouts;
