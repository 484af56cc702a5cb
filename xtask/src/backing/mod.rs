//! PostgreSQL, Redis and whatever else the integration tests talk to.

pub mod spec;
