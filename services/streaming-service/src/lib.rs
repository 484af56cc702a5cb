//! Live sessions and how many people watch them.
//!
//! Sessions are rows in `PostgreSQL`; who watches is in Redis, and forgotten without a heartbeat.

pub mod domain;
pub mod http;
pub mod store;

/// What [`kit::serve()`] runs.
pub static SERVICE: kit::Service = kit::Service {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    about: env!("CARGO_PKG_DESCRIPTION"),
    port: 8089,
    migrations: &[kit::migration!("0001_sessions")],
    routes: http::routes,
};
