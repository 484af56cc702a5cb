//! `notify`: webhooks, when they are called, and with what.

mod changes;
mod secrets;
mod sent;
