//! What is kept: every entry in `PostgreSQL`, the newest of each reader in a sorted set in Redis.
//!
//! Each set holds the entry 0 besides the posts. It tells a timeline that is there from one that was lost, and to which
//! a delivery has added since.

use kit::{Answer, Servers};

use crate::domain::{LONGEST, PAGE};

/// Adds a post to the timelines of its readers; those that have it keep it once.
pub async fn deliver(servers: &Servers, post: i64, readers: &[i64]) -> Answer<()> {
    let insert = "insert into entries (reader, post) select unnest($1::bigint[]), $2 on conflict do nothing";
    sqlx::query(insert).bind(readers).bind(post).execute(&servers.postgres).await?;
    let mut steps = redis::pipe();
    for reader in readers {
        let key = timeline(servers, *reader);
        steps.cmd("ZADD").arg(&key).arg(post).arg(post).ignore();
        // From the oldest after the entry 0, as many as are above the limit.
        steps.cmd("ZREMRANGEBYRANK").arg(&key).arg(1).arg(-LONGEST - 1).ignore();
    }
    Ok(steps.exec_async(&mut servers.redis.connection()).await?)
}

/// The posts of a reader below `before`, newest first.
pub async fn read(servers: &Servers, reader: i64, before: i64) -> Answer<Vec<i64>> {
    let (key, mut redis) = (timeline(servers, reader), servers.redis.connection());
    let mark: Option<i64> = redis::cmd("ZSCORE").arg(&key).arg(0).query_async(&mut redis).await?;
    if mark.is_none() {
        rebuild(servers, reader).await?;
    }
    let mut range = redis::cmd("ZRANGE");
    range.arg(&key).arg(format!("({before}")).arg(1).arg("BYSCORE").arg("REV").arg("LIMIT").arg(0).arg(PAGE);
    Ok(range.query_async(&mut redis).await?)
}

/// Fills a timeline from `PostgreSQL`. Adds only, so that a delivery at the same time is not lost.
async fn rebuild(servers: &Servers, reader: i64) -> Answer<()> {
    let select = "select post from entries where reader = $1 order by post desc limit $2";
    let posts: Vec<i64> = sqlx::query_scalar(select).bind(reader).bind(LONGEST).fetch_all(&servers.postgres).await?;
    let mut add = redis::cmd("ZADD");
    add.arg(timeline(servers, reader)).arg(0).arg(0);
    for post in posts {
        add.arg(post).arg(post);
    }
    Ok(add.exec_async(&mut servers.redis.connection()).await?)
}

fn timeline(servers: &Servers, reader: i64) -> String {
    servers.redis.key(format_args!("timeline:{reader}"))
}
