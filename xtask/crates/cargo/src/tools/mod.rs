//! The tools that stages call: where they are, which version, how to get them.
//!
//! In reading order: [`xtask_core::catalogue`] holds the facts about each tool, [`places`] those about the machine, [`locate`]
//! combines the two, [`install`] returns the recipe for a missing tool, and [`preflight`], [`doctor`] and [`setup`] use
//! them for a run, `cargo xtask doctor` and `cargo xtask setup`.

pub mod places;

pub mod memory;
pub mod probe;
pub mod version;

pub mod locate;
mod search;
pub mod state;

mod docker;
mod llvm;
mod postgres;
mod toolchain;

mod carry_out;
pub mod consent;
pub mod install;
pub mod packages;

pub mod doctor;
pub mod preflight;
pub mod setup;
pub mod toolbox;

pub use consent::Consent;
pub use locate::survey;
pub use places::Places;
pub use state::{State, Survey};
pub use toolbox::Toolbox;
pub use toolchain::{release, runtime};

#[cfg(test)]
mod testbed;
