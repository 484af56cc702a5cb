//! Images of the services: what goes into them, how it is packed without an engine, and what they are made of.
//!
//! `spec` is data that the plan holds; everything else does the work when a task is run. Knows nothing about stages or
//! events. The format itself is the business of the crate `oci-layout`.

pub mod bill;
mod certificates;
pub mod pack;
pub mod spec;

pub use pack::{Packed, pack};
