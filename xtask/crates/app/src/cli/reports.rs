//! The commands for finished runs: `report` and `notify`.

use super::{HOW, OUTPUT, WHICH};
use clap::Args;
use xtask_core::pipeline::Event;

/// The run to report on.
#[derive(Args, Clone, Debug)]
pub struct Subject {
    /// Report on this run [default: the latest; within a run, that run so far]
    #[arg(long, value_name = "RUN", help_heading = WHICH)]
    pub run: Option<String>,
    /// Merge all runs of the latest run's commit; in CI or with `--needs`, missing stages are red
    #[arg(long, conflicts_with = "run", help_heading = WHICH)]
    pub all: bool,
    /// Include the results of earlier jobs, in the format of GitHub's `toJSON(needs)`
    #[arg(long, value_name = "JSON", env = "XTASK_NEEDS", hide_env_values = true, help_heading = WHICH)]
    pub needs: Option<String>,
    /// Set the event of the run [default: GitHub's, else the record's]
    #[arg(long, value_name = "EVENT", env = "XTASK_EVENT", hide_env_values = true, help_heading = WHICH)]
    pub event: Option<Event>,
}

#[derive(Args, Clone, Debug)]
pub struct Report {
    #[command(flatten)]
    pub subject: Subject,
    /// Print the summary as JSON
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
}

#[derive(Args, Clone, Debug)]
pub struct Notify {
    #[command(flatten)]
    pub subject: Subject,
    /// Print each receiver's message without sending it
    #[arg(long, help_heading = HOW)]
    pub dry_run: bool,
}
