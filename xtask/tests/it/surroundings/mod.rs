//! Machines and checkouts that are not as usual: variables, terminals, disks, git.

mod disks;
mod environment;
mod git;
mod terminal;
