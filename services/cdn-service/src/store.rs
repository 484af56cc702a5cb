//! What is kept: origins and purges in `PostgreSQL`; the versions of tags, for a while, in Redis.

use kit::{Answer, Servers};

/// How long Redis holds a version, in seconds. A Redis that comes back with old data is believed no longer than that.
const HELD_S: u64 = 60;

/// Writes versions, none of which is older than the one that is there: a purge is not undone by a reader that began before it.
const HOLD: &str = "
    for place, key in ipairs(KEYS) do
        local held = redis.call('GET', key)
        if not held or tonumber(held) < tonumber(ARGV[place + 1]) then
            redis.call('SET', key, ARGV[place + 1], 'EX', ARGV[1])
        end
    end";

/// What verifies the URLs of a host now.
pub struct Keys {
    /// Signs new URLs.
    pub current: String,
    /// The key before, while it is valid still.
    pub previous: Option<String>,
    /// The database's time, in seconds since 1970: one clock for all replicas.
    pub now: u64,
}

/// Sets where the content of a host comes from. Answers whether the host is new: then `key` is its signing key.
pub async fn set_origin(servers: &Servers, host: &str, upstream: &str, key: &str) -> Answer<bool> {
    // A random key tells which of the two has happened, also of requests that race.
    let upsert = "insert into origins (host, upstream, signing_key) values ($1, $2, $3)
        on conflict (host) do update set upstream = excluded.upstream
        returning signing_key = $3";
    let upsert = sqlx::query_scalar(upsert).bind(host).bind(upstream).bind(key);
    Ok(upsert.fetch_one(&servers.postgres).await?)
}

/// Where the content of a host comes from.
pub async fn upstream(servers: &Servers, host: &str) -> Answer<Option<String>> {
    let select = sqlx::query_scalar("select upstream from origins where host = $1").bind(host);
    Ok(select.fetch_optional(&servers.postgres).await?)
}

/// Replaces the signing key of a host. Answers when the one before ends, in seconds since 1970, or nothing for an unknown
/// host.
pub async fn rotate(servers: &Servers, host: &str, key: &str, grace_s: u64) -> Answer<Option<i64>> {
    let update = "update origins set signing_key = $2, previous_key = signing_key,
        previous_until = now() + $3::bigint * interval '1 second' where host = $1
        returning extract(epoch from previous_until)::bigint";
    let update = sqlx::query_scalar(update).bind(host).bind(key).bind(i64::try_from(grace_s).unwrap_or(i64::MAX));
    Ok(update.fetch_optional(&servers.postgres).await?)
}

/// The keys of a host that are valid now.
pub async fn keys(servers: &Servers, host: &str) -> Answer<Option<Keys>> {
    let select = "select signing_key, case when previous_until > now() then previous_key end,
        extract(epoch from now())::bigint from origins where host = $1";
    let select = sqlx::query_as(select).bind(host);
    let row: Option<(String, Option<String>, i64)> = select.fetch_optional(&servers.postgres).await?;
    Ok(row.map(|(current, previous, now)| Keys { current, previous, now: u64::try_from(now).unwrap_or_default() }))
}

/// The versions of some tags of a host, in their order, or nothing for an unknown host.
pub async fn versions(servers: &Servers, host: &str, tags: &[&str]) -> Answer<Option<Vec<i64>>> {
    let names: Vec<_> = tags.iter().map(|tag| tag_key(servers, host, tag)).collect();
    // An error is no reader's trouble: Redis only saves a question to PostgreSQL, which knows.
    let held: Vec<Option<i64>> =
        redis::cmd("MGET").arg(&names).query_async(&mut servers.redis.connection()).await.unwrap_or_default();
    if let Some(versions) = held.into_iter().collect::<Option<Vec<_>>>()
        && versions.len() == tags.len()
    {
        return Ok(Some(versions));
    }
    let select = "select coalesce(version, 0) from origins
        cross join unnest($2) with ordinality as wanted (tag, place)
        left join purges using (host, tag) where host = $1 order by place";
    let versions: Vec<i64> = sqlx::query_scalar(select).bind(host).bind(tags).fetch_all(&servers.postgres).await?;
    if versions.is_empty() {
        return Ok(None);
    }
    let _ = hold(servers, &names, &versions).await;
    Ok(Some(versions))
}

/// Begins a new version of a tag and answers it, or nothing for an unknown host.
pub async fn purge(servers: &Servers, host: &str, tag: &str) -> Answer<Option<i64>> {
    let upsert = "insert into purges (host, tag) select host, $2 from origins where host = $1
        on conflict (host, tag) do update set version = purges.version + 1, purged_at = now() returning version";
    let version = sqlx::query_scalar(upsert).bind(host).bind(tag).fetch_optional(&servers.postgres).await?;
    if let Some(version) = version {
        // Told only when readers cannot get an older version from Redis any more; a retry purges once more, which is harmless.
        hold(servers, &[tag_key(servers, host, tag)], &[version]).await?;
    }
    Ok(version)
}

async fn hold(servers: &Servers, names: &[String], versions: &[i64]) -> Answer<()> {
    let mut script = redis::cmd("EVAL");
    script.arg(HOLD).arg(names.len()).arg(names).arg(HELD_S).arg(versions);
    Ok(script.exec_async(&mut servers.redis.connection()).await?)
}

fn tag_key(servers: &Servers, host: &str, tag: &str) -> String {
    servers.redis.key(format_args!("tag:{host}:{tag}"))
}
