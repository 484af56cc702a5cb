//! The build orchestrator behind `cargo xtask`.
//!
//! Data flows one way: the command line, the settings and the workspace make a plan; the executor runs the plan and
//! emits events; every display, record and report is made from events. The modules, in reading order:

pub mod error;
pub mod files;
pub mod text;

pub mod cli;
pub mod environment;
pub mod settings;
pub mod workspace;

pub mod command;
pub mod outcome;
pub mod plan;
pub mod readers;
pub mod reading;
pub mod stages;
pub mod tools;

pub mod process;

pub mod backing;
pub mod image;

pub mod event;

pub mod cache;
pub mod deploy;
pub mod exec;
pub mod history;
pub mod notify;
pub mod scaffold;

pub mod commands;
pub mod report;
