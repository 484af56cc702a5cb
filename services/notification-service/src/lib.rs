//! Notifications without duplicates, handed out for delivery.
//!
//! Notifications are rows in `PostgreSQL`; deliveries are a Redis stream that a group of consumers shares.

pub mod domain;
pub mod http;
pub mod store;

/// What [`kit::serve()`] runs.
pub static SERVICE: kit::Service = kit::Service {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    about: env!("CARGO_PKG_DESCRIPTION"),
    port: 8088,
    migrations: &[kit::migration!("0001_notifications")],
    routes: http::routes,
};
