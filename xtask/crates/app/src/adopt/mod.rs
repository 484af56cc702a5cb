//! How a workspace starts to use xtask: the files that are added, and the lines in those that are there already.
//!
//! A change is a text before and a text after. What is shown, written and undone is this same value. Nothing here knows
//! the command line.

pub mod change;
pub mod diff;
pub mod package;
pub mod table;
pub mod write;
