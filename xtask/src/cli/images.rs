//! What can be typed about images.

use super::{BuilderOption, DatabaseOption, OUTPUT, RegistryOption, Run, STAGE, Selection};
use crate::registry::Login;
use clap::Args;
use std::path::PathBuf;

#[derive(Args, Clone, Debug)]
pub struct Docker {
    #[command(flatten)]
    pub selection: Selection,
    /// Push the images under the commit's tag and the branch's, and read them back; the audit goes first
    #[arg(long, help_heading = STAGE)]
    pub push: bool,
    #[command(flatten)]
    pub builder: BuilderOption,
    #[command(flatten)]
    pub registry: RegistryOption,
    #[command(flatten)]
    pub database: DatabaseOption,
    #[command(flatten)]
    pub run: Run,
    /// Print the Dockerfile that the images are built with, and do nothing
    #[arg(long, conflicts_with = "push", help_heading = OUTPUT)]
    pub dockerfile: bool,
    /// Arguments for `docker build`: `--network host`, `--secret id=cargo-config,src=FILE`
    #[arg(last = true, value_name = "ARGS")]
    pub args: Vec<String>,
}

#[derive(Args, Clone, Debug)]
pub struct LogIn {
    /// The registry's host
    pub host: String,
    /// How
    #[arg(long, value_name = "LOGIN")]
    pub by: Login,
    /// The region, of Amazon's registry
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// The file that keeps the login, which is there already [default: one of the run]
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}

#[derive(Args, Clone, Debug)]
pub struct PushImage {
    /// The service in it
    pub service: String,
    /// The layout's folder
    #[arg(long, value_name = "DIR")]
    pub layout: PathBuf,
    /// Where to
    #[arg(long, value_name = "REPOSITORY")]
    pub to: String,
    /// The tags, the commit's first
    #[arg(long, value_name = "TAG", required = true)]
    pub tag: Vec<String>,
    /// The commit that the checkout must still be at, without changes
    #[arg(long, value_name = "COMMIT")]
    pub commit: Option<String>,
}
