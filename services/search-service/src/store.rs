//! What is kept: documents in `PostgreSQL`, answers to hot queries in Redis.

use kit::{Answer, Problem, Servers};
use serde::{Deserialize, Serialize};

use crate::domain::{HOT_S, PAGE};

/// A document that matches a query.
#[derive(Deserialize, Serialize)]
pub struct Hit {
    /// Its number.
    pub id: i64,
    /// Its title.
    pub title: String,
    /// The part of it that matches, with the words between `<b>` and `</b>`.
    pub snippet: String,
}

/// Puts a document into the index, in the place of an earlier one with this number.
pub async fn index(servers: &Servers, id: i64, title: &str, body: &str) -> Answer<()> {
    let upsert = "insert into documents (id, title, body) values ($1, $2, $3)
        on conflict (id) do update set title = excluded.title, body = excluded.body";
    sqlx::query(upsert).bind(id).bind(title).bind(body).execute(&servers.postgres).await?;
    // Answers are kept under the state of the index that they were made from: with a new one, none of them is found.
    let state = servers.redis.key("state");
    Ok(redis::cmd("INCR").arg(state).exec_async(&mut servers.redis.connection()).await?)
}

/// The best hits of a query, best first.
pub async fn search(servers: &Servers, query: &str) -> Answer<Vec<Hit>> {
    let mut redis = servers.redis.connection();
    let state: Option<u64> = redis::cmd("GET").arg(servers.redis.key("state")).query_async(&mut redis).await?;
    let key = servers.redis.key(format_args!("hits:{}:{query}", state.unwrap_or_default()));
    let kept: Option<String> = redis::cmd("GET").arg(&key).query_async(&mut redis).await?;
    if let Some(hits) = kept.and_then(|kept| serde_json::from_str(&kept).ok()) {
        return Ok(hits);
    }
    let hits = look_up(servers, query).await?;
    let text = serde_json::to_string(&hits).map_err(|_| Problem::internal())?;
    redis::cmd("SET").arg(&key).arg(text).arg("EX").arg(HOT_S).exec_async(&mut redis).await?;
    Ok(hits)
}

async fn look_up(servers: &Servers, query: &str) -> Answer<Vec<Hit>> {
    let select = "select id, title, ts_headline('english', body, wanted)
        from documents, websearch_to_tsquery('english', $1) wanted
        where words @@ wanted order by ts_rank(words, wanted) desc, id limit $2";
    let rows: Vec<(i64, String, String)> =
        sqlx::query_as(select).bind(query).bind(PAGE).fetch_all(&servers.postgres).await?;
    Ok(rows.into_iter().map(|(id, title, snippet)| Hit { id, title, snippet }).collect())
}
