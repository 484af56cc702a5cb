//! Stages 9 and 10: from images to running services, and a rollback when that goes wrong.
//!
//! The wanted state is built as data ([`objects`]); whether it has been reached is judged from the cluster's answers
//! ([`rollout`]). Both are pure. Everything else talks to the cluster, through the real kubectl. [`perform`] is the
//! entry point; it knows nothing about stages, tasks or events.

pub mod objects;
pub mod request;
pub mod rollout;
pub mod yaml;

mod access;
pub mod call;
mod checks;
mod failure;
pub mod images;
mod kubectl;
mod lease;

mod back;
mod diagnose;
mod difference;
pub mod journal;
mod live;
pub mod perform;
pub mod pull;
mod report;
mod run;
mod watch;

pub mod look;
pub mod smoke;
pub mod trial;
