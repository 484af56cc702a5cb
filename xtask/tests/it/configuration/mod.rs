//! The configuration, and which services, packages and stages a run selects.

mod keys;
mod schema;
mod selection;
