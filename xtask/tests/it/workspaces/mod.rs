//! Workspaces: new services, other people's workspaces, and how to adopt xtask in one.

mod adopting;
mod foreign;
mod init;
mod new_service;
mod new_service_here;
