//! What is kept: streams, their events and the offsets of consumers in `PostgreSQL`. Redis keeps nothing: it carries news.

use std::time::Duration;

use futures_util::StreamExt;
use kit::{Answer, Problem, ROWS, Servers};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender};
use utoipa::ToSchema;

use crate::domain::{Conflict, check_expected, check_offset};

/// Appends whose news a live reader may not have heard yet. When there are more, it looks for itself.
const UNHEARD: usize = 256;
/// The pause between two attempts to hear the news of Redis.
const PAUSE: Duration = Duration::from_secs(1);

/// An event of a stream.
#[derive(Serialize, ToSchema)]
pub struct Event {
    /// Its place in the stream, from 1, without gaps.
    pub position: i64,
    /// What its sender calls it.
    pub id: String,
    /// Any JSON.
    pub payload: Value,
}

/// What became of an event.
pub enum Appended {
    /// It has this new position.
    New(i64),
    /// It was appended before, at this position.
    Before(i64),
}

/// Appends an event, unless the stream has it already. Two at once take turns, and a position is seen by nobody before
/// all positions below it.
pub async fn append(
    servers: &Servers,
    stream: &str,
    id: &str,
    payload: &str,
    expected: Option<i64>,
) -> Answer<Appended> {
    let mut transaction = servers.postgres.begin().await?;
    // This row is locked until the end. An early return takes the position back.
    let next = "insert into streams (name, position) values ($1, 1)
        on conflict (name) do update set position = streams.position + 1 returning position";
    let position: i64 = sqlx::query_scalar(next).bind(stream).fetch_one(&mut *transaction).await?;
    let select = "select position, payload from events where stream = $1 and id = $2";
    let known: Option<(i64, String)> =
        sqlx::query_as(select).bind(stream).bind(id).fetch_optional(&mut *transaction).await?;
    match known {
        Some((before, same)) if same == payload => return Ok(Appended::Before(before)),
        Some((before, _)) => return Err(Problem::conflict(Conflict::Taken(before))),
        None => check_expected(position - 1, expected).map_err(Problem::conflict)?,
    }
    let insert = "insert into events (stream, position, id, payload) values ($1, $2, $3, $4)";
    let insert = sqlx::query(insert).bind(stream).bind(position).bind(id).bind(payload);
    insert.execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(Appended::New(position))
}

/// The events of a stream after a position, in order, for one page.
pub async fn read(servers: &Servers, stream: &str, after: i64) -> Answer<Vec<Event>> {
    let select = "select position, id, payload from events
        where stream = $1 and position > $2 order by position limit $3";
    let select = sqlx::query_as(select).bind(stream).bind(after).bind(ROWS);
    let rows: Vec<(i64, String, String)> = select.fetch_all(&servers.postgres).await?;
    let events = rows.into_iter().map(|(position, id, payload)| {
        let payload = serde_json::from_str(&payload).map_err(|_| Problem::internal())?;
        Ok(Event { position, id, payload })
    });
    events.collect()
}

/// Where a consumer of a stream is, and where the stream is.
pub async fn offset(servers: &Servers, stream: &str, consumer: &str) -> Answer<(i64, i64)> {
    let select = "select coalesce((select position from offsets where stream = $1 and consumer = $2), 0),
        coalesce((select position from streams where name = $1), 0)";
    Ok(sqlx::query_as(select).bind(stream).bind(consumer).fetch_one(&servers.postgres).await?)
}

/// Notes that a consumer has done all events up to a position.
pub async fn commit(servers: &Servers, stream: &str, consumer: &str, position: i64) -> Answer<()> {
    let (from, last) = offset(servers, stream, consumer).await?;
    check_offset(from, position, last).map_err(Problem::conflict)?;
    if position > from {
        // Of two commits at once the later position stays, whichever comes last.
        let upsert = "insert into offsets (stream, consumer, position) values ($1, $2, $3)
            on conflict (stream, consumer) do update set position = greatest(offsets.position, excluded.position)";
        sqlx::query(upsert).bind(stream).bind(consumer).bind(position).execute(&servers.postgres).await?;
    }
    Ok(())
}

/// Tells the live readers of all processes that a stream has grown.
pub async fn publish(servers: &Servers, stream: &str) -> Answer<()> {
    let mut publish = redis::cmd("PUBLISH");
    publish.arg(channel(servers, stream)).arg("");
    Ok(publish.exec_async(&mut servers.redis.connection()).await?)
}

fn channel(servers: &Servers, stream: &str) -> String {
    servers.redis.key(format_args!("stream:{stream}"))
}

/// The news of Redis for all live readers of this process: one connection serves them all.
#[derive(Clone)]
pub struct News(Sender<String>);

impl News {
    /// Begins to listen, and begins again whenever Redis was lost. Must be called inside a tokio runtime.
    pub fn listen(servers: &Servers) -> Self {
        let sender = Sender::new(UNHEARD);
        tokio::spawn(listen(servers.clone(), sender.clone()));
        Self(sender)
    }

    /// The news of one stream from now on.
    pub fn of(&self, servers: &Servers, stream: &str) -> StreamNews {
        StreamNews { channel: channel(servers, stream), news: self.0.subscribe() }
    }
}

async fn listen(servers: Servers, readers: Sender<String>) {
    let all = channel(&servers, "*");
    loop {
        if let Ok(mut channels) = servers.redis.subscribe(&all).await {
            let mut messages = channels.on_message();
            while let Some(message) = messages.next().await {
                // An error says that nobody reads live now.
                let _ = readers.send(message.get_channel_name().to_owned());
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The news of one stream.
pub struct StreamNews {
    channel: String,
    news: Receiver<String>,
}

impl StreamNews {
    /// Waits until the stream may have grown.
    pub async fn heard(&mut self) {
        loop {
            match self.news.recv().await {
                Ok(channel) if channel != self.channel => {}
                Ok(_) | Err(RecvError::Lagged(_)) => return,
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}
