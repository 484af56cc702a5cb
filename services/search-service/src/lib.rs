//! Full-text search: documents in an index, and ranked hits with snippets.
//!
//! Documents and their words are rows in `PostgreSQL`, and a change of them shows in the next search. Redis keeps the
//! answers to hot queries; without it searches take longer, and the index does not change.

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
