//! Stages 9 and 10: from images to running services, and back when that goes wrong.
//!
//! What shall be is made as data ([`objects`]); whether it is there is judged from what the cluster says ([`rollout`]).
//! Both are pure. Everything else talks to the cluster, through the real kubectl. [`perform`] is the way in; it knows
//! nothing about stages, tasks or events.

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
