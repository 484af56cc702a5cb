//! What is kept: messages in `PostgreSQL`, counters of unread ones in Redis.

use std::collections::BTreeMap;

use kit::{Answer, Servers};

use crate::domain::PAGE;

/// Adds a message and answers its number.
pub async fn add_message(servers: &Servers, sender: i64, recipient: i64, body: &str) -> Answer<i64> {
    let insert = "insert into messages (sender, recipient, body) values ($1, $2, $3) returning id";
    let id = sqlx::query_scalar(insert).bind(sender).bind(recipient).bind(body);
    Ok(id.fetch_one(&servers.postgres).await?)
}

/// The messages to `recipient` with numbers above `after`, oldest first: number, sender, text.
pub async fn inbox(servers: &Servers, recipient: i64, after: i64) -> Answer<Vec<(i64, i64, String)>> {
    let select = "select id, sender, body from messages where recipient = $1 and id > $2 order by id limit $3";
    let rows = sqlx::query_as(select).bind(recipient).bind(after).bind(PAGE);
    Ok(rows.fetch_all(&servers.postgres).await?)
}

/// Counts one more unread message.
pub async fn count_unread(servers: &Servers, sender: i64, recipient: i64) -> Answer<()> {
    let key = servers.redis.key(format_args!("unread:{recipient}"));
    let mut count = redis::cmd("HINCRBY");
    Ok(count.arg(key).arg(sender).arg(1).exec_async(&mut servers.redis.connection()).await?)
}

/// The unread messages of `recipient` by sender.
pub async fn unread(servers: &Servers, recipient: i64) -> Answer<BTreeMap<i64, u64>> {
    let key = servers.redis.key(format_args!("unread:{recipient}"));
    Ok(redis::cmd("HGETALL").arg(key).query_async(&mut servers.redis.connection()).await?)
}

/// Counts from nothing again.
pub async fn mark_read(servers: &Servers, sender: i64, recipient: i64) -> Answer<()> {
    let key = servers.redis.key(format_args!("unread:{recipient}"));
    Ok(redis::cmd("HDEL").arg(key).arg(sender).exec_async(&mut servers.redis.connection()).await?)
}
