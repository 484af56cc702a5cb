//! Secrets and logins: which programs get them, and where they must never appear.

mod canary;
mod logins;
