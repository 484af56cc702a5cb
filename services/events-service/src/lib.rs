//! Append-only streams, where an event is appended once however often it is sent, and read in order.
//!
//! Events and the offsets of consumers are rows in `PostgreSQL`, and whatever is read comes from there. Redis carries the
//! news of an append to live readers at once; without it they look for themselves every second.

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
