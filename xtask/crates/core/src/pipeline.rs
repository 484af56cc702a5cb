//! The twelve stages as the specification names them: needs, policies, and when they belong to a run.

use crate::ids::StageId;
use crate::outcome::Policy;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What caused the run: decides which stages belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A pull request: everything up to the release build, and the report.
    PullRequest,
    /// A push: also images and, on the main branch, the deployment.
    Push,
}

impl Event {
    /// The word that people and records see, as in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::PullRequest => "pull-request",
            Self::Push => "push",
        }
    }

    /// The event of a workflow on GitHub, by its name there. Only a push is one: a merge queue, a schedule, a manual
    /// start and all others are about a commit that is not to be deployed, like a pull request.
    pub fn on_github(name: &str) -> Self {
        if name == "push" { Self::Push } else { Self::PullRequest }
    }
}

/// The facts about a stage, before the configuration of a workspace changes them.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// The specification's job name.
    pub id: StageId,
    /// What people type to run it alone.
    pub subcommand: String,
    /// Another word for it.
    pub alias: Option<String>,
    /// The stages that must have ended before it starts.
    pub needs: Vec<StageId>,
    /// What its failure means.
    pub policy: Policy,
    /// When it belongs to the pipeline.
    pub runs: Runs,
    /// Whether it works on services one by one, so that CI may run each of them in a job of its own.
    pub per_service: bool,
    /// How many of its tasks run at once; `None` leaves it to the slots of the run.
    pub max_parallel: Option<usize>,
    /// How long each of its tasks may take.
    pub timeout: Duration,
}

/// When a stage belongs to the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// Always.
    Always,
    /// When something was pushed.
    OnPush,
    /// When something was pushed to the main branch.
    OnPushToMain,
}

/// How long a task may take unless its stage says otherwise.
const TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// The name of the formatting task within the first stage.
pub const FMT: &str = "fmt";
/// The name of the clippy task within the first stage.
pub const LINT: &str = "lint";

/// The id of the stage that installs missing tools, before the first. It does not count as requested work.
pub const SETUP: &str = "setup";
/// The id of the first stage.
pub const FORMAT_AND_LINT: &str = "format-and-lint";
/// The id of the unit and doc tests.
pub const TEST_SERVICES: &str = "test-services";
/// The id of the coverage.
pub const CODE_COVERAGE: &str = "code-coverage";
/// The id of the audit.
pub const SECURITY_AUDIT: &str = "security-audit";
/// The id of the table of dependencies.
pub const DEPENDENCY_CHECK: &str = "dependency-check";
/// The id of the integration tests.
pub const INTEGRATION_TESTS: &str = "integration-tests";
/// The job that runs the integration tests of a package in another stage than theirs.
pub const INTEGRATION: &str = "integration";
/// The id of the release build.
pub const BUILD_RELEASE: &str = "build-release";
/// The id of the images.
pub const BUILD_AND_PUSH: &str = "build-and-push";
/// What people type to make images.
pub const DOCKER: &str = "docker";
/// The id of the deployment.
pub const DEPLOY_STAGING: &str = "deploy-staging";
/// The id of the smoke tests.
pub const SMOKE_TEST: &str = "smoke-test";
/// The id of the report.
pub const QUALITY_REPORT: &str = "quality-report";
/// The id of the notifications.
pub const NOTIFY: &str = "notify";

/// The twelve stages with the specification's names, needs and policies, each after its needs.
pub fn stages() -> Vec<Definition> {
    use Policy::{Blocking, Info, Reporting, Warning};
    use Runs::{Always, OnPush, OnPushToMain};
    let row = |id: &str, subcommand: &str, needs: &[&str], policy, runs| Definition {
        id: StageId::new(id),
        subcommand: subcommand.to_owned(),
        alias: (id == FORMAT_AND_LINT).then(|| FMT.to_owned()),
        needs: needs.iter().map(|need| StageId::new(need)).collect(),
        policy,
        runs,
        per_service: matches!(id, TEST_SERVICES | INTEGRATION_TESTS | BUILD_AND_PUSH),
        max_parallel: match id {
            TEST_SERVICES | INTEGRATION_TESTS => Some(6),
            BUILD_AND_PUSH => Some(4),
            _ => None,
        },
        timeout: TIMEOUT,
    };
    let before_images = [BUILD_RELEASE, CODE_COVERAGE, SECURITY_AUDIT, INTEGRATION_TESTS];
    vec![
        row(FORMAT_AND_LINT, "lint", &[], Blocking, Always),
        row(TEST_SERVICES, "test-matrix", &[FORMAT_AND_LINT], Blocking, Always),
        row(CODE_COVERAGE, "coverage", &[TEST_SERVICES], Blocking, Always),
        row(SECURITY_AUDIT, "audit", &[FORMAT_AND_LINT], Warning, Always),
        row(DEPENDENCY_CHECK, "deps", &[FORMAT_AND_LINT], Info, Always),
        row(INTEGRATION_TESTS, "integration", &[TEST_SERVICES], Blocking, Always),
        row(BUILD_RELEASE, "build", &[FORMAT_AND_LINT, TEST_SERVICES, SECURITY_AUDIT], Blocking, Always),
        row(BUILD_AND_PUSH, DOCKER, &before_images, Blocking, OnPush),
        row(DEPLOY_STAGING, "deploy staging", &[BUILD_AND_PUSH], Info, OnPushToMain),
        row(SMOKE_TEST, "smoke staging", &[DEPLOY_STAGING], Info, OnPushToMain),
        row(QUALITY_REPORT, "report", &[TEST_SERVICES, CODE_COVERAGE, SECURITY_AUDIT], Reporting, Always),
        row(NOTIFY, "notify", &[BUILD_AND_PUSH, DEPLOY_STAGING, SMOKE_TEST, QUALITY_REPORT], Reporting, OnPush),
    ]
}

impl Definition {
    /// Whether people call it so: by its id, the first word of its command, or its other name.
    pub fn is_called(&self, name: &str) -> bool {
        let command = self.subcommand.split(' ').next();
        [Some(self.id.as_str()), command, self.alias.as_deref()].contains(&Some(name))
    }

    /// The row of the specification.
    ///
    /// # Panics
    ///
    /// Panics when the specification has no stage of this id.
    pub fn specified(id: &str) -> Self {
        let found = stages().into_iter().find(|stage| stage.id.as_str() == id);
        found.expect("the id is a constant of this module, and each of these has a row")
    }

    /// A stage beside the specification's twelve: it blocks, always runs, and has no command of its own.
    pub fn new(id: &str) -> Self {
        Self {
            id: StageId::new(id),
            subcommand: format!("ci --only {id}"),
            alias: None,
            needs: Vec::new(),
            policy: Policy::Blocking,
            runs: Runs::Always,
            per_service: false,
            max_parallel: None,
            timeout: TIMEOUT,
        }
    }
}
