//! Ranked full-text search over indexed documents.
//!
//! Documents and their words are rows in `PostgreSQL`; Redis keeps the answers to hot queries.

pub mod domain;
pub mod http;
pub mod store;

/// What [`kit::serve()`] runs.
pub static SERVICE: kit::Service = kit::Service {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    about: env!("CARGO_PKG_DESCRIPTION"),
    port: 8086,
    migrations: &[kit::migration!("0001_documents")],
    routes: http::routes,
};
