//! The command `docker`, and the hidden ones that its tasks run.

use super::STAGE;
use clap::Args;
use std::path::PathBuf;
use xtask_core::registry::Login;

#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Docker {
    /// Run the audit, then push the images and read them back
    #[arg(long, help_heading = STAGE)]
    pub push: bool,
    /// Print the Dockerfile without building anything
    #[arg(long, conflicts_with = "push", help_heading = STAGE)]
    pub dockerfile: bool,
}

#[derive(Args, Clone, Debug)]
pub struct LogIn {
    /// The registry's host
    pub host: String,
    /// Set how to log in
    #[arg(long, value_name = "LOGIN")]
    pub by: Login,
    /// Set the region of Amazon's registry
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// Keep the login in FILE, which must exist [default: one of the run]
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}

#[derive(Args, Clone, Debug)]
pub struct PushImage {
    /// The service in the image
    pub service: String,
    /// Set the layout's directory
    #[arg(long, value_name = "DIR")]
    pub layout: PathBuf,
    /// Set the repository to push to
    #[arg(long, value_name = "REPOSITORY")]
    pub to: String,
    /// Add a tag, the commit's first; repeatable
    #[arg(long, value_name = "TAG", required = true)]
    pub tag: Vec<String>,
    /// Fail unless the checkout is at this commit, without changes
    #[arg(long, value_name = "COMMIT")]
    pub commit: Option<String>,
}
