//! The cargo workspace that the pipeline works on.

pub mod advisories;
pub mod flags;
pub mod git;
pub mod load;
pub mod model;

pub use model::{Features, Package, Workspace};
