//! Posts with their revisions, made once however often they are sent.
//!
//! Posts and revisions are rows in `PostgreSQL`. Redis remembers for a day which number the post of a request has, so
//! that a request that comes again makes the same post, or finds it. What remains: when Redis loses its memory, a request
//! that was answered before and comes again after makes a second post.

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
