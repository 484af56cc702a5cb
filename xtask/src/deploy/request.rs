//! What a deployment is asked for, and what comes of it: plain data.

use super::images::Images;
use super::objects::Release;
use super::pull::Source;
use crate::error::Exit;
use serde::Serialize;
use std::time::Duration;

/// A deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The environment's name, for messages and for the commands to type next.
    pub environment: String,
    /// Where it is.
    pub target: Target,
    /// Where images come from.
    pub source: Source,
    /// What for.
    pub purpose: Purpose,
    /// How long all rollouts together may take.
    pub timeout: Duration,
    /// How long going back may take.
    pub rollback_timeout: Duration,
    /// How long a finished rollout has to stay as it is to count.
    pub soak: Duration,
}

/// What a deployment is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Services shall run from images.
    Release {
        /// The services, whose images are not known yet.
        services: Vec<Release>,
        /// The images. Unless they are pinned, they are read when the deployment begins, for a stage before may write
        /// their file.
        images: Images,
        /// Whether pods are replaced although nothing has changed.
        restart: bool,
    },
    /// What a run has deployed shall be again; without a run, what was before the last deployment.
    Rollback {
        /// The run.
        to: Option<String>,
    },
    /// What was begun shall be gone on with.
    Resume,
}

/// A namespace of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// How the cluster is reached.
    pub cluster: Cluster,
    /// The address that its API server must have, when the configuration says it.
    pub server: Option<String>,
    /// The namespace.
    pub namespace: String,
}

/// How a cluster is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cluster {
    /// `aws eks update-kubeconfig`.
    Eks {
        /// The cluster's name.
        name: String,
        /// Its region.
        region: String,
        /// The account that the credentials must belong to.
        account: Option<String>,
    },
    /// A context of the user's own kubeconfig.
    Context(String),
}

/// How it stands with a service at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// It ran as wanted already.
    LeftAlone,
    /// It runs as wanted now.
    Done,
    /// Nothing was written for it.
    Untouched,
    /// Something was written, and it is not known how it stands.
    Changed,
    /// It is what it was before, and that was verified.
    RolledBack,
    /// It is gone again, as it was not there before.
    Removed,
    /// A human is needed.
    Broken {
        /// What is wrong.
        why: String,
    },
}

impl State {
    /// For people.
    pub fn words(&self) -> String {
        match self {
            Self::LeftAlone => "left alone: it ran as wanted already".to_owned(),
            Self::Done => "deployed".to_owned(),
            Self::Untouched => "untouched: nothing was written for it".to_owned(),
            Self::Changed => "changed, and nobody has watched it to its end".to_owned(),
            Self::RolledBack => "rolled back; what was before runs again".to_owned(),
            Self::Removed => "removed again; there was none before".to_owned(),
            Self::Broken { why } => format!("needs manual intervention: {why}"),
        }
    }
}

/// What came of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Each service.
    pub services: Vec<(String, State)>,
    /// The services that have failed first, before anything was set back.
    pub failed: Vec<String>,
    /// What has failed, with events and last log lines; a line each.
    pub diagnosis: Vec<String>,
    /// The commands to type next.
    pub next: Vec<String>,
    /// How it ended.
    pub end: End,
}

/// How a deployment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Everything runs as wanted.
    Deployed,
    /// It failed before anything was written.
    Untouched,
    /// It failed, and what was before is back and verified.
    RolledBack,
    /// It failed, and manual intervention is needed.
    Broken,
    /// It was stopped.
    Stopped,
}

impl End {
    /// The exit code of a run that is about nothing else. That of a run which was stopped is its signal's.
    pub fn exit(self) -> Exit {
        match self {
            Self::Deployed => Exit::Ok,
            Self::Untouched => Exit::Environment,
            Self::RolledBack => Exit::RolledBack,
            Self::Broken | Self::Stopped => Exit::Broken,
        }
    }
}

/// What is told while it goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// About the whole.
    Line(String),
    /// About a service: how it stands now, and whether that is its end.
    Service {
        /// Its name.
        service: String,
        /// How it stands.
        line: String,
        /// Whether nothing more will be said of it.
        done: bool,
    },
}
