//! What tasks do besides spawning their command: one file a domain. Stages plan them, the executor performs them.

pub mod as_cargo;
pub mod deploy;
pub mod images;
pub mod run_tests;
pub mod servers;
