//! Transcoding jobs: what to make of a source, and workers that claim them.
//!
//! Jobs are rows in `PostgreSQL`; their progress, written every second, is in Redis.

pub mod domain;
pub mod http;
pub mod store;

/// What [`kit::serve()`] runs.
pub static SERVICE: kit::Service = kit::Service {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    about: env!("CARGO_PKG_DESCRIPTION"),
    port: 8090,
    migrations: &[kit::migration!("0001_jobs")],
    routes: http::routes,
};
