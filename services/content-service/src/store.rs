//! What is kept: posts and their revisions in `PostgreSQL`, keys of requests in Redis.

use kit::{Answer, Cursor, Page, Problem, ROWS, Servers};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{Claim, REMEMBERED_S};

/// A post at one of its revisions.
#[derive(Debug, Serialize, ToSchema)]
pub struct Post {
    /// Its number.
    pub id: i64,
    /// Who wrote it.
    pub author: i64,
    /// The number of the revision: 1 when the post was made.
    pub revision: i64,
    /// The title.
    pub title: String,
    /// The text.
    pub body: String,
    /// When this revision was written.
    #[schema(format = DateTime)]
    pub written_at: String,
}

/// What came of an edit.
pub enum Edited {
    /// The post as it is now.
    Done(Post),
    /// The post was at this revision already, and stays as it is.
    Overtaken(i64),
}

type Row = (i64, i64, i64, String, String, String);

fn post_of((id, author, revision, title, body, written_at): Row) -> Post {
    Post { id, author, revision, title, body, written_at }
}

/// The number of the post that a request makes, be it the first with its key or a repeated one. Nothing when the key
/// belongs to another request. Keys of two authors never meet.
pub async fn claim(servers: &Servers, author: i64, key: &str, title: &str, body: &str) -> Answer<Option<i64>> {
    let next = sqlx::query_scalar("select nextval('post_ids')").fetch_one(&servers.postgres).await?;
    let claim = Claim::new(next, title, body);
    // One command, so that of two requests at the same time one is the first.
    let mut take = redis::cmd("SET");
    take.arg(servers.redis.key(format_args!("request:{author}:{key}")));
    take.arg(claim.to_text()).arg("NX").arg("GET").arg("EX").arg(REMEMBERED_S);
    let stored: Option<String> = take.query_async(&mut servers.redis.connection()).await?;
    let Some(stored) = stored else { return Ok(Some(next)) };
    let first = Claim::parse(&stored).ok_or_else(Problem::internal)?;
    Ok(Some(first.post).filter(|_| first.request == claim.request))
}

/// Adds a post under a number, unless it is there, and answers its first revision in both cases.
pub async fn add(servers: &Servers, id: i64, author: i64, title: &str, body: &str) -> Answer<Post> {
    let insert = "with made as (insert into posts (id, author) values ($1, $2) on conflict do nothing returning id)
        insert into revisions (post, number, title, body) select id, 1, $3, $4 from made";
    let insert = sqlx::query(insert).bind(id).bind(author).bind(title).bind(body);
    insert.execute(&servers.postgres).await?;
    let select = "select post, $2, number, title, body, utc(written_at) from revisions where post = $1 and number = 1";
    let row = sqlx::query_as(select).bind(id).bind(author).fetch_one(&servers.postgres).await?;
    Ok(post_of(row))
}

/// A post at its latest revision.
pub async fn post(servers: &Servers, id: i64) -> Answer<Option<Post>> {
    let select = "select id, author, revision, title, body, utc(written_at)
        from posts join revisions on post = id and number = revision where id = $1 and deleted_at is null";
    let row: Option<Row> = sqlx::query_as(select).bind(id).fetch_optional(&servers.postgres).await?;
    Ok(row.map(post_of))
}

/// The posts of an author at their latest revisions: the latest post first.
pub async fn posts(servers: &Servers, author: i64, cursor: Cursor) -> Answer<Page<Post>> {
    let select = "select id, author, revision, title, body, utc(written_at)
        from posts join revisions on post = id and number = revision
        where author = $1 and id < $2 and deleted_at is null order by id desc limit $3";
    let select = sqlx::query_as(select).bind(author).bind(cursor.after.unwrap_or(i64::MAX)).bind(ROWS);
    let rows: Vec<Row> = select.fetch_all(&servers.postgres).await?;
    Ok(Page::of(rows.into_iter().map(post_of).collect(), |post| post.id))
}

/// The revisions of a post: the latest first.
pub async fn revisions(servers: &Servers, id: i64, cursor: Cursor) -> Answer<Page<Post>> {
    let select = "select id, author, number, title, body, utc(written_at) from posts join revisions on post = id
        where id = $1 and number < $2 and deleted_at is null order by number desc limit $3";
    let select = sqlx::query_as(select).bind(id).bind(cursor.after.unwrap_or(i64::MAX)).bind(ROWS);
    let rows: Vec<Row> = select.fetch_all(&servers.postgres).await?;
    Ok(Page::of(rows.into_iter().map(post_of).collect(), |post| post.revision))
}

/// Adds a revision behind the one that the author has seen, when that is still the latest. Nothing when the author has
/// no such post.
pub async fn edit(
    servers: &Servers,
    id: i64,
    author: i64,
    seen: i64,
    [title, body]: [&str; 2],
) -> Answer<Option<Edited>> {
    // The second of two edits at once waits for the first one's row, and then does not find the revision it has seen.
    let edit = "with edited as (update posts set revision = revision + 1
            where id = $1 and author = $2 and revision = $3 and deleted_at is null returning id, author, revision)
        insert into revisions (post, number, title, body) select id, revision, $4, $5 from edited
        returning post, $2, number, title, body, utc(written_at)";
    let edit = sqlx::query_as(edit).bind(id).bind(author).bind(seen).bind(title).bind(body);
    if let Some(row) = edit.fetch_optional(&servers.postgres).await? {
        return Ok(Some(Edited::Done(post_of(row))));
    }
    let select = "select revision from posts where id = $1 and author = $2 and deleted_at is null";
    let latest: Option<i64> =
        sqlx::query_scalar(select).bind(id).bind(author).fetch_optional(&servers.postgres).await?;
    Ok(latest.map(Edited::Overtaken))
}

/// Deletes a post of an author, and answers whether there is or was one.
pub async fn delete(servers: &Servers, id: i64, author: i64) -> Answer<bool> {
    let delete = "update posts set deleted_at = coalesce(deleted_at, now()) where id = $1 and author = $2";
    Ok(sqlx::query(delete).bind(id).bind(author).execute(&servers.postgres).await?.rows_affected() > 0)
}
