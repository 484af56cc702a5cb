//! Home timelines by fan-out on write: a published post comes to the timelines of all who follow its author.
//!
//! Posts and who follows whom are rows in `PostgreSQL`. The timelines that are read are at hand as sorted sets in Redis:
//! at most 800 posts, in the order in which they were published here, and made again from the rows when they are lost.
//! Fan-out writes only to timelines at hand, in steps within the request, so a post costs as much as its author's
//! followers who have read lately. Readers who follow themselves see their own posts.

pub mod domain;
pub mod http;
pub mod store;

/// What [`kit::serve()`] runs.
pub static SERVICE: kit::Service = kit::Service {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    about: env!("CARGO_PKG_DESCRIPTION"),
    port: 8085,
    migrations: &[kit::migration!("0001_posts_and_follows")],
    routes: http::routes,
};
