//! Copies in Redis of what `PostgreSQL` holds: read through, dropped on write, and never older than the last write.
//!
//! An old copy could come about in three ways, and each is closed:
//!
//! - A reader asks `PostgreSQL`, somebody writes, and the reader keeps what it saw. So a reader takes a lease first, and
//!   keeps what it saw only while its lease is there. A write takes it away.
//! - A write is committed, and then Redis or the caller is lost before the copy is dropped. So a write puts a mark in the
//!   place of the copy before it begins. While the mark is there, readers ask `PostgreSQL` and keep nothing.
//! - Redis is away when the write begins. Then nothing is written, and the answer is 503. Reads go on without copies.
//!
//! What remains takes two accidents at once: the mark of a write is lost while it runs (Redis restarts empty, or another
//! write to the same key ends), and Redis fails again just when it has ended. Such a copy lives as long as any other.

use std::future::Future;

use redis::RedisError;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::layers::unique;
use crate::{Answer, Problem, Redis};

/// How long a copy lives, in seconds.
const COPY_S: u64 = 60;
/// How long a mark lives whose write never says that it has ended: longer than any request may take, in seconds.
const MARK_S: u64 = 60;
/// How long others keep no copy when a reader never comes back, in seconds.
const LEASE_S: u64 = 5;
/// What a copy begins with, so that it is neither a mark nor a lease.
const COPY: char = '=';
/// Puts a copy in the place of a lease, provided that it is there still.
const FILL: &str =
    "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) end";

impl Redis {
    /// The copy under a key. Without one, what `load` brings, of which a copy is kept.
    pub async fn cached<T>(&self, key: &str, load: impl Future<Output = Answer<T>>) -> Answer<T>
    where
        T: Serialize + DeserializeOwned,
    {
        let lease = unique();
        let Ok(stored) = self.copy_or_lease(key, &lease).await.map_err(Problem::from) else { return load.await };
        let copy = stored.as_deref().and_then(|text| serde_json::from_str(text.strip_prefix(COPY)?).ok());
        if let Some(copy) = copy {
            return Ok(copy);
        }
        let loaded = load.await?;
        if stored.is_none() {
            // The caller has what it asked for. That there is no copy of it is for the log.
            let _logged = self.fill(key, &lease, &loaded).await.map_err(Problem::from);
        }
        Ok(loaded)
    }

    /// Runs a write that makes the copies under these keys wrong, and drops them.
    ///
    /// An `Err` of `write` means that nobody knows whether it was committed. What a rule refuses is an `Ok`.
    pub async fn dropping<T>(&self, keys: &[String], write: impl Future<Output = Answer<T>>) -> Answer<T> {
        let mut marks = redis::pipe();
        for key in keys {
            marks.cmd("SET").arg(key).arg("").arg("EX").arg(MARK_S).ignore();
        }
        marks.exec_async(&mut self.connection()).await?;
        let written = write.await?;
        // It is written, so an error here is none of the caller's. The marks go by themselves then.
        let dropped = redis::cmd("DEL").arg(keys).exec_async(&mut self.connection()).await;
        let _logged = dropped.map_err(Problem::from);
        Ok(written)
    }

    /// What is there: a copy, a mark, somebody's lease. Nothing means that the lease is now the caller's.
    async fn copy_or_lease(&self, key: &str, lease: &str) -> Result<Option<String>, RedisError> {
        let mut take = redis::cmd("SET");
        take.arg(key).arg(lease).arg("NX").arg("GET").arg("EX").arg(LEASE_S);
        take.query_async(&mut self.connection()).await
    }

    async fn fill<T: Serialize>(&self, key: &str, lease: &str, value: &T) -> Result<(), RedisError> {
        let Ok(json) = serde_json::to_string(value) else { return Ok(()) };
        let mut fill = redis::cmd("EVAL");
        fill.arg(FILL).arg(1).arg(key).arg(lease).arg(format!("{COPY}{json}")).arg(COPY_S);
        fill.exec_async(&mut self.connection()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{BARE, offline};

    #[tokio::test]
    async fn without_redis_reads_go_on_and_writes_do_not_begin() {
        let (_, servers) = offline(&BARE);
        assert_eq!(servers.redis.cached("key", async { Ok(7) }).await, Ok(7));
        let begun = async { unreachable!("a write without a mark") };
        let refused: Answer<()> = servers.redis.dropping(&["key".to_owned()], begun).await;
        assert_eq!(refused, Err(Problem::unavailable("Redis does not answer")));
    }
}
