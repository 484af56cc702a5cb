//! The tools that stages call: where they are, which version, how to get them.

pub mod catalogue;
