//! What can be typed about runs that have been: to be told, and to tell others.

use super::{HOW, OUTPUT, WHICH};
use crate::pipeline::Event;
use clap::Args;

/// Which run is told about.
#[derive(Args, Clone, Debug)]
pub struct Told {
    /// The run to tell about [default: the latest; within a run, that run as far as it has come]
    #[arg(long, value_name = "RUN", help_heading = WHICH)]
    pub run: Option<String>,
    /// All runs of the latest run's commit as one: for the records that several CI jobs have left. In CI, or with
    /// `--needs`, a stage that is missing is red
    #[arg(long, conflicts_with = "run", help_heading = WHICH)]
    pub all: bool,
    /// How the jobs before this one have ended, as GitHub's `toJSON(needs)` tells: a job without a record is a stage too
    #[arg(long, value_name = "JSON", env = "XTASK_NEEDS", hide_env_values = true, help_heading = WHICH)]
    pub needs: Option<String>,
    /// What caused the run [default: what GitHub says, else its record]
    #[arg(long, value_name = "EVENT", env = "XTASK_EVENT", hide_env_values = true, help_heading = WHICH)]
    pub event: Option<Event>,
}

#[derive(Args, Clone, Debug)]
pub struct Report {
    #[command(flatten)]
    pub told: Told,
    /// Print the summary as JSON
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
}

#[derive(Args, Clone, Debug)]
pub struct Notify {
    #[command(flatten)]
    pub told: Told,
    /// Print what each receiver would get, and send nothing
    #[arg(long, help_heading = HOW)]
    pub dry_run: bool,
}
