//! Accounts and sessions: registering, logging in and out, and a limit on guessing passwords.
//!
//! Accounts are rows in `PostgreSQL`. Sessions and the counters of logins are in Redis, where they expire by themselves;
//! when Redis loses them, people log in again.

pub mod domain;
pub mod http;
pub mod store;

/// What [`kit::serve()`] runs.
pub static SERVICE: kit::Service = kit::Service {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    about: env!("CARGO_PKG_DESCRIPTION"),
    port: 8081,
    migrations: &[kit::migration!("0001_accounts")],
    routes: http::routes,
};
