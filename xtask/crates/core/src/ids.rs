//! The names of stages and tasks, as types: an edge cannot point at a string that is something else.
//!
//! Ids are unique by construction, whatever the packages of a workspace are called: a package's name holds neither `/`
//! nor `:`, and neither does a stage's or a job's.
//!
//! | task | id |
//! | --- | --- |
//! | the job of a stage for a package | `test-services/auth-service` |
//! | a further job for that package | `test-services/auth-service:doc` |
//! | a job for the workspace | `test-services:compile` |

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// The name of a stage: one of the specification's job names, or one that the configuration adds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StageId(Arc<str>);

/// The name of a task: its stage, the package that it is about, and its job.
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

    /// The task of this stage that does `job` for the workspace.
    pub fn job(&self, job: &str) -> TaskId {
        TaskId(format!("{}:{job}", self.0).into())
    }

    /// The task that this stage is about, for `package`.
    pub fn package(&self, package: &str) -> TaskId {
        TaskId(format!("{}/{package}", self.0).into())
    }

    /// The task of this stage that does `job` for `package`, beside the one that the stage is about.
    pub fn package_job(&self, package: &str, job: &str) -> TaskId {
        TaskId(format!("{}/{package}:{job}", self.0).into())
    }
}

impl TaskId {
    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name within the stage: `auth-service:doc`, `compile`.
    pub fn name(&self) -> &str {
        self.0.split_once(['/', ':']).map_or(&self.0, |(_, name)| name)
    }

    /// The id as the name of a file, as unique as the id. Archives of artifacts refuse colons.
    pub fn file_stem(&self) -> String {
        self.0.replace('/', ".").replace(':', "+")
    }

    /// The file name of its log.
    pub fn log_file(&self) -> String {
        format!("{}.log", self.file_stem())
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a task is about: a stage, a package or the workspace, a job.
    type About = (String, Option<String>, Option<String>);

    fn id((stage, package, job): &About) -> TaskId {
        let stage = StageId::new(stage);
        match (package, job) {
            (Some(package), Some(job)) => stage.package_job(package, job),
            (Some(package), None) => stage.package(package),
            (None, job) => stage.job(job.as_deref().unwrap_or("all")),
        }
    }

    /// Few names that look like each other's parts, so that every kind of collision is drawn.
    fn about() -> impl Strategy<Value = About> {
        let name = || prop::sample::select(vec!["a", "a-b", "b", "doc", "a-doc", "compile", "a_b", "all"]);
        let name = move || name().prop_map(str::to_owned);
        (name(), prop::option::of(name()), prop::option::of(name()))
            .prop_filter("a task has a job or a package", |it| it.1.is_some() || it.2.is_some())
    }

    proptest! {
        #[test]
        fn no_two_tasks_share_an_id_or_a_log_whatever_packages_are_called(one in about(), other in about()) {
            prop_assert_eq!(id(&one) == id(&other), one == other);
            prop_assert_eq!(id(&one).log_file() == id(&other).log_file(), one == other);
        }
    }

    #[test]
    fn a_task_is_called_by_its_package_and_its_job_within_its_stage() {
        let stage = StageId::new("test-services");
        assert_eq!(stage.job("compile").name(), "compile");
        assert_eq!(stage.package("auth-service").name(), "auth-service");
        assert_eq!(stage.package_job("auth-service", "doc").name(), "auth-service:doc");
        assert_eq!(stage.package_job("auth-service", "doc").log_file(), "test-services.auth-service+doc.log");
    }
}
