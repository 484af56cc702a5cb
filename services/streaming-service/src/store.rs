//! What is kept: sessions in `PostgreSQL`, heartbeats in Redis; and who follows a session, in the memory of the process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kit::{Answer, Cursor, Page, ROWS, Servers};
use tokio::sync::watch;

use crate::domain::{HEARTBEAT_S, REMEMBERED_S, forgotten_until, is_lost};

/// How often a session is asked for while somebody follows it.
const PERIOD: Duration = Duration::from_secs(1);

/// A session as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its number.
    pub id: i64,
    /// Whose it is.
    pub streamer: i64,
    /// What it is called.
    pub title: String,
    /// Why it has ended; nothing while it is live.
    pub ended: Option<String>,
    /// How many people watch.
    pub viewers: u64,
}

type Row = (i64, i64, String, Option<String>);

/// Starts a session and answers its number, or nothing when the streamer is live already.
pub async fn start(servers: &Servers, streamer: i64, title: &str) -> Answer<Option<i64>> {
    let live = sqlx::query_scalar("select id from sessions where streamer = $1 and ended_at is null").bind(streamer);
    if let Some(before) = live.fetch_optional(&servers.postgres).await? {
        // Ends it when its streamer was lost.
        session(servers, before).await?;
    }
    let insert = "insert into sessions (streamer, title) values ($1, $2) on conflict do nothing returning id";
    Ok(sqlx::query_scalar(insert).bind(streamer).bind(title).fetch_optional(&servers.postgres).await?)
}

/// A session, live or not. One whose streamer was lost ends here: whoever looks first notices.
pub async fn session(servers: &Servers, id: i64) -> Answer<Option<Session>> {
    let select = sqlx::query_as("select id, streamer, title, reason from sessions where id = $1").bind(id);
    let row: Option<Row> = select.fetch_optional(&servers.postgres).await?;
    match row {
        Some(row) => Ok(Some(present(servers, row).await?)),
        None => Ok(None),
    }
}

/// The sessions that are live, oldest first.
pub async fn live_sessions(servers: &Servers, cursor: Cursor) -> Answer<Page<Session>> {
    let select = "select id, streamer, title, reason from sessions
        where ended_at is null and id > $1 order by id limit $2";
    let rows = sqlx::query_as(select).bind(cursor.after.unwrap_or_default()).bind(ROWS);
    let page = Page::of(rows.fetch_all(&servers.postgres).await?, |(id, ..): &Row| *id);
    let mut items = Vec::with_capacity(page.items.len());
    for row in page.items {
        items.push(present(servers, row).await?);
    }
    items.retain(|session| session.ended.is_none());
    Ok(Page { items, next: page.next })
}

/// Adds to a row what Redis knows, and ends the session when that is what Redis knows.
async fn present(servers: &Servers, (id, streamer, title, ended): Row) -> Answer<Session> {
    let mut session = Session { id, streamer, title, ended, viewers: 0 };
    if session.ended.is_none() {
        let (left_s, viewers) = presence(servers, id).await?;
        session.viewers = viewers;
        if is_lost(left_s) {
            end(servers, id, "lost").await?;
            session = Session { ended: Some("lost".to_owned()), viewers: 0, ..session };
        }
    }
    Ok(session)
}

/// For how many seconds Redis remembers the streamer's heartbeat still, and how many people watch.
async fn presence(servers: &Servers, id: i64) -> Answer<(u64, u64)> {
    let now = now_s(servers).await?;
    let (streamer, viewers) = (streamer_key(servers, id), viewers_key(servers, id));
    let mut steps = redis::pipe();
    // No memory is no lost streamer but a lost Redis, or a session that begins: the time until the next heartbeat begins.
    steps.atomic().cmd("SET").arg(&streamer).arg(1).arg("EX").arg(REMEMBERED_S).arg("NX").ignore();
    steps.cmd("TTL").arg(&streamer);
    steps.cmd("ZCOUNT").arg(&viewers).arg(format_args!("({}", forgotten_until(now)).to_string()).arg("+inf");
    let (left_s, viewers): (i64, u64) = steps.query_async(&mut servers.redis.connection()).await?;
    Ok((u64::try_from(left_s).unwrap_or_default(), viewers))
}

