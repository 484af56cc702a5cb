//! What is kept: contents in `PostgreSQL`, tickets for uploads in Redis.

use kit::{Answer, Servers};

use crate::domain::TICKET_S;

/// A new ticket, which nobody can guess.
pub async fn issue_ticket(servers: &Servers) -> Answer<String> {
    let ticket: String = sqlx::query_scalar("select gen_random_uuid()::text").fetch_one(&servers.postgres).await?;
    let key = servers.redis.key(format_args!("ticket:{ticket}"));
    let mut set = redis::cmd("SET");
    set.arg(key).arg(1).arg("EX").arg(TICKET_S).exec_async(&mut servers.redis.connection()).await?;
    Ok(ticket)
}

/// Takes a ticket away, and answers whether it was valid. One command: of two uploads with it, one goes on.
pub async fn redeem_ticket(servers: &Servers, ticket: &str) -> Answer<bool> {
    let key = servers.redis.key(format_args!("ticket:{ticket}"));
    Ok(redis::cmd("DEL").arg(key).query_async(&mut servers.redis.connection()).await?)
}

/// Stores a content, and answers whether it is a new one.
pub async fn add_blob(servers: &Servers, sha256: &str, media_type: &str, content: &[u8]) -> Answer<bool> {
    let insert = "insert into blobs (sha256, media_type, content) values ($1, $2, $3) on conflict do nothing";
    let added = sqlx::query(insert).bind(sha256).bind(media_type).bind(content).execute(&servers.postgres).await?;
    Ok(added.rows_affected() > 0)
}

/// A content and its media type.
pub async fn blob(servers: &Servers, sha256: &str) -> Answer<Option<(String, Vec<u8>)>> {
    let select = sqlx::query_as("select media_type, content from blobs where sha256 = $1").bind(sha256);
    Ok(select.fetch_optional(&servers.postgres).await?)
}
