//! What is kept: documents in `PostgreSQL`, answers to hot queries in Redis.
//!
//! An answer is kept under the version of the index that it was made from. Each change gives the index a new version, so
//! the answers before it are found no more. It does so twice: before it begins, so that without Redis nothing changes; and
//! when it is committed, for a search in between may have kept what it saw before. Should Redis be lost just then, an old
//! answer lives for [`HOT_S`] seconds at most.

use kit::{Answer, Page, Problem, ROWS, Servers};
use redis::RedisError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{self, BEGIN, END, HOT_S};

/// How long a version of the index is remembered, in seconds; then the next search makes a new one.
const VERSION_S: u64 = 24 * 60 * 60;

/// A document as it is stored.
pub struct Document {
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
}

/// A document that matches a query.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct Hit {
    /// The document's number.
    pub id: i64,
    /// Its title, as plain text.
    pub title: String,
    /// The part of its body that matches, as HTML: the matching words are in `<mark>`, and everything else is escaped.
    pub snippet: String,
}

/// Puts a document into the index, in the place of an earlier one with this number. Answers whether it is a new one.
pub async fn index(servers: &Servers, id: i64, document: &Document) -> Answer<bool> {
    new_version(servers).await?;
    // A row that was inserted has never been locked or deleted by anybody.
    let upsert = "insert into documents (id, title, body) values ($1, $2, $3)
        on conflict (id) do update set title = excluded.title, body = excluded.body returning xmax = 0";
    let upsert = sqlx::query_scalar(upsert).bind(id).bind(&document.title).bind(&document.body);
    let is_new = upsert.fetch_one(&servers.postgres).await?;
    changed(servers).await;
    Ok(is_new)
}

/// Takes a document out of the index, and answers whether it was there.
pub async fn remove(servers: &Servers, id: i64) -> Answer<bool> {
    new_version(servers).await?;
    let delete = sqlx::query("delete from documents where id = $1").bind(id).execute(&servers.postgres).await?;
    changed(servers).await;
    Ok(delete.rows_affected() == 1)
}

/// A document.
pub async fn document(servers: &Servers, id: i64) -> Answer<Option<Document>> {
    let select = sqlx::query_as("select title, body from documents where id = $1").bind(id);
    let row: Option<(String, String)> = select.fetch_optional(&servers.postgres).await?;
    Ok(row.map(|(title, body)| Document { title, body }))
}

/// The hits of a query, best first, without the first `after` of them. Redis only makes it faster.
pub async fn search(servers: &Servers, query: &str, after: i64) -> Answer<Page<Hit>> {
    let Ok(version) = version(servers).await.map_err(Problem::from) else {
        return look_up(servers, query, after).await;
    };
    let key = servers.redis.key(format_args!("hits:{version}:{after}:{query}"));
    if let Ok(Some(page)) = kept(servers, &key).await.map_err(Problem::from) {
        return Ok(page);
    }
    let page = look_up(servers, query, after).await?;
    // The caller has its answer. That it is not kept is for the log.
    let _logged = keep(servers, &key, &page).await.map_err(Problem::from);
    Ok(page)
}

async fn look_up(servers: &Servers, query: &str, after: i64) -> Answer<Page<Hit>> {
    // Snippets cost most, so they are made of one page only. A query that only excludes words finds nothing, as the index
    // cannot help with it. Of two documents with the same rank the older number comes first, on every page.
    let select = "select id, title, ts_headline('english', body, wanted, $4) from (
            select id, title, body, wanted, ts_rank(words, wanted, 1) as rank
            from websearch_to_tsquery('english', $1) wanted, documents
            where words @@ wanted and querytree(wanted) not in ('', 'T')
            order by rank desc, id offset $2 limit $3
        ) best order by rank desc, id";
    let marks = format!("StartSel={BEGIN}, StopSel={END}");
    let select = sqlx::query_as(select).bind(query).bind(after).bind(ROWS).bind(marks);
    let rows: Vec<(i64, String, String)> = select.fetch_all(&servers.postgres).await?;
    let rows = (after + 1..).zip(rows).collect();
    let page = Page::of(rows, |(place, _)| *place);
    let next = page.next.filter(|next| *next <= domain::DEEPEST);
    let hits = page.map(|(_, (id, title, marked))| Hit { id, title, snippet: domain::snippet(&marked) });
    Ok(Page { next, ..hits })
}

async fn kept(servers: &Servers, key: &str) -> Result<Option<Page<Hit>>, RedisError> {
    let kept: Option<String> = redis::cmd("GET").arg(key).query_async(&mut servers.redis.connection()).await?;
    let kept: Option<(Vec<Hit>, Option<i64>)> = kept.and_then(|kept| serde_json::from_str(&kept).ok());
    Ok(kept.map(|(items, next)| Page { items, next }))
}

async fn keep(servers: &Servers, key: &str, page: &Page<Hit>) -> Result<(), RedisError> {
    let Ok(text) = serde_json::to_string(&(&page.items, page.next)) else { return Ok(()) };
    let set = redis::cmd("SET").arg(key).arg(text).arg("EX").arg(HOT_S).to_owned();
    set.exec_async(&mut servers.redis.connection()).await
}

/// The version of the index. Versions are random: none comes back, also when Redis has forgotten the last one.
async fn version(servers: &Servers) -> Result<String, RedisError> {
    let fresh = kit::secret::token();
    let mut set = redis::cmd("SET");
    set.arg(servers.redis.key("version")).arg(&fresh).arg("NX").arg("GET").arg("EX").arg(VERSION_S);
    let stored: Option<String> = set.query_async(&mut servers.redis.connection()).await?;
    Ok(stored.unwrap_or(fresh))
}

async fn new_version(servers: &Servers) -> Result<(), RedisError> {
    let mut set = redis::cmd("SET");
    set.arg(servers.redis.key("version")).arg(kit::secret::token()).arg("EX").arg(VERSION_S);
    set.exec_async(&mut servers.redis.connection()).await
}

/// Gives the index a new version after a change. The change is made, so an error here is none of the caller's.
async fn changed(servers: &Servers) {
    let _logged = new_version(servers).await.map_err(Problem::from);
}
