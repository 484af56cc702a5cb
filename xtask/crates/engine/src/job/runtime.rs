//! What cargo takes from the toolchain for the programs that it runs.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// The paths and variables that cargo takes from the toolchain for the programs that it runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Runtime {
    /// Cargo itself, which tests find in `CARGO`.
    pub cargo: Option<PathBuf>,
    /// Where its shared libraries are: the tests of a procedural macro are linked to them.
    pub libraries: Vec<PathBuf>,
    /// The variables that rustup sets for the tools of the toolchain, and so for what cargo runs.
    pub vars: BTreeMap<String, String>,
}
