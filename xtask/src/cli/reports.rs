//! What can be typed to be told about runs that have been: reports.

use super::{OUTPUT, WHICH};
use clap::Args;

/// Which run is told about.
#[derive(Args, Clone, Debug)]
pub struct Told {
    /// The run to tell about [default: the latest]
    #[arg(long, value_name = "RUN", help_heading = WHICH)]
    pub run: Option<String>,
    /// Tell about all runs of the latest run's commit as one: for the records that several CI jobs have left
    #[arg(long, conflicts_with = "run", help_heading = WHICH)]
    pub all: bool,
    /// How the jobs before this one have ended, as GitHub's `toJSON(needs)` tells: a job without a record is a stage too
    #[arg(long, value_name = "JSON", env = "XTASK_NEEDS", hide_env_values = true, help_heading = WHICH)]
    pub needs: Option<String>,
}

#[derive(Args, Clone, Debug)]
pub struct Report {
    #[command(flatten)]
    pub told: Told,
    /// Print the summary as JSON
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
}