/// Notes that the streamer is there.
pub async fn streamer_heartbeat(servers: &Servers, id: i64) -> Answer<()> {
    let mut set = redis::cmd("SET");
    set.arg(streamer_key(servers, id)).arg(1).arg("EX").arg(REMEMBERED_S);
    Ok(set.exec_async(&mut servers.redis.connection()).await?)
}

/// Notes that a viewer watches now, and forgets those who do not any more. Answers how many do.
pub async fn viewer_heartbeat(servers: &Servers, id: i64, viewer: i64) -> Answer<u64> {
    let now = now_s(servers).await?;
    let key = viewers_key(servers, id);
    let mut steps = redis::pipe();
    steps.atomic().cmd("ZADD").arg(&key).arg(now).arg(viewer).ignore();
    steps.cmd("ZREMRANGEBYSCORE").arg(&key).arg("-inf").arg(forgotten_until(now)).ignore();
    steps.cmd("EXPIRE").arg(&key).arg(HEARTBEAT_S).ignore().cmd("ZCARD").arg(&key);
    let (viewers,) = steps.query_async(&mut servers.redis.connection()).await?;
    Ok(viewers)
}

/// Forgets a viewer who says good-bye.
pub async fn viewer_leaves(servers: &Servers, id: i64, viewer: i64) -> Answer<()> {
    let remove = redis::cmd("ZREM").arg(viewers_key(servers, id)).arg(viewer).to_owned();
    Ok(remove.exec_async(&mut servers.redis.connection()).await?)
}

/// Ends a session. One that has ended before keeps its first reason.
pub async fn end(servers: &Servers, id: i64, reason: &str) -> Answer<()> {
    let update = "update sessions set ended_at = now(), reason = $2 where id = $1 and ended_at is null";
    sqlx::query(update).bind(id).bind(reason).execute(&servers.postgres).await?;
    Ok(())
}

/// The sessions that somebody follows from this process. One task asks for each, however many follow it, and ends with
/// the last of them.
#[derive(Clone, Default)]
pub struct Followed(Arc<Mutex<HashMap<i64, watch::Sender<Session>>>>);

impl Followed {
    /// Follows a live session: its state as it was just found, then each that is another one. Nobody has to keep up: who is
    /// slow sees the newest. Ends after the end of the session.
    pub fn follow(&self, servers: &Servers, found: Session) -> watch::Receiver<Session> {
        let id = found.id;
        let mut followed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = followed.entry(id).or_insert_with(|| {
            let sender = watch::Sender::new(found);
            tokio::spawn(self.clone().ask(servers.clone(), id, sender.clone()));
            sender
        });
        let mut receiver = sender.subscribe();
        receiver.mark_changed();
        receiver
    }

    async fn ask(self, servers: Servers, id: i64, sender: watch::Sender<Session>) {
        let mut periods = tokio::time::interval(PERIOD);
        loop {
            // With a server away, the last state is the best one known; the next period asks again.
            let found = tokio::select! {
                _ = periods.tick() => session(&servers, id).await.ok().flatten(),
                () = sender.closed() => None,
            };
            let mut followed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let has_ended = found.as_ref().is_some_and(|session| session.ended.is_some());
            if let Some(found) = found {
                sender.send_if_modified(|last| {
                    let is_other = *last != found;
                    *last = found;
                    is_other
                });
            }
            // Under the lock nobody can begin to follow meanwhile.
            if has_ended || sender.receiver_count() == 0 {
                followed.remove(&id);
                return;
            }
        }
    }

    /// How many sessions somebody follows.
    pub fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// Redis's clock, in seconds since 1970: one for all replicas.
async fn now_s(servers: &Servers) -> Answer<u64> {
    let (now, _microseconds): (u64, u64) = redis::cmd("TIME").query_async(&mut servers.redis.connection()).await?;
    Ok(now)
}

/// Where Redis remembers that the streamer of a session was there.
pub fn streamer_key(servers: &Servers, id: i64) -> String {
    servers.redis.key(format_args!("streamer:{id}"))
}

/// Where Redis remembers who watches a session.
pub fn viewers_key(servers: &Servers, id: i64) -> String {
    servers.redis.key(format_args!("viewers:{id}"))
}
