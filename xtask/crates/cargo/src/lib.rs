//! The pipeline's knowledge of cargo: metadata, tools and their output, tests, and the servers that tests need.

pub mod backing;
pub mod jobs;
pub mod metadata;
pub mod readers;
pub mod tools;
