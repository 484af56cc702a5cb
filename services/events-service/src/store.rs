//! What is kept: events in `PostgreSQL`. Redis keeps nothing here: it tells those who read live.

use kit::{Answer, Servers};

use crate::domain::PAGE;

/// What became of an event.
pub enum Appended {
    /// It has this new place.
    New(i64),
    /// It was appended before, at this place.
    Before(i64),
}

/// Appends an event, unless the log has one with this key.
pub async fn append(servers: &Servers, log: &str, key: &str, payload: &str) -> Answer<Appended> {
    let mut transaction = servers.postgres.begin().await?;
    // One writer a log at a time: two with the same number, or a reader that sees 2 before 1, would lose events.
    sqlx::query("select pg_advisory_xact_lock(hashtext($1))").bind(log).execute(&mut *transaction).await?;
    let select = sqlx::query_scalar("select number from events where log = $1 and key = $2").bind(log).bind(key);
    if let Some(number) = select.fetch_optional(&mut *transaction).await? {
        return Ok(Appended::Before(number));
    }
    let insert = "insert into events (log, number, key, payload)
        select $1, coalesce(max(number), 0) + 1, $2, $3 from events where log = $1 returning number";
    let insert = sqlx::query_scalar(insert).bind(log).bind(key).bind(payload);
    let number = insert.fetch_one(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(Appended::New(number))
}

/// Tells live readers that a log has reached `number`, and answers how many of them there are.
pub async fn publish(servers: &Servers, log: &str, number: i64) -> Answer<u64> {
    let channel = servers.redis.key(format_args!("log:{log}"));
    Ok(redis::cmd("PUBLISH").arg(channel).arg(number).query_async(&mut servers.redis.connection()).await?)
}

/// The events of a log after `number`, oldest first: number, key, payload.
pub async fn read(servers: &Servers, log: &str, after: i64) -> Answer<Vec<(i64, String, String)>> {
    let select = "select number, key, payload from events where log = $1 and number > $2 order by number limit $3";
    Ok(sqlx::query_as(select).bind(log).bind(after).bind(PAGE).fetch_all(&servers.postgres).await?)
}
