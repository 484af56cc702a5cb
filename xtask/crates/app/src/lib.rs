//! The command line, the settings, the stages and the planner, and each subcommand, made of all crates below.

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
pub use program::{Session, Subcommand};
pub use stages::Stage;
