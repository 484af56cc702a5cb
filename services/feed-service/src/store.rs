//! What is kept: posts and who follows whom in `PostgreSQL`, and timelines at hand in sorted sets in Redis.
//!
//! Every change is committed first, and then brought to the timelines at hand. Three things keep them true when requests
//! meet:
//!
//! - What changes the posts of one author, or takes a follower away, waits its turn: so no slow fan-out comes after.
//! - A timeline is made under a lease. Whatever changes meanwhile ends the lease, and then the timeline is not kept.
//! - Each set holds a mark with the score 0, so that a timeline without posts differs from one that was lost.

use kit::{Answer, Problem, ROWS, Servers};
use sqlx::{Postgres, Transaction};

use crate::domain::{self, Entry, KEPT_S, LONGEST};

/// How many timelines one step of a fan-out changes.
const BATCH: i64 = 1000;
/// How long the making of a timeline may take, in seconds.
const LEASE_S: u64 = 60;

/// For each pair of a timeline and its lease: ends the lease, and adds or removes one member where there is a timeline.
const SPREAD: &str = "
    for i = 1, #KEYS, 2 do
        redis.call('DEL', KEYS[i + 1])
        if redis.call('EXISTS', KEYS[i]) == 1 then
            if ARGV[1] == 'remove' then
                redis.call('ZREM', KEYS[i], ARGV[2])
            else
                redis.call('ZADD', KEYS[i], ARGV[3], ARGV[2])
                -- From the oldest after the mark, as many as are above the limit.
                redis.call('ZREMRANGEBYRANK', KEYS[i], 1, -ARGV[4] - 1)
            end
        end
    end";

/// Keeps a timeline when its lease has not ended.
const KEEP: &str = "
    if redis.call('GET', KEYS[2]) ~= ARGV[1] then return end
    redis.call('DEL', KEYS[1], KEYS[2])
    redis.call('ZADD', KEYS[1], 0, 'mark')
    for i = 3, #ARGV, 2 do redis.call('ZADD', KEYS[1], ARGV[i], ARGV[i + 1]) end
    redis.call('EXPIRE', KEYS[1], ARGV[2])";

/// A post as it is stored.
pub struct Post {
    /// Who wrote it.
    pub author: i64,
    /// Whether it is gone from all timelines.
    pub removed: bool,
}

/// Adds a post, unless its number is known. Answers what is stored under it.
pub async fn add(servers: &Servers, post: i64, author: i64) -> Answer<Post> {
    let insert = sqlx::query("insert into posts (id, author) values ($1, $2) on conflict do nothing");
    insert.bind(post).bind(author).execute(&servers.postgres).await?;
    let select = sqlx::query_as("select author, removed from posts where id = $1").bind(post);
    let (author, removed) = select.fetch_one(&servers.postgres).await?;
    Ok(Post { author, removed })
}

/// Marks a post as removed, and answers its author; none when there is no such post.
pub async fn remove(servers: &Servers, post: i64) -> Answer<Option<i64>> {
    let update = sqlx::query_scalar("update posts set removed = true where id = $1 returning author");
    Ok(update.bind(post).fetch_optional(&servers.postgres).await?)
}

/// Brings a post to the timelines of all who follow its author, or takes it out of them when it is removed.
pub async fn spread(servers: &Servers, post: i64, author: i64) -> Answer<()> {
    let mut transaction = turn(servers, &format!("author:{author}")).await?;
    // Read in our turn: had the post been removed since, a late fan-out would bring it back.
    let select = sqlx::query_as("select position, removed from posts where id = $1").bind(post);
    let (position, removed): (i64, bool) = select.fetch_one(&mut *transaction).await?;
    let entry = Entry { position, post, author };
    let mut last = 0;
    loop {
        let select = "select reader from follows where author = $1 and reader > $2 order by reader limit $3";
        let select = sqlx::query_scalar(select).bind(author).bind(last).bind(BATCH);
        let readers: Vec<i64> = select.fetch_all(&mut *transaction).await?;
        let Some(newest) = readers.last() else { break };
        last = *newest;
        let mut steps = redis::cmd("EVAL");
        steps.arg(SPREAD).arg(2 * readers.len());
        for reader in readers {
            steps.arg(timeline_key(servers, reader)).arg(lease_key(servers, reader));
        }
        steps.arg(if removed { "remove" } else { "add" }).arg(entry.member()).arg(position).arg(LONGEST);
        steps.exec_async(&mut servers.redis.connection()).await?;
    }
    Ok(transaction.commit().await?)
}

