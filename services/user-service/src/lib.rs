//! Profiles under unique handles, who follows whom, and how many.
//!
//! All of it are rows in `PostgreSQL`. Redis keeps copies of the profiles that are read, dropped on write: when it is
//! away, reads go on without copies, and writes are refused, since a copy that nobody can drop would outlive them.

pub mod domain;
pub mod http;
pub mod store;

/// What [`kit::serve()`] runs.
pub static SERVICE: kit::Service = kit::Service {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    about: env!("CARGO_PKG_DESCRIPTION"),
    port: 8082,
    migrations: &[kit::migration!("0001_users")],
    routes: http::routes,
};
