//! What can be typed to be shown something: reports, plans, drawings.

use super::{OUTPUT, Selection, StageOptions, Stages, WHICH};
use clap::{Args, ValueEnum};

#[derive(Args, Clone, Debug)]
pub struct Report {
    /// The run to tell about [default: the latest]
    #[arg(long, value_name = "RUN", help_heading = WHICH)]
    pub run: Option<String>,
    /// Tell about every run of the latest run's commit: for the records that several CI jobs have left
    #[arg(long, conflicts_with = "run", help_heading = WHICH)]
    pub all: bool,
    /// Print the summary as JSON
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
}

#[derive(Args, Clone, Debug)]
pub struct Plan {
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub stages: Stages,
    #[command(flatten)]
    pub options: StageOptions,
    /// Print the plan as JSON
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
}

/// A drawing of the stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// For a terminal
    Tree,
    /// For Graphviz
    Dot,
    /// For Markdown
    Mermaid,
    /// For programs: the plan as JSON
    Json,
}

#[derive(Args, Clone, Debug)]
pub struct Graph {
    #[command(flatten)]
    pub stages: Stages,
    /// How to draw it
    #[arg(long, value_name = "FORMAT", default_value = "tree", help_heading = OUTPUT)]
    pub format: GraphFormat,
}
