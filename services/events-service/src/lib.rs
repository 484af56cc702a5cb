//! Append-only logs, where an event is appended once, however often it is sent.
//!
//! Events are rows in `PostgreSQL`; whoever reads live is told by Redis publish.

pub mod domain;
pub mod http;
pub mod store;

/// What [`kit::serve()`] runs.
pub static SERVICE: kit::Service = kit::Service {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    about: env!("CARGO_PKG_DESCRIPTION"),
    port: 8092,
    migrations: &[kit::migration!("0001_events")],
    routes: http::routes,
};
