//! Helpers for tests: a service behind its router, without servers, with real ones, or as a process that loses them.
//!
//! Integration tests need `PostgreSQL` and Redis and say so when they are missing; they never pass in silence. Each test
//! gets a database and Redis keys of its own, and both are gone afterwards, also when the test fails.

mod api;
mod between;
mod contract;
mod faults;
mod process;
mod servers;

use std::time::Duration;

pub use api::{Api, Reply};
pub use contract::contract;
pub use faults::faults;
pub use servers::with_servers;

use crate::{Config, Routes, Servers, Service};

/// A service without a domain, for tests of the kit.
pub static BARE: Service = Service {
    name: "bare-service",
    version: "0.0.0",
    about: "Nothing but probes",
    port: 8080,
    migrations: &[],
    routes: |_| Routes::new(),
};

/// Servers at a port where nothing listens, and little patience.
pub(crate) fn offline(service: &'static Service) -> (Config, Servers) {
    let config = Config::read(service, |name| match name {
        "DATABASE_URL" => Some("postgres://nobody@127.0.0.1:1/none".to_owned()),
        "REDIS_URL" => Some("redis://127.0.0.1:1".to_owned()),
        _ => None,
    });
    let mut config = config.expect("the URLs are well-formed");
    config.limits.server = Duration::from_millis(20);
    let servers = Servers::new(service, &config).expect("the client opens");
    (config, servers)
}
