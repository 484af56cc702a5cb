//! Live sessions, who watches them, and a stream of what changes.
//!
//! Sessions are rows in `PostgreSQL`. That somebody streams or watches is in Redis, as heartbeats that expire: a session
//! ends with those of its streamer. A Redis that has lost them costs no session; the heartbeats begin anew.

pub mod domain;
pub mod http;
pub mod store;

/// What [`kit::serve()`] runs.
pub static SERVICE: kit::Service = kit::Service {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    about: env!("CARGO_PKG_DESCRIPTION"),
    port: 8089,
    migrations: &[kit::migration!("0001_sessions")],
    routes: http::routes,
};
