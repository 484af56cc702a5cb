//! What a server is, as data.

/// A server that integration tests talk to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSpec {
    /// Its name: `postgres`.
    pub name: String,
}
