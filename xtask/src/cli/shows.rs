//! What can be typed to be shown what would run: plans, drawings.

use super::{OUTPUT, Selection, StageOptions, Stages};
use clap::{Args, ValueEnum};

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
