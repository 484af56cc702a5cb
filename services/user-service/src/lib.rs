//! Profiles under unique handles.
//!
//! Profiles are rows in `PostgreSQL`; Redis keeps copies of those that are read, dropped on write.

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
