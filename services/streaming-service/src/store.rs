//! What is kept: sessions in `PostgreSQL`, heartbeats of viewers in a sorted set in Redis.

use kit::{Answer, Servers};

use crate::domain::{WATCHING_S, forgotten_until};

/// Starts a session and answers its number, or nothing when the streamer is live already.
pub async fn start(servers: &Servers, streamer: i64, title: &str) -> Answer<Option<i64>> {
    let insert = "insert into sessions (streamer, title) values ($1, $2) on conflict do nothing returning id";
    Ok(sqlx::query_scalar(insert).bind(streamer).bind(title).fetch_optional(&servers.postgres).await?)
}

/// Stops a session, and answers whether it was live.
pub async fn stop(servers: &Servers, id: i64) -> Answer<bool> {
    let update = sqlx::query("update sessions set stopped_at = now() where id = $1 and stopped_at is null").bind(id);
    let stopped = update.execute(&servers.postgres).await?.rows_affected() > 0;
    // An error is none of the streamer's: without heartbeats the viewers are forgotten anyway.
    let key = servers.redis.key(format_args!("viewers:{id}"));
    let _expires = redis::cmd("DEL").arg(key).exec_async(&mut servers.redis.connection()).await;
    Ok(stopped)
}

/// Whether a session is live.
pub async fn is_live(servers: &Servers, id: i64) -> Answer<bool> {
    let select = "select exists (select from sessions where id = $1 and stopped_at is null)";
    Ok(sqlx::query_scalar(select).bind(id).fetch_one(&servers.postgres).await?)
}

/// Notes that a viewer watches now, and answers how many do.
pub async fn heartbeat(servers: &Servers, id: i64, viewer: i64) -> Answer<u64> {
    let (key, mut redis) = (servers.redis.key(format_args!("viewers:{id}")), servers.redis.connection());
    // The server's clock is one for all replicas.
    let (now, _microseconds): (u64, u64) = redis::cmd("TIME").query_async(&mut redis).await?;
    let mut steps = redis::pipe();
    steps.atomic().cmd("ZADD").arg(&key).arg(now).arg(viewer).ignore();
    steps.cmd("ZREMRANGEBYSCORE").arg(&key).arg("-inf").arg(forgotten_until(now)).ignore();
    steps.cmd("EXPIRE").arg(&key).arg(WATCHING_S).ignore().cmd("ZCARD").arg(&key);
    let (viewers,) = steps.query_async(&mut redis).await?;
    Ok(viewers)
}
