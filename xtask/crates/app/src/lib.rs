//! `cargo xtask` as a library: one pipeline for a cargo workspace, on a laptop and in CI.
//!
//! A repository depends on this crate in a package of its own, whose `main` calls [`App`]; `cargo xtask init` writes that
//! package. [`App::stage`] adds a stage of the repository's own, a type that implements [`Stage`]; [`App::command`] adds a
//! [`Subcommand`]. What these work with is re-exported here. A stage that is one command needs no code:
//! `[workspace.metadata.xtask.stages.NAME]` in the manifest adds it.

pub mod adopt;
pub mod app;
pub mod cli;
pub mod commands;
pub mod planner;
pub mod program;
pub mod scaffold;
pub mod secrets;
pub mod settings;
pub mod stages;

pub use app::App;
pub use clap;
pub use program::{Session, Subcommand};
pub use stages::{Context, Stage};
pub use xtask_core::catalogue::Tool;
pub use xtask_core::command::Command;
pub use xtask_core::error::{Error, Exit, Result};
pub use xtask_core::ids::StageId;
pub use xtask_core::outcome::Policy;
pub use xtask_core::pipeline::{Definition, Runs};
pub use xtask_engine::plan::Task;
