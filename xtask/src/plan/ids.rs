//! The names of stages and tasks, as types: an edge cannot point at a string that is something else.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// The name of a stage: one of the specification's job names, or one that the configuration adds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StageId(Arc<str>);

/// The name of a task: its stage, a slash, and what it is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(Arc<str>);

impl StageId {
    /// A stage of this name.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The task of this stage that is about `name`.
    pub fn task(&self, name: &str) -> TaskId {
        TaskId(format!("{}/{name}", self.0).into())
    }
}

impl TaskId {
    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The file name of its log: the id with slashes replaced, which stay unique because stage names hold none.
    pub fn log_file(&self) -> String {
        format!("{}.log", self.0.replace('/', "."))
    }
}

impl fmt::Display for StageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
