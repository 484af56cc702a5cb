//! A new service from the workspace's template: its name, its files, and putting them in place at once.
//!
//! A template is a directory with a whole small package. Nothing here knows its contents: its words are replaced, and
//! that is all.

pub mod name;
pub mod place;
pub mod template;
