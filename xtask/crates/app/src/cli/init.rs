//! The command that makes a workspace use xtask.

use super::{HOW, STAGE};
use clap::Args;
use std::path::PathBuf;

#[derive(Args, Clone, Debug)]
pub struct Init {
    /// Depend on the clone of xtask's repository in DIR
    #[arg(long, value_name = "DIR", conflicts_with = "git", help_heading = STAGE)]
    pub path: Option<PathBuf>,
    /// Depend on xtask's repository at URL [default: where this one is published, at its tag]
    #[arg(long, value_name = "URL", help_heading = STAGE)]
    pub git: Option<String>,
    /// Pin the repository to a commit
    #[arg(long, value_name = "REV", requires = "git", conflicts_with = "tag", help_heading = STAGE)]
    pub rev: Option<String>,
    /// Pin the repository to a tag
    #[arg(long, value_name = "TAG", requires = "git", help_heading = STAGE)]
    pub tag: Option<String>,
    /// Show the changes without writing them
    #[arg(long, conflicts_with = "yes", help_heading = HOW)]
    pub dry_run: bool,
    /// Write without asking
    #[arg(short, long, help_heading = HOW)]
    pub yes: bool,
}
