//! The request for a deployment, and its result: plain data.

use super::images::Images;
use super::objects::Release;
use super::pull::Source;
use serde::Serialize;
use std::time::Duration;
use xtask_core::error::Exit;

/// A deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The environment's name, for messages and for the commands to type next.
    pub environment: String,
    /// Where it is.
    pub target: Target,
    /// Where images come from.
    pub source: Source,
    /// Its purpose.
    pub purpose: Purpose,
    /// How long all rollouts together may take.
    pub timeout: Duration,
    /// How long a rollback may take.
    pub rollback_timeout: Duration,
    /// How long a finished rollout has to remain unchanged to count.
    pub soak: Duration,
}

/// The purpose of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Run services from images.
    Release {
        /// The services, whose images are not known yet.
        services: Vec<Release>,
        /// The images. Unless they are pinned, they are read when the deployment begins, as an earlier stage may write
        /// their file.
        images: Images,
        /// Whether pods are replaced even if nothing has changed.
        restart: bool,
    },
    /// Restore the state that a run deployed; without a run, the one before the last deployment.
    Rollback {
        /// The run.
        to: Option<String>,
    },
    /// Resume a deployment that was begun.
    Resume,
}

/// A namespace of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// How to reach the cluster.
    pub cluster: Cluster,
    /// The address that its API server must have, if configured.
    pub server: Option<String>,
    /// The namespace.
    pub namespace: String,
}

/// How to reach a cluster.
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

/// The final state of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// It already ran as wanted.
    LeftAlone,
    /// It runs as wanted now.
    Done,
    /// Nothing was written for it.
    Untouched,
    /// Something was written, and its state is unknown.
    Changed,
    /// It is back in its previous state, and that was verified.
    RolledBack,
    /// It is gone again, as it did not exist before.
    Removed,
    /// A human is needed.
    Broken {
        /// The problem.
        why: String,
    },
}

impl State {
    /// For people.
    pub fn words(&self) -> String {
        match self {
            Self::LeftAlone => "unchanged".to_owned(),
            Self::Done => "deployed".to_owned(),
            Self::Untouched => "untouched: nothing was written for it".to_owned(),
            Self::Changed => "changed, and its rollout was not watched to the end".to_owned(),
            Self::RolledBack => "rolled back to the previous state".to_owned(),
            Self::Removed => "removed again: it did not exist before".to_owned(),
            Self::Broken { why } => format!("needs manual intervention: {why}"),
        }
    }
}

/// The result of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Each service.
    pub services: Vec<(String, State)>,
    /// The services that failed first, before any rollback.
    pub failed: Vec<String>,
    /// The failures, with events and last log lines; one line each.
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
    /// It failed, and the previous state is back and verified.
    RolledBack,
    /// It failed, and manual intervention is needed.
    Broken,
    /// It was stopped.
    Stopped,
}

impl End {
    /// The exit code of a run that does nothing else. That of a run that was stopped is its signal's.
    pub fn exit(self) -> Exit {
        match self {
            Self::Deployed => Exit::Ok,
            Self::Untouched => Exit::Environment,
            Self::RolledBack => Exit::RolledBack,
            Self::Broken | Self::Stopped => Exit::Broken,
        }
    }
}

/// The progress that is reported during a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// About the deployment as a whole.
    Line(String),
    /// About a service: its state now, and whether it is final.
    Service {
        /// Its name.
        service: String,
        /// Its state.
        line: String,
        /// Whether nothing more will be reported about it.
        done: bool,
    },
}
