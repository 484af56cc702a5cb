//! What is kept: posts in `PostgreSQL`, keys of requests in Redis.

use kit::{Answer, Servers};

use crate::domain::{Claim, PENDING_S, REMEMBERED_S, claim};

/// Adds a post and answers its number.
pub async fn add_post(servers: &Servers, author: i64, title: &str, body: &str) -> Answer<i64> {
    let insert = "insert into posts (author, title, body) values ($1, $2, $3) returning id";
    Ok(sqlx::query_scalar(insert).bind(author).bind(title).bind(body).fetch_one(&servers.postgres).await?)
}

/// A post: author, title, body.
pub async fn post(servers: &Servers, id: i64) -> Answer<Option<(i64, String, String)>> {
    let select = sqlx::query_as("select author, title, body from posts where id = $1").bind(id);
    Ok(select.fetch_optional(&servers.postgres).await?)
}

/// Takes a key for this request, or tells what came of the request that has it. Keys of two authors never meet.
pub async fn take_key(servers: &Servers, author: i64, key: &str) -> Answer<Claim> {
    let key = servers.redis.key(format_args!("request:{author}:{key}"));
    // One command, so that of two requests at the same time one is the first.
    let mut take = redis::cmd("SET");
    take.arg(key).arg("").arg("NX").arg("GET").arg("EX").arg(PENDING_S);
    let stored: Option<String> = take.query_async(&mut servers.redis.connection()).await?;
    Ok(claim(stored.as_deref()))
}

/// Remembers what the request made, or gives the key back when it made nothing.
pub async fn settle_key(servers: &Servers, author: i64, key: &str, made: Option<i64>) -> Answer<()> {
    let key = servers.redis.key(format_args!("request:{author}:{key}"));
    let settle = match made {
        Some(id) => redis::cmd("SET").arg(key).arg(id).arg("EX").arg(REMEMBERED_S).to_owned(),
        None => redis::cmd("DEL").arg(key).to_owned(),
    };
    Ok(settle.exec_async(&mut servers.redis.connection()).await?)
}
