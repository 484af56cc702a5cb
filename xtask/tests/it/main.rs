//! Tests through the binary: a directory with files, arguments, and what is then on stdout, on stderr and in the
//! exit code. Everything that runs is the real thing, or a stub program that the test puts in front of `PATH` on
//! purpose.

mod support;

mod configuration;
mod deploy;
mod faults;
mod github;
mod images;
mod notify;
mod output;
mod processes;
mod secrets;
mod surroundings;
mod tests;
mod workspaces;
