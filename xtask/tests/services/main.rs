//! The services of this repository as their users meet them: built, started on the real PostgreSQL and Redis, and asked
//! by a program that knows nothing of them but the document that they serve.

#![expect(clippy::disallowed_methods, reason = "a test starts what it tests")]

mod conformance;
mod running;
