//! From a release build to an environment: images, deployments, notifications.

pub mod deploy;
pub mod image;
pub mod jobs;
pub mod notify;
