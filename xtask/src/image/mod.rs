//! Images of the services: what goes into them, how it is packed without an engine, what they are made of, and where
//! they go.
//!
//! `spec` and `registry` are what the plan needs to know; everything else does the work when a task is run. Knows nothing about stages or
//! events. The format itself is the business of the crate `oci-layout`.

pub mod bill;
mod certificates;
pub mod pack;
pub mod push;
pub mod registry;
pub mod skopeo;
pub mod spec;

pub use pack::{Packed, pack};
