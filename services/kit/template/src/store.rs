//! What is kept: notes in `PostgreSQL`, counts of their reads in Redis.

use kit::{Answer, ROWS, Servers};

use crate::domain::READS_KEPT_S;

/// A note as it is stored.
pub struct Note {
    /// Its number, which orders the list.
    pub id: i64,
    /// What it is called.
    pub name: String,
    /// What is in it.
    pub text: String,
}

impl From<(i64, String, String)> for Note {
    fn from((id, name, text): (i64, String, String)) -> Self {
        Self { id, name, text }
    }
}

/// Adds a note. Says whether it was added: not when another one has the name.
pub async fn add(servers: &Servers, name: &str, text: &str) -> Answer<bool> {
    let insert = sqlx::query("insert into notes (name, text) values ($1, $2) on conflict do nothing");
    let done = insert.bind(name).bind(text).execute(&servers.postgres).await?;
    Ok(done.rows_affected() > 0)
}

/// The note of a name.
pub async fn find(servers: &Servers, name: &str) -> Answer<Option<Note>> {
    let select = sqlx::query_as("select id, name, text from notes where name = $1").bind(name);
    let row: Option<(i64, String, String)> = select.fetch_optional(&servers.postgres).await?;
    Ok(row.map(Note::from))
}

/// The notes behind a number, a page of them and one more.
pub async fn list(servers: &Servers, after: i64) -> Answer<Vec<Note>> {
    let select = sqlx::query_as("select id, name, text from notes where id > $1 order by id limit $2");
    let rows: Vec<(i64, String, String)> = select.bind(after).bind(ROWS).fetch_all(&servers.postgres).await?;
    Ok(rows.into_iter().map(Note::from).collect())
}

/// Removes a note and the count of its reads. Says whether there was one.
pub async fn remove(servers: &Servers, name: &str) -> Answer<bool> {
    let delete = sqlx::query("delete from notes where name = $1").bind(name);
    let done = delete.execute(&servers.postgres).await?;
    servers.redis.forget(&reads_key(servers, name)).await?;
    Ok(done.rows_affected() > 0)
}

/// Counts a read of a note. Answers how many there were lately.
pub async fn count_read(servers: &Servers, name: &str) -> Answer<u64> {
    servers.redis.count_within(&reads_key(servers, name), READS_KEPT_S).await
}

fn reads_key(servers: &Servers, name: &str) -> String {
    servers.redis.key(format_args!("reads:{name}"))
}
