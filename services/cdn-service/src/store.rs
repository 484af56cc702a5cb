//! What is kept: origins in `PostgreSQL`, versions of tags in Redis.

use kit::{Answer, Servers};

/// Sets where the content of a host comes from.
pub async fn set_origin(servers: &Servers, host: &str, upstream: &str) -> Answer<()> {
    let upsert = "insert into origins (host, upstream) values ($1, $2)
        on conflict (host) do update set upstream = excluded.upstream, updated_at = now()";
    sqlx::query(upsert).bind(host).bind(upstream).execute(&servers.postgres).await?;
    Ok(())
}

/// Where the content of a host comes from.
pub async fn upstream(servers: &Servers, host: &str) -> Answer<Option<String>> {
    let select = sqlx::query_scalar("select upstream from origins where host = $1").bind(host);
    Ok(select.fetch_optional(&servers.postgres).await?)
}

/// The version of a tag: how often it was purged.
pub async fn version(servers: &Servers, tag: &str) -> Answer<u64> {
    let key = servers.redis.key(format_args!("tag:{tag}"));
    let version: Option<u64> = redis::cmd("GET").arg(key).query_async(&mut servers.redis.connection()).await?;
    Ok(version.unwrap_or_default())
}

/// Begins a new version of a tag, and answers it.
pub async fn purge(servers: &Servers, tag: &str) -> Answer<u64> {
    let key = servers.redis.key(format_args!("tag:{tag}"));
    Ok(redis::cmd("INCR").arg(key).query_async(&mut servers.redis.connection()).await?)
}
