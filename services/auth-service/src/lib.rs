//! Accounts: registering, logging in, and a limit on guessing passwords.
//!
//! Accounts are rows in `PostgreSQL`; failed logins are counted in Redis, where the counters expire by themselves.

pub mod domain;
pub mod http;
pub mod store;

/// What [`kit::serve()`] runs.
pub static SERVICE: kit::Service = kit::Service {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    port: 8081,
    migrations: &[kit::migration!("0001_accounts")],
    routes: http::routes,
};
