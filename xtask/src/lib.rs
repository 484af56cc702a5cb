//! The build orchestrator behind `cargo xtask`.
//!
//! Data flows one way: the command line, the settings and the workspace make a plan; the executor runs the plan and
//! emits events; every display, record and report is made from events.
//!
//! The modules in layers. A module imports those of its own layer and of the layers above it, and never itself by way
//! of others.

// Words without I/O.
pub mod catalogue;
pub mod cause;
pub mod command;
pub mod error;
pub mod event;
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

// What surrounds a run.
pub mod environment;
pub mod files;
pub mod process;

// The plan and how it is carried out.
pub mod cache;
pub mod exec;
pub mod git;
pub mod job;
pub mod plan;

// What is made from events, and what outlives a run.
pub mod history;
pub mod report;

// What stages work with.
pub mod backing;
pub mod deploy;
pub mod image;
pub mod jobs;
pub mod metadata;
pub mod notify;
pub mod readers;
pub mod tools;

// From what was typed and configured to a plan, and to its end.
pub mod cli;
pub mod commands;
pub mod planner;
pub mod scaffold;
pub mod secrets;
pub mod settings;
pub mod stages;
