//! Named notes: writing, reading, listing and removing them.
//!
//! Notes are rows in `PostgreSQL`. How often each was read lately is counted in Redis; when Redis loses the counts, they
//! begin again.

pub mod domain;
pub mod http;
pub mod store;

/// What [`kit::serve()`] runs.
pub static SERVICE: kit::Service = kit::Service {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    about: env!("CARGO_PKG_DESCRIPTION"),
    port: 59999,
    migrations: &[kit::migration!("0001_notes")],
    routes: http::routes,
};
