//! Redis: one connection that comes back by itself, and keys that stay apart.

use std::fmt::Display;
use std::sync::Arc;

use redis::RedisError;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};

use crate::Config;

/// The Redis server, seen through the keys of one service.
#[derive(Clone)]
pub struct Redis {
    connection: ConnectionManager,
    prefix: Arc<str>,
}

impl Redis {
    pub(crate) fn new(config: &Config, prefix: &str) -> Result<Self, RedisError> {
        // One try a command: whoever waits for the answer learns soon that it is 503, and the next command tries again.
        let settings = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(config.limits.server))
            .set_response_timeout(Some(config.limits.server));
        let client = redis::Client::open(config.redis.clone())?;
        let connection = ConnectionManager::new_lazy_with_config(client, settings)?;
        Ok(Self { connection, prefix: prefix.into() })
    }

    /// A handle to send commands with: `query_async(&mut redis.connection())`.
    pub fn connection(&self) -> ConnectionManager {
        self.connection.clone()
    }

    /// The full name of a key: services share a server, and tests share it too.
    pub fn key(&self, name: impl Display) -> String {
        format!("{}:{name}", self.prefix)
    }
}
