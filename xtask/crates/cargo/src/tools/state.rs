//! The state of a tool: there, missing, of the wrong version, or broken.

use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use xtask_core::catalogue::Tool;

/// The state of a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// It is there and will do.
    Found {
        /// The program, absolute.
        path: PathBuf,
        /// Its version, as it says itself.
        version: String,
    },
    /// It is not on this machine.
    Missing,
    /// It is there, but not in a version that will do.
    WrongVersion {
        /// The program.
        path: PathBuf,
        /// Its version.
        found: String,
        /// The versions that would do.
        wanted: String,
    },
    /// It is there, but cannot be run, or does not answer as it should.
    Broken {
        /// The program.
        path: PathBuf,
        /// The problem, as a sentence fragment: `it was killed by SIGSEGV`.
        why: String,
    },
}

impl State {
    /// Where the tool is, if it will do.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Found { path, .. } => Some(path),
            _ => None,
        }
    }

    /// Whether the tool will do.
    pub fn is_found(&self) -> bool {
        self.path().is_some()
    }

    /// How much is there, when there are several candidates: the more, the better to talk about.
    fn rank(&self) -> u8 {
        match self {
            Self::Found { .. } => 3,
            Self::WrongVersion { .. } => 2,
            Self::Broken { .. } => 1,
            Self::Missing => 0,
        }
    }

    /// This one, or the other where it is better.
    pub(super) fn or_better(self, other: Self) -> Self {
        if other.rank() > self.rank() { other } else { self }
    }
}

/// The states of several tools.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    states: BTreeMap<Tool, State>,
}

impl Survey {
    /// The state of a tool; missing when it was not looked for.
    pub fn state(&self, tool: Tool) -> &State {
        self.states.get(&tool).unwrap_or(&State::Missing)
    }

    /// Whether a tool will do.
    pub fn has(&self, tool: Tool) -> bool {
        self.state(tool).is_found()
    }

    /// The tools that were looked for.
    pub fn tools(&self) -> impl Iterator<Item = (Tool, &State)> {
        self.states.iter().map(|(tool, state)| (*tool, state))
    }

    /// Adds the results of another survey.
    pub fn extend(&mut self, other: Self) {
        self.states.extend(other.states);
    }
}

impl FromIterator<(Tool, State)> for Survey {
    fn from_iter<I: IntoIterator<Item = (Tool, State)>>(states: I) -> Self {
        Self { states: states.into_iter().collect() }
    }
}
