//! The one way to start a child, and the surroundings of the process: variables, terminals, the clock.

pub mod environment;
pub mod process;
