//! Notifications: told once, muted by kind, read, and handed to workers for delivery.
//!
//! Notifications and preferences are rows in `PostgreSQL`. Deliveries are a Redis stream that a group of consumers shares,
//! made again from the rows when it is lost. A delivery comes at least once: to another worker when the first one has not
//! acknowledged it in time, which may be after it has delivered.

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
