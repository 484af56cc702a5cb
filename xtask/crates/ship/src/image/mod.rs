//! Images of the services: their contents, how an engine compiles them, how they are packed, their SBOMs, and where
//! they are pushed.
//!
//! `spec`, `registry` and `dockerfile` are what the plan needs to know; everything else does the work when a task runs.
//! Knows nothing about stages or events. The format itself is the business of the crate `oci-layout`.

pub mod bill;
mod certificates;
pub mod context;
pub mod dockerfile;
pub mod login;
pub mod pack;
pub mod push;
pub mod skopeo;
pub mod spec;

pub use pack::{Packed, pack};
