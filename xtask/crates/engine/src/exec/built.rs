//! The record of a build of release programs, for the tasks that pack them: the commit that they are from, and a digest
//! of each.

use crate::git;
use crate::plan::Task;
use oci_layout::Digest;
use std::path::{Path, PathBuf};
use xtask_core::reading::Reading;

/// A build that is about to begin.
pub(super) struct Built {
    root: PathBuf,
    before: Option<String>,
}

impl Built {
    /// Looks at the checkout; `None` for a task that builds no release programs.
    pub(super) fn begin(task: &Task, root: &Path) -> Option<Self> {
        task.ships.then(|| Self { root: root.to_owned(), before: revision(root) })
    }

    /// Records the programs that were built and their commit.
    pub(super) fn end(self, reading: &mut Reading) {
        let after = revision(&self.root);
        reading.revision = match (self.before, after) {
            (before, after) if before == after => after,
            (before, after) => {
                let word = |revision: Option<String>| revision.unwrap_or_else(|| "no commit".to_owned());
                Some(format!("{}, and then {}", word(before), word(after)))
            }
        };
        for binary in reading.binaries.iter_mut().filter(|binary| binary.kind == "bin" && !binary.test) {
            // A program that cannot be read cannot be packed either.
            binary.digest = std::fs::read(&binary.path).ok().map(|content| Digest::of(&content).to_string());
        }
    }
}

/// The commit, as images are labelled with it. A reason why it is unknown is not equal to any commit.
fn revision(root: &Path) -> Option<String> {
    git::revision(root).unwrap_or_else(|error| Some(format!("an unknown commit ({})", error.line())))
}
