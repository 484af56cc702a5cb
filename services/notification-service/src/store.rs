//! What is kept: notifications and preferences in `PostgreSQL`, deliveries in a Redis stream that workers share.
//!
//! `PostgreSQL` knows what is not delivered yet. The stream only hands it out: it holds each undelivered notification once
//! at most, for a hash beside it says which entry is whose, and an entry leaves both when it is acknowledged. So whatever
//! the stream lacks, because Redis was away, was full or has lost it, is added again without doubling the rest.

use kit::{Answer, Page, Problem, ROWS, Servers};
use redis::{Cmd, FromRedisValue};

use crate::domain::{BACKLOG, BATCH, MOST_UNREAD, PATIENCE_MS, REFILL_S, WINDOW_S};

/// How long stream and hash live when no worker comes, in seconds. The next worker makes them again.
const STREAM_S: u64 = 24 * 60 * 60;

/// Makes the stream when there is none, and answers whether it should be filled up now.
const OPEN: &str = "
    if redis.call('EXISTS', KEYS[1]) == 0 then
        redis.call('DEL', KEYS[2], KEYS[3])
        redis.call('XGROUP', 'CREATE', KEYS[1], 'delivery', '0', 'MKSTREAM')
    end
    redis.call('EXPIRE', KEYS[1], ARGV[1])
    redis.call('EXPIRE', KEYS[2], ARGV[1])
    if redis.call('SET', KEYS[3], 1, 'NX', 'EX', ARGV[2]) then return 1 end
    return 0";

/// Adds the notifications that are not in the stream yet. Without a stream it does nothing: the next worker makes it.
const ADD: &str = "
    if redis.call('EXISTS', KEYS[1]) == 0 then return end
    for i = 2, #ARGV do
        if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[1]) then return end
        if redis.call('HEXISTS', KEYS[2], ARGV[i]) == 0 then
            local entry = redis.call('XADD', KEYS[1], '*', 'notification', ARGV[i])
            redis.call('HSET', KEYS[2], ARGV[i], entry)
        end
    end";

/// Hands entries to a worker: first those that others have had for too long, then new ones. Answers the notifications.
const TAKE: &str = "
    if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
    local taken = {}
    local function take(entries)
        for _, entry in ipairs(entries) do table.insert(taken, entry[2][2]) end
    end
    local late = redis.call('XPENDING', KEYS[1], 'delivery', 'IDLE', ARGV[3], '-', '+', ARGV[2])
    for _, pending in ipairs(late) do
        take(redis.call('XCLAIM', KEYS[1], 'delivery', ARGV[1], ARGV[3], pending[1]))
    end
    local room = ARGV[2] - #taken
    if room > 0 then
        local read = redis.call('XREADGROUP', 'GROUP', 'delivery', ARGV[1], 'COUNT', room, 'STREAMS', KEYS[1], '>')
        if read then take(read[1][2]) end
    end
    return taken";

/// Takes delivered notifications off the stream.
const DROP: &str = "
    for _, notification in ipairs(ARGV) do
        local entry = redis.call('HGET', KEYS[2], notification)
        if entry then
            redis.call('XACK', KEYS[1], 'delivery', entry)
            redis.call('XDEL', KEYS[1], entry)
            redis.call('HDEL', KEYS[2], notification)
        end
    end";

/// What a sender tells.
pub struct New<'a> {
    /// Whom.
    pub recipient: i64,
    /// What sort of thing.
    pub kind: &'a str,
    /// What stands for the same thing.
    pub key: Option<&'a str>,
    /// In words.
    pub text: &'a str,
}

/// What became of a notification.
pub enum Told {
    /// It is stored, and will be delivered.
    New(i64),
    /// The same was told within the window, with this number.
    Before(i64),
    /// The recipient has muted its kind.
    Muted,
}

/// A row of a notification: its columns in the order of the fields below.
type Row = (i64, i64, String, String, i64, bool);

/// A notification as it is stored.
pub struct Notification {
    /// Its number.
    pub id: i64,
    /// Whose it is.
    pub recipient: i64,
    /// What sort of thing happened.
    pub kind: String,
    /// In words.
    pub text: String,
    /// When it was stored, in seconds since 1970.
    pub created_at: i64,
    /// Whether the recipient has read it.
    pub read: bool,
}

impl From<Row> for Notification {
    fn from((id, recipient, kind, text, created_at, read): Row) -> Self {
        Self { id, recipient, kind, text, created_at, read }
    }
}

/// Stores a notification, unless its kind is muted or the same was told before, and queues its delivery.
pub async fn tell(servers: &Servers, new: &New<'_>) -> Answer<Told> {
    let mut transaction = servers.postgres.begin().await?;
    let muted = "select exists (select from preferences where recipient = $1 and $2 = any (muted))";
    let muted = sqlx::query_scalar(muted).bind(new.recipient).bind(new.kind);
    if muted.fetch_one(&mut *transaction).await? {
        return Ok(Told::Muted);
    }
    if let Some(key) = new.key {
        // Who tells the same at the same time waits here, and then finds what was told.
        let turn = sqlx::query("select pg_advisory_xact_lock(hashtextextended($1, $2))").bind(key).bind(new.recipient);
        turn.execute(&mut *transaction).await?;
        let same = "select id from notifications where recipient = $1 and key = $2
            and created_at > now() - make_interval(secs => $3) order by created_at desc limit 1";
        let same = sqlx::query_scalar(same).bind(new.recipient).bind(key).bind(WINDOW_S);
        if let Some(id) = same.fetch_optional(&mut *transaction).await? {
            return Ok(Told::Before(id));
        }
    }
    let insert = "insert into notifications (recipient, kind, key, text) values ($1, $2, $3, $4) returning id";
    let insert = sqlx::query_scalar(insert).bind(new.recipient).bind(new.kind).bind(new.key).bind(new.text);
    let id = insert.fetch_one(&mut *transaction).await?;
    transaction.commit().await?;
    // It is stored, so an error here is none of the sender's: the stream is filled up from what is stored.
    let _logged = add(servers, &[id]).await;
    Ok(Told::New(id))
}

