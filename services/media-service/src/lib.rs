//! Uploads, stored once by the SHA-256 of their content.
//!
//! Contents and the uploads that refer to them are rows in `PostgreSQL`; a content goes with its last upload. The tickets
//! that allow an upload are in Redis, where they expire; when Redis loses them, people ask for new ones.

pub mod domain;
pub mod http;
pub mod store;

/// What [`kit::serve()`] runs.
pub static SERVICE: kit::Service = kit::Service {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    about: env!("CARGO_PKG_DESCRIPTION"),
    port: 8087,
    migrations: &[kit::migration!("0001_blobs")],
    routes: http::routes,
};
