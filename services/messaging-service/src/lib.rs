//! Conversations of two or more people: sending, reading on, and how much is unread.
//!
//! Conversations and messages are rows in `PostgreSQL`. Redis keeps how much each person has not read, and how much each
//! has just sent. The first is dropped on write and counted anew by the next reader: a counter that is incremented would
//! stay wrong after an increment that came twice, or never.
//!
//! Who is no member of a conversation gets the answer 404, as if it were not there: that others talk is their affair.

pub mod domain;
pub mod http;
pub mod store;

/// What [`kit::serve()`] runs.
pub static SERVICE: kit::Service = kit::Service {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    about: env!("CARGO_PKG_DESCRIPTION"),
    port: 8083,
    migrations: &[kit::migration!("0001_conversations")],
    routes: http::routes,
};
