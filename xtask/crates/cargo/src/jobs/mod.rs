//! The work of tasks about tests and servers: one file a domain. Stages plan it, the executor performs it.

pub mod as_cargo;
pub mod run_tests;
pub mod servers;
