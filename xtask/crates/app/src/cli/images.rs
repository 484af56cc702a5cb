//! The command `docker`.

use super::STAGE;
use clap::Args;

#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Docker {
    /// Run the audit, then push the images and read them back
    #[arg(long, help_heading = STAGE)]
    pub push: bool,
    /// Print the Dockerfile without building anything
    #[arg(long, conflicts_with = "push", help_heading = STAGE)]
    pub dockerfile: bool,
}
