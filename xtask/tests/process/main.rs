//! The supervision of one child, provoked with real children: those that will not end, that leave others behind, that
//! print garbage or too much.
//!
//! A binary of its own, because it makes its process a sub-reaper and counts what is open and alive in it.

mod background;
mod bench;
mod crowd;
mod leaks;
mod output;
mod start;
mod stop;
