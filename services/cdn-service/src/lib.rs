//! Cache keys of the content of origins, and purging by tag.
//!
//! Origins are rows in `PostgreSQL`; versions of tags are counters in Redis: a purge makes every older key unreachable.

pub mod domain;
pub mod http;
pub mod store;

/// What [`kit::serve()`] runs.
pub static SERVICE: kit::Service = kit::Service {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    about: env!("CARGO_PKG_DESCRIPTION"),
    port: 8091,
    migrations: &[kit::migration!("0001_origins")],
    routes: http::routes,
};
