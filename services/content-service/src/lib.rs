//! Posts that are created once, however often a request is sent.
//!
//! Posts are rows in `PostgreSQL`; Redis remembers for a day which request made which post.

pub mod domain;
pub mod http;
pub mod store;

/// What [`kit::serve()`] runs.
pub static SERVICE: kit::Service = kit::Service {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    about: env!("CARGO_PKG_DESCRIPTION"),
    port: 8084,
    migrations: &[kit::migration!("0001_posts")],
    routes: http::routes,
};
