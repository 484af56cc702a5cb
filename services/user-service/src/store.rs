//! What is kept: profiles in `PostgreSQL`, copies of those that are read in Redis.

use kit::{Answer, Servers};

/// How long a copy lives, in seconds: what a write that met a lost Redis can leave behind.
const COPY_KEPT_S: u64 = 60;

/// Adds a user and answers the number, or nothing when the handle is taken.
pub async fn add_user(servers: &Servers, handle: &str, display_name: &str) -> Answer<Option<i64>> {
    let insert = "insert into users (handle, display_name) values ($1, $2) on conflict do nothing returning id";
    let id = sqlx::query_scalar(insert).bind(handle).bind(display_name);
    Ok(id.fetch_optional(&servers.postgres).await?)
}

/// The display name of a handle.
pub async fn display_name(servers: &Servers, handle: &str) -> Answer<Option<String>> {
    let (key, mut redis) = (servers.redis.key(format_args!("profile:{handle}")), servers.redis.connection());
    let copy: Option<String> = redis::cmd("GET").arg(&key).query_async(&mut redis).await?;
    if copy.is_some() {
        return Ok(copy);
    }
    let select = sqlx::query_scalar("select display_name from users where handle = $1").bind(handle);
    let name: Option<String> = select.fetch_optional(&servers.postgres).await?;
    if let Some(name) = &name {
        redis::cmd("SET").arg(&key).arg(name).arg("EX").arg(COPY_KEPT_S).exec_async(&mut redis).await?;
    }
    Ok(name)
}

/// Changes the display name, and answers whether there is such a user.
pub async fn rename(servers: &Servers, handle: &str, display_name: &str) -> Answer<bool> {
    let update = sqlx::query("update users set display_name = $2 where handle = $1").bind(handle).bind(display_name);
    let changed = update.execute(&servers.postgres).await?.rows_affected() > 0;
    let key = servers.redis.key(format_args!("profile:{handle}"));
    // After the write: dropped before it, a reader in between would bring the old name back.
    redis::cmd("DEL").arg(key).exec_async(&mut servers.redis.connection()).await?;
    Ok(changed)
}
