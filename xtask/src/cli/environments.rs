//! What can be typed about environments: deploying, looking, trying out, going back.

use super::{OUTPUT, Run, STAGE, Selection};
use clap::Args;
use std::path::PathBuf;

#[derive(Args, Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that people type")]
pub struct Deploy {
    /// The environment, as the configuration names it
    #[arg(value_name = "ENV")]
    pub environment: String,
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub images: ImagesOption,
    /// Show what would change, and write nothing
    #[arg(long, conflicts_with_all = ["render", "resume"], help_heading = STAGE)]
    pub plan: bool,
    /// Print the manifests as YAML, and talk to nobody
    #[arg(long, conflicts_with = "resume", help_heading = STAGE)]
    pub render: bool,
    /// Replace the pods although nothing has changed
    #[arg(long, conflicts_with = "resume", help_heading = STAGE)]
    pub restart: bool,
    /// Go on with the deployment that was stopped or killed
    #[arg(long, conflicts_with_all = ["services", "package", "images"], help_heading = STAGE)]
    pub resume: bool,
    #[command(flatten)]
    pub consent: Yes,
    #[command(flatten)]
    pub run: Run,
}

#[derive(Args, Clone, Debug, Default)]
pub struct ImagesOption {
    /// The images to deploy [default: what the last push has written]
    #[arg(long, value_name = "FILE", env = "XTASK_IMAGES", hide_env_values = true, help_heading = STAGE)]
    pub images: Option<PathBuf>,
}

#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Yes {
    /// Do not ask before a guarded environment is changed
    #[arg(short, long, help_heading = STAGE)]
    pub yes: bool,
}

#[derive(Args, Clone, Debug)]
pub struct Rollback {
    /// The environment, as the configuration names it
    #[arg(value_name = "ENV")]
    pub environment: String,
    /// What this run has deployed shall run again [default: what ran before the last deployment]
    #[arg(long, value_name = "RUN", help_heading = STAGE)]
    pub to: Option<String>,
    #[command(flatten)]
    pub consent: Yes,
    #[command(flatten)]
    pub run: Run,
}

#[derive(Args, Clone, Debug)]
pub struct Status {
    /// The environment, as the configuration names it
    #[arg(value_name = "ENV")]
    pub environment: String,
    /// Print JSON
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
}

#[derive(Args, Clone, Debug)]
pub struct Smoke {
    /// The environment, as the configuration names it
    #[arg(value_name = "ENV")]
    pub environment: String,
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub run: Run,
}
