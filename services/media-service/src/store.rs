//! What is kept: contents and uploads in `PostgreSQL`, tickets for uploads in Redis.

use kit::secret::{digest, token};
use kit::{Answer, Cursor, Page, ROWS, Servers};

use crate::domain::TICKET_S;

/// A content with its name and kind.
pub struct Blob<'a> {
    /// The SHA-256 of the content.
    pub sha256: &'a str,
    /// What it is.
    pub media_type: &'a str,
    /// The bytes.
    pub content: &'a [u8],
}

/// An upload: an owner's reference to a content.
pub struct Upload {
    /// Its number.
    pub id: i64,
    /// The SHA-256 of the content.
    pub sha256: String,
    /// The media type of the content.
    pub media_type: String,
    /// The size of the content, in bytes.
    pub size: i32,
}

/// A new ticket for one upload of an owner. It is kept nowhere: Redis knows its digest.
pub async fn issue_ticket(servers: &Servers, owner: i64) -> Answer<String> {
    let ticket = token();
    let mut set = redis::cmd("SET");
    set.arg(ticket_key(servers, &ticket)).arg(owner).arg("EX").arg(TICKET_S);
    set.exec_async(&mut servers.redis.connection()).await?;
    Ok(ticket)
}

/// Whose ticket it is, while it is valid.
pub async fn ticket_owner(servers: &Servers, ticket: &str) -> Answer<Option<i64>> {
    let get = redis::cmd("GET").arg(ticket_key(servers, ticket)).to_owned();
    Ok(get.query_async(&mut servers.redis.connection()).await?)
}

/// Stores a content and an upload of it, and answers the upload's number, or nothing when the ticket is used already.
///
/// `PostgreSQL` decides which of two uploads has the ticket. So when it is away the ticket stays valid for the next try.
pub async fn add_upload(servers: &Servers, owner: i64, ticket: &str, blob: Blob<'_>) -> Answer<Option<i64>> {
    let mut transaction = servers.postgres.begin().await?;
    // An update that changes nothing locks a row that is there: nobody frees the content before the upload refers to it.
    let insert = "insert into blobs (sha256, media_type, content) values ($1, $2, $3)
        on conflict (sha256) do update set sha256 = excluded.sha256";
    let insert = sqlx::query(insert).bind(blob.sha256).bind(blob.media_type).bind(blob.content);
    insert.execute(&mut *transaction).await?;
    let insert = "insert into uploads (owner, sha256, ticket) values ($1, $2, $3) on conflict do nothing returning id";
    let insert = sqlx::query_scalar(insert).bind(owner).bind(blob.sha256).bind(digest(ticket));
    let Some(id) = insert.fetch_optional(&mut *transaction).await? else { return Ok(None) };
    transaction.commit().await?;
    // Only tidiness: the ticket is used, whether or not Redis hears of it, and expires anyway.
    let _ = servers.redis.forget(&ticket_key(servers, ticket)).await;
    Ok(Some(id))
}

/// The uploads of an owner, oldest first.
pub async fn uploads(servers: &Servers, owner: i64, cursor: Cursor) -> Answer<Page<Upload>> {
    let select = "select id, sha256, media_type, length(content) from uploads join blobs using (sha256)
        where owner = $1 and id > $2 order by id limit $3";
    let rows = sqlx::query_as(select).bind(owner).bind(cursor.after.unwrap_or_default()).bind(ROWS);
    let rows: Vec<(i64, String, String, i32)> = rows.fetch_all(&servers.postgres).await?;
    let page = Page::of(rows, |(id, ..)| *id);
    Ok(page.map(|(id, sha256, media_type, size)| Upload { id, sha256, media_type, size }))
}

/// Removes an upload, and its content when no other upload refers to it. Answers whether there was such an upload.
pub async fn remove_upload(servers: &Servers, id: i64) -> Answer<bool> {
    let mut transaction = servers.postgres.begin().await?;
    let upload = sqlx::query_scalar("delete from uploads where id = $1 returning sha256").bind(id);
    let sha256: Option<String> = upload.fetch_optional(&mut *transaction).await?;
    // Uploads and removals of one content take turns from here on. The next statement sees what those before have done,
    // which this one, begun earlier, might not.
    let lock = sqlx::query("select from blobs where sha256 = $1 for update").bind(&sha256);
    lock.execute(&mut *transaction).await?;
    let free = "delete from blobs where sha256 = $1 and not exists (select from uploads where sha256 = $1)";
    sqlx::query(free).bind(&sha256).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(sha256.is_some())
}

/// The media type of a content.
pub async fn media_type(servers: &Servers, sha256: &str) -> Answer<Option<String>> {
    let select = sqlx::query_scalar("select media_type from blobs where sha256 = $1").bind(sha256);
    Ok(select.fetch_optional(&servers.postgres).await?)
}

/// A content.
pub async fn content(servers: &Servers, sha256: &str) -> Answer<Option<Vec<u8>>> {
    let select = sqlx::query_scalar("select content from blobs where sha256 = $1").bind(sha256);
    Ok(select.fetch_optional(&servers.postgres).await?)
}

fn ticket_key(servers: &Servers, ticket: &str) -> String {
    servers.redis.key(format_args!("ticket:{}", digest(ticket)))
}
