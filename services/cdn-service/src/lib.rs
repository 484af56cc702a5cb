//! Cache keys of the content of origins, signed URLs, and purging by tag.
//!
//! Origins and purges are rows in `PostgreSQL`. A purge begins a new version of its tag, which makes every older key
//! unreachable. Redis holds the versions for a while, so that most keys need no database; lost ones are read again.

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
