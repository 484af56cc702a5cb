//! Turns a child's output into a [`Reading`]: one file per tool.
//!
//! Readers are pure: they see lines and an exit, and know nothing of processes, files or clocks. They keep a bounded
//! amount whatever a child prints. All of them follow one rule: output that is empty, cut off or of a new shape is an
//! `environment-error` with the reason, never "no findings"; and a tool that crashed is not one that found something.

mod cargo_audit;
mod cargo_deny;
mod cargo_messages;
mod cargo_test;
mod coverage;
mod docker_build;
mod duplicates;
mod environment;
mod findings;
mod json;
mod libtest;
mod llvm_cov;
mod outdated;
mod rerun;
mod rustfmt;
mod tarpaulin;
#[cfg(test)]
mod tests;
mod waivers;

pub use cargo_audit::CargoAudit;
pub use cargo_deny::CargoDeny;
pub use cargo_messages::CargoMessages;
pub use cargo_test::{CargoTest, Part, Ran};
pub use coverage::CoverageGate;
pub use docker_build::DockerBuild;
pub use duplicates::Duplicates;
pub use environment::Environment;
pub use libtest::Libtest;
pub use outdated::Outdated;
pub use rerun::Rerun;
pub use rustfmt::Rustfmt;
pub use waivers::Waiver;

/// Reads the JSON export of `cargo llvm-cov report --json`.
pub type LlvmCov = coverage::Measured<llvm_cov::Export>;
/// Reads the JSON report that `cargo tarpaulin --out Json` writes.
pub type Tarpaulin = coverage::Measured<tarpaulin::Files>;
