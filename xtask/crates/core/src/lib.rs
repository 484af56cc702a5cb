//! The words of xtask: commands, outcomes, causes, events, ids, the workspace as data. No I/O but the atomic writes of
//! `files`.

pub mod catalogue;
pub mod cause;
pub mod command;
pub mod error;
pub mod event;
pub mod files;
pub mod ids;
pub mod options;
pub mod outcome;
pub mod pipeline;
pub mod purpose;
pub mod reader;
pub mod reading;
pub mod registry;
pub mod table;
pub mod text;
pub mod workspace;
