//! What xtask prints: help, plans and graphs, and the output of children.

mod children;
mod help;
mod show;
