//! The build orchestrator behind `cargo xtask`.
//!
//! Data flows one way: the command line, the settings and the workspace make a plan; the executor runs the plan and
//! emits events; every display, record and report is made from events.
//!
//! The modules in layers. A module imports those of its own layer and of the layers above it, and never itself by way
//! of others.

// Words without I/O.
pub mod cause;
pub mod command;
pub mod error;
pub mod event;
pub mod ids;
pub mod options;
pub mod outcome;
pub mod pipeline;
pub mod purpose;
pub mod reading;
pub mod registry;
pub mod table;
pub mod text;

// What surrounds a run.
pub mod environment;
pub mod files;
pub mod process;
pub mod tools;
pub mod workspace;

// What stages work with, and what is made from events.
pub mod backing;
pub mod deploy;
pub mod history;
pub mod image;
pub mod notify;
pub mod report;

// The plan, what its tasks do, and the readers of what they print.
pub mod cache;
pub mod job;
pub mod jobs;
pub mod plan;
pub mod readers;

// From what was typed and configured to a plan.
pub mod cli;
pub mod planner;
pub mod settings;
pub mod stages;

// Carrying it out.
pub mod commands;
pub mod exec;
pub mod scaffold;
pub mod secrets;