/// Follows an author: the timeline is made anew with the posts that were there before.
pub async fn follow(servers: &Servers, reader: i64, author: i64) -> Answer<()> {
    let mut transaction = turn(servers, &format!("reader:{reader}")).await?;
    let insert = sqlx::query("insert into follows (reader, author) values ($1, $2) on conflict do nothing");
    insert.bind(reader).bind(author).execute(&mut *transaction).await?;
    let count = sqlx::query_scalar("select count(*) from follows where reader = $1").bind(reader);
    domain::check_followed(count.fetch_one(&mut *transaction).await?).map_err(Problem::invalid)?;
    transaction.commit().await?;
    forget(servers, reader).await
}

/// Stops following an author: the timeline is made anew without the author's posts.
pub async fn unfollow(servers: &Servers, reader: i64, author: i64) -> Answer<()> {
    let mut transaction = turn(servers, &format!("author:{author}")).await?;
    let delete = sqlx::query("delete from follows where reader = $1 and author = $2").bind(reader).bind(author);
    delete.execute(&mut *transaction).await?;
    transaction.commit().await?;
    forget(servers, reader).await
}

/// One page of the authors that a reader follows, by number.
pub async fn followed(servers: &Servers, reader: i64, after: i64) -> Answer<Vec<i64>> {
    let select = "select author from follows where reader = $1 and author > $2 order by author limit $3";
    let select = sqlx::query_scalar(select).bind(reader).bind(after).bind(ROWS);
    Ok(select.fetch_all(&servers.postgres).await?)
}

/// One page of a reader's timeline, newest first, below the position `before`.
pub async fn timeline(servers: &Servers, reader: i64, before: i64) -> Answer<Vec<Entry>> {
    let key = timeline_key(servers, reader);
    let mut steps = redis::pipe();
    steps.atomic().cmd("EXISTS").arg(&key).cmd("ZRANGE").arg(&key);
    steps.arg(format!("({before}")).arg("(0").arg("BYSCORE").arg("REV").arg("LIMIT").arg(0).arg(ROWS).arg("WITHSCORES");
    let (at_hand, rows): (bool, Vec<(String, i64)>) = steps.query_async(&mut servers.redis.connection()).await?;
    if at_hand {
        return Ok(rows.iter().filter_map(|(member, position)| Entry::read(member, *position)).collect());
    }
    Ok(domain::rows(&rebuild(servers, reader).await?, before))
}

/// Makes a timeline from `PostgreSQL`, and keeps it at hand when nothing has changed meanwhile.
async fn rebuild(servers: &Servers, reader: i64) -> Answer<Vec<Entry>> {
    let (mut redis, lease) = (servers.redis.connection(), kit::secret::token());
    let (timeline, lease_key) = (timeline_key(servers, reader), lease_key(servers, reader));
    redis::cmd("SET").arg(&lease_key).arg(&lease).arg("EX").arg(LEASE_S).exec_async(&mut redis).await?;
    // The newest of each author, and of them the newest: so the index is read, and no author's whole past.
    let select = "select position, id, author from follows cross join lateral (
            select position, id from posts where posts.author = follows.author and not removed
            order by position desc limit $2
        ) newest where reader = $1 order by position desc limit $2";
    let select = sqlx::query_as(select).bind(reader).bind(LONGEST);
    let rows: Vec<(i64, i64, i64)> = select.fetch_all(&servers.postgres).await?;
    let entries: Vec<_> = rows.into_iter().map(|(position, post, author)| Entry { position, post, author }).collect();
    let mut keep = redis::cmd("EVAL");
    keep.arg(KEEP).arg(2).arg(timeline).arg(lease_key).arg(lease).arg(KEPT_S);
    for entry in &entries {
        keep.arg(entry.position).arg(entry.member());
    }
    keep.exec_async(&mut redis).await?;
    Ok(entries)
}

/// Forgets a timeline, and one that is just being made.
async fn forget(servers: &Servers, reader: i64) -> Answer<()> {
    let mut delete = redis::cmd("DEL");
    delete.arg(timeline_key(servers, reader)).arg(lease_key(servers, reader));
    Ok(delete.exec_async(&mut servers.redis.connection()).await?)
}

/// Begins a transaction when all that go by the same name have ended.
async fn turn(servers: &Servers, name: &str) -> Answer<Transaction<'static, Postgres>> {
    let mut transaction = servers.postgres.begin().await?;
    let lock = sqlx::query("select pg_advisory_xact_lock(hashtextextended($1, 0))").bind(name);
    lock.execute(&mut *transaction).await?;
    Ok(transaction)
}

fn timeline_key(servers: &Servers, reader: i64) -> String {
    servers.redis.key(format_args!("timeline:{reader}"))
}

fn lease_key(servers: &Servers, reader: i64) -> String {
    servers.redis.key(format_args!("lease:{reader}"))
}
