//! Messages between two people, and how many of them are unread.
//!
//! Messages are rows in `PostgreSQL`; unread ones are counted in Redis.

pub mod domain;
pub mod http;
pub mod store;

/// What [`kit::serve()`] runs.
pub static SERVICE: kit::Service = kit::Service {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    about: env!("CARGO_PKG_DESCRIPTION"),
    port: 8083,
    migrations: &[kit::migration!("0001_messages")],
    routes: http::routes,
};
