//! A new service from the workspace's template: its name, its files, and putting them in place at once.
//!
//! A template is a folder with a whole small package. Nothing here knows what is in it: its words are replaced, and that
//! is all.

pub mod name;
pub mod place;
pub mod template;