/// One page of a user's notifications, newest first: all of them, or those that are unread.
pub async fn list(servers: &Servers, user: i64, unread: bool, after: i64) -> Answer<Page<Notification>> {
    let select = "select id, recipient, kind, text, extract(epoch from created_at)::bigint, read_at is not null
        from notifications where recipient = $1 and id < $2 and (read_at is null or not $3) order by id desc limit $4";
    let select = sqlx::query_as(select).bind(user).bind(after).bind(unread).bind(ROWS);
    let rows: Vec<Row> = select.fetch_all(&servers.postgres).await?;
    Ok(Page::of(rows, |(id, ..)| *id).map(Notification::from))
}

/// How many notifications a user has not read: at most [`MOST_UNREAD`] are counted.
pub async fn count_unread(servers: &Servers, user: i64) -> Answer<i64> {
    let select = "select count(*) from (
            select from notifications where recipient = $1 and read_at is null limit $2
        ) unread";
    Ok(sqlx::query_scalar(select).bind(user).bind(MOST_UNREAD).fetch_one(&servers.postgres).await?)
}

/// Marks one notification of a user as read, and answers whether there is one.
pub async fn mark_read(servers: &Servers, user: i64, id: i64) -> Answer<bool> {
    let update = "update notifications set read_at = coalesce(read_at, now()) where recipient = $1 and id = $2";
    Ok(sqlx::query(update).bind(user).bind(id).execute(&servers.postgres).await?.rows_affected() == 1)
}

/// Marks a user's notifications up to a number as read: what came since stays unread.
pub async fn mark_all_read(servers: &Servers, user: i64, up_to: i64) -> Answer<()> {
    let update = "update notifications set read_at = now() where recipient = $1 and id <= $2 and read_at is null";
    sqlx::query(update).bind(user).bind(up_to).execute(&servers.postgres).await?;
    Ok(())
}

/// The kinds that a user has muted.
pub async fn muted(servers: &Servers, user: i64) -> Answer<Vec<String>> {
    let select = sqlx::query_scalar("select muted from preferences where recipient = $1").bind(user);
    Ok(select.fetch_optional(&servers.postgres).await?.unwrap_or_default())
}

/// Mutes these kinds from now on, and no others.
pub async fn mute(servers: &Servers, user: i64, kinds: &[String]) -> Answer<()> {
    let upsert = "insert into preferences (recipient, muted) values ($1, $2)
        on conflict (recipient) do update set muted = excluded.muted";
    sqlx::query(upsert).bind(user).bind(kinds).execute(&servers.postgres).await?;
    Ok(())
}

/// Hands undelivered notifications to a worker, at most [`BATCH`]: to it alone, until it has taken too long.
pub async fn take(servers: &Servers, worker: &str) -> Answer<Vec<Notification>> {
    if run(servers, OPEN, |open| open.arg(STREAM_S).arg(REFILL_S)).await? {
        let select = "select id from notifications where delivered_at is null order by id limit $1";
        let undelivered: Vec<i64> = sqlx::query_scalar(select).bind(BACKLOG).fetch_all(&servers.postgres).await?;
        add(servers, &undelivered).await?;
    }
    let taken: Vec<i64> = run(servers, TAKE, |take| take.arg(worker).arg(BATCH).arg(PATIENCE_MS)).await?;
    let select = "select id, recipient, kind, text, extract(epoch from created_at)::bigint, read_at is not null
        from notifications where id = any ($1) and delivered_at is null order by id";
    let rows: Vec<Row> = sqlx::query_as(select).bind(&taken).fetch_all(&servers.postgres).await?;
    // Acknowledged, but added once more by somebody who had looked before.
    let is_done = |id: &i64| rows.iter().all(|(undelivered, ..)| undelivered != id);
    let done: Vec<i64> = taken.into_iter().filter(is_done).collect();
    if !done.is_empty() {
        drop_entries(servers, &done).await?;
    }
    Ok(rows.into_iter().map(Notification::from).collect())
}

/// Acknowledges a delivery, and answers whether there is such a notification.
pub async fn acknowledge(servers: &Servers, id: i64) -> Answer<bool> {
    let update = "update notifications set delivered_at = coalesce(delivered_at, now()) where id = $1";
    if sqlx::query(update).bind(id).execute(&servers.postgres).await?.rows_affected() == 0 {
        return Ok(false);
    }
    // It is delivered, so an error here is none of the worker's: a later one finds that out before it gets the entry.
    let _logged = drop_entries(servers, &[id]).await;
    Ok(true)
}

async fn add(servers: &Servers, ids: &[i64]) -> Answer<()> {
    run(servers, ADD, |add| add.arg(BACKLOG).arg(ids)).await
}

async fn drop_entries(servers: &Servers, ids: &[i64]) -> Answer<()> {
    run(servers, DROP, |drop| drop.arg(ids)).await
}

/// Runs a script on the stream, the hash of its entries, and the mark of its last filling.
async fn run<T: FromRedisValue>(servers: &Servers, script: &str, with: impl FnOnce(&mut Cmd) -> &mut Cmd) -> Answer<T> {
    let mut eval = redis::cmd("EVAL");
    eval.arg(script).arg(3);
    for key in ["deliveries", "entries", "filled"] {
        eval.arg(servers.redis.key(key));
    }
    with(&mut eval);
    eval.query_async(&mut servers.redis.connection()).await.map_err(Problem::from)
}
