//! The commands for environments: `deploy`, `rollback`, `status` and `smoke`.

use super::{OUTPUT, Run, STAGE, Selection};
use clap::Args;
use std::path::PathBuf;

#[derive(Args, Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that people type")]
pub struct Deploy {
    /// A configured environment
    #[arg(value_name = "ENV")]
    pub environment: String,
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub images: ImagesOption,
    /// Show what would change without writing anything
    #[arg(long, conflicts_with_all = ["render", "resume"], help_heading = STAGE)]
    pub plan: bool,
    /// Print the manifests as YAML without contacting the cluster
    #[arg(long, conflicts_with = "resume", help_heading = STAGE)]
    pub render: bool,
    /// Replace pods even if nothing has changed
    #[arg(long, conflicts_with = "resume", help_heading = STAGE)]
    pub restart: bool,
    /// Resume a deployment that was stopped or killed
    #[arg(long, conflicts_with_all = ["services", "package", "images"], help_heading = STAGE)]
    pub resume: bool,
    #[command(flatten)]
    pub consent: Yes,
    #[command(flatten)]
    pub run: Run,
}

#[derive(Args, Clone, Debug, Default)]
pub struct ImagesOption {
    /// Deploy the images that FILE lists [default: those of the last push]
    #[arg(long, value_name = "FILE", env = "XTASK_IMAGES", hide_env_values = true, help_heading = STAGE)]
    pub images: Option<PathBuf>,
}

#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Yes {
    /// Change a guarded environment without asking
    #[arg(short, long, help_heading = STAGE)]
    pub yes: bool,
}

#[derive(Args, Clone, Debug)]
pub struct Rollback {
    /// A configured environment
    #[arg(value_name = "ENV")]
    pub environment: String,
    /// Restore what this run deployed [default: what ran before the last deployment]
    #[arg(long, value_name = "RUN", help_heading = STAGE)]
    pub to: Option<String>,
    #[command(flatten)]
    pub consent: Yes,
    #[command(flatten)]
    pub run: Run,
}

#[derive(Args, Clone, Debug)]
pub struct Status {
    /// A configured environment
    #[arg(value_name = "ENV")]
    pub environment: String,
    /// Print JSON
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
}

#[derive(Args, Clone, Debug)]
pub struct Smoke {
    /// A configured environment
    #[arg(value_name = "ENV")]
    pub environment: String,
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub run: Run,
}
