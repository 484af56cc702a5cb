//! Home timelines by fan-out on write.
//!
//! What a reader gets is a row in `PostgreSQL`; the newest entries are a sorted set in Redis, rebuilt when lost.

pub mod domain;
pub mod http;
pub mod store;

/// What [`kit::serve()`] runs.
pub static SERVICE: kit::Service = kit::Service {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    about: env!("CARGO_PKG_DESCRIPTION"),
    port: 8085,
    migrations: &[kit::migration!("0001_entries")],
    routes: http::routes,
};
