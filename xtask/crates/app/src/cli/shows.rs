//! The commands that show what would run: `plan` and `graph`.

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

/// A format of `graph`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// A tree for the terminal
    Tree,
    /// A graph for Graphviz
    Dot,
    /// A diagram for Markdown
    Mermaid,
    /// The plan as JSON
    Json,
}

#[derive(Args, Clone, Debug)]
pub struct Graph {
    #[command(flatten)]
    pub stages: Stages,
    /// Choose the format
    #[arg(long, value_name = "FORMAT", default_value = "tree", help_heading = OUTPUT)]
    pub format: GraphFormat,
}
