//! Transcoding jobs: what to make of a source, and workers that claim them.
//!
//! Jobs and their renditions are rows in `PostgreSQL`, which also knows whose turn it is. How far a running job is, told
//! every few seconds, is in Redis; without it a job is still worked on, and shown without its progress.

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
