//! What is kept: notifications in `PostgreSQL`, deliveries in a Redis stream that workers share.

use kit::{Answer, Servers};
use redis::streams::StreamReadReply;

use crate::domain::{BACKLOG, BATCH, PAGE};

/// The group of workers that share the deliveries: each goes to one of them.
const GROUP: &str = "delivery";

/// Adds a notification and enqueues its delivery. Answers its number, or nothing when the cause was told already.
pub async fn enqueue(servers: &Servers, recipient: i64, cause: &str, text: &str) -> Answer<Option<i64>> {
    let mut transaction = servers.postgres.begin().await?;
    let insert = "insert into notifications (recipient, cause, text) values ($1, $2, $3)
        on conflict do nothing returning id";
    let id = sqlx::query_scalar(insert).bind(recipient).bind(cause).bind(text).fetch_optional(&mut *transaction);
    let id: Option<i64> = id.await?;
    if let Some(id) = id {
        // Before the commit: without a delivery there is no notification, and the sender's second try makes both.
        let mut add = redis::cmd("XADD");
        add.arg(servers.redis.key("deliveries"))
            .arg("MAXLEN")
            .arg("~")
            .arg(BACKLOG)
            .arg("*")
            .arg("notification")
            .arg(id);
        add.exec_async(&mut servers.redis.connection()).await?;
    }
    transaction.commit().await?;
    Ok(id)
}

/// The newest notifications of a recipient: number, text.
pub async fn newest(servers: &Servers, recipient: i64) -> Answer<Vec<(i64, String)>> {
    let select = "select id, text from notifications where recipient = $1 order by id desc limit $2";
    Ok(sqlx::query_as(select).bind(recipient).bind(PAGE).fetch_all(&servers.postgres).await?)
}

/// Hands the oldest waiting deliveries to a worker, as numbers of notifications. Each is handed out once.
pub async fn take(servers: &Servers, worker: &str) -> Answer<Vec<i64>> {
    let (key, mut redis) = (servers.redis.key("deliveries"), servers.redis.connection());
    let mut create = redis::cmd("XGROUP");
    create.arg("CREATE").arg(&key).arg(GROUP).arg(0).arg("MKSTREAM");
    match create.exec_async(&mut redis).await {
        // It is there already, as after every first time.
        Err(error) if error.code() == Some("BUSYGROUP") => {}
        created => created?,
    }
    let mut read = redis::cmd("XREADGROUP");
    read.arg("GROUP").arg(GROUP).arg(worker).arg("COUNT").arg(BATCH).arg("NOACK").arg("STREAMS").arg(&key).arg(">");
    let reply: Option<StreamReadReply> = read.query_async(&mut redis).await?;
    let entries = reply.into_iter().flat_map(|reply| reply.keys).flat_map(|stream| stream.ids);
    Ok(entries.filter_map(|entry| entry.get("notification")).collect())
}
