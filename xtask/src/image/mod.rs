//! Images of the services: what goes into them, how an engine compiles that, how it is packed, what it is made of, and
//! where it goes.
//!
//! `spec`, `registry` and `dockerfile` are what the plan needs to know; everything else does the work when a task is run.
//! Knows nothing about stages or events. The format itself is the business of the crate `oci-layout`.

pub mod bill;
mod certificates;
pub mod context;
pub mod dockerfile;
pub mod pack;
pub mod push;
pub mod skopeo;
pub mod spec;

pub use pack::{Packed, pack};
