//! Redis: one connection that comes back by itself, and keys that stay apart.

use std::fmt::Display;
use std::sync::Arc;

use redis::RedisError;
use redis::aio::{ConnectionManager, ConnectionManagerConfig, PubSub};

use crate::{Answer, Config};

/// The Redis server, seen through the keys of one service.
#[derive(Clone)]
pub struct Redis {
    client: redis::Client,
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
        let connection = ConnectionManager::new_lazy_with_config(client.clone(), settings)?;
        Ok(Self { client, connection, prefix: prefix.into() })
    }

    /// A handle to send commands with: `query_async(&mut redis.connection())`.
    pub fn connection(&self) -> ConnectionManager {
        self.connection.clone()
    }

    /// A connection of its own to what is published on the channels of a pattern. It ends when Redis is lost.
    pub async fn subscribe(&self, pattern: &str) -> Answer<PubSub> {
        let mut channels = self.client.get_async_pubsub().await?;
        channels.psubscribe(pattern).await?;
        Ok(channels)
    }

    /// Counts one more event under a key, and answers how many there were in the window that began with the first.
    pub async fn count_within(&self, key: &str, window_s: u64) -> Answer<u64> {
        let mut steps = redis::pipe();
        // In one transaction: a counter without an end would lock somebody out for ever.
        steps.atomic().cmd("SET").arg(key).arg(0).arg("EX").arg(window_s).arg("NX").ignore().incr(key, 1);
        let (count,) = steps.query_async(&mut self.connection()).await?;
        Ok(count)
    }

    /// Removes a key.
    pub async fn forget(&self, key: &str) -> Answer<()> {
        Ok(redis::cmd("DEL").arg(key).exec_async(&mut self.connection()).await?)
    }

    /// The full name of a key: services share a server, and tests share it too.
    pub fn key(&self, name: impl Display) -> String {
        format!("{}:{name}", self.prefix)
    }
}
