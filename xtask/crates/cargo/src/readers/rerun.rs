//! The command that runs tests again, as a plan knows it: a reader adds the name of the test.

use std::path::Path;
use xtask_core::command::Command;

/// The command that runs tests of a package again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rerun {
    /// A cargo call, without the arguments that name the targets: those of one test name the executable it is in.
    Cargo {
        /// The call.
        call: Command,
        /// The arguments that name all of the package's targets.
        targets: Vec<String>,
    },
    /// A line that runs them as it is.
    Line(String),
}

impl Rerun {
    /// The command for all of them; `root` is the workspace's.
    pub fn command(&self, root: &Path) -> Command {
        match self {
            Self::Cargo { call, targets } => call.clone().args(targets.iter().cloned()),
            Self::Line(line) => {
                let mut words = shlex::split(line).unwrap_or_default().into_iter();
                Command::new(words.next().unwrap_or_default(), root).args(words)
            }
        }
    }
}
