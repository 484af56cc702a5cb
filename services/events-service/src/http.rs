//! The routes: from JSON to the rules and the store, and back.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use std::vec::IntoIter;

use axum::Json;
use axum::extract::{FromRef, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{self, KeepAlive, Sse};
use futures_util::{Stream, StreamExt, stream};
use kit::{Answer, Cursor, Page, Problem, Routes, Servers};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::store::{Appended, Event, News, StreamNews};
use crate::{domain, store};

/// The most live readers of one process.
const READERS: usize = 1000;
/// How long a live reader waits for news before it looks for itself: Redis may be away, or may have been.
const PATIENCE: Duration = Duration::from_secs(1);

/// The routes of this service.
pub fn routes(servers: Servers) -> Routes {
    let live = Live { news: News::listen(&servers), places: Arc::new(Semaphore::new(READERS)), servers };
    Routes::new().routes(routes!(append, read)).routes(routes!(follow)).routes(routes!(offset, commit)).with_state(live)
}

/// What live readers share.
#[derive(Clone)]
struct Live {
    servers: Servers,
    news: News,
    places: Arc<Semaphore>,
}

impl FromRef<Live> for Servers {
    fn from_ref(live: &Live) -> Self {
        live.servers.clone()
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct InStream {
    #[param(pattern = "^[a-z0-9][a-z0-9._-]{0,99}$", example = "orders")]
    stream: String,
}

#[derive(Deserialize, ToSchema)]
struct NewEvent {
    /// The same id is appended once, however often it is sent.
    #[schema(min_length = 1, max_length = 100, example = "order-7-paid")]
    id: String,
    /// Any JSON, of at most 64 KiB.
    payload: Value,
    /// Append only when this is the position of the last event; 0 when there is none.
    #[schema(minimum = 0)]
    expected: Option<i64>,
}

#[derive(Serialize, ToSchema)]
struct Place {
    position: i64,
}

/// Appends an event, once.
#[utoipa::path(post, path = "/streams/{stream}/events", params(InStream), responses(
    (status = 201, description = "appended", body = Place),
    (status = 200, description = "it was appended before, here", body = Place),
    (status = 409, description = "the stream is at another position, or the id has another payload"),
))]
async fn append(
    State(servers): State<Servers>,
    Path(InStream { stream }): Path<InStream>,
    Json(NewEvent { id, payload, expected }): Json<NewEvent>,
) -> Answer<(StatusCode, Json<Place>)> {
    let payload = payload.to_string();
    domain::check_name(&stream).map_err(Problem::invalid)?;
    domain::check_event(&id, &payload).map_err(Problem::invalid)?;
    domain::check_position(expected.unwrap_or_default()).map_err(Problem::invalid)?;
    match store::append(&servers, &stream, &id, &payload, expected).await? {
        Appended::Before(position) => Ok((StatusCode::OK, Json(Place { position }))),
        Appended::New(position) => {
            // The event is appended. Its sender does not wait for Redis, and an error there is in the log.
            tokio::spawn(async move { store::publish(&servers, &stream).await });
            Ok((StatusCode::CREATED, Json(Place { position })))
        }
    }
}

/// Reads events in order, in pages.
#[utoipa::path(get, path = "/streams/{stream}/events", params(InStream, Cursor), responses(
    (status = 200, body = Page<Event>),
))]
async fn read(
    State(servers): State<Servers>,
    Path(InStream { stream }): Path<InStream>,
    Query(cursor): Query<Cursor>,
) -> Answer<Json<Page<Event>>> {
    domain::check_name(&stream).map_err(Problem::invalid)?;
    let events = store::read(&servers, &stream, cursor.after.unwrap_or_default()).await?;
    Ok(Json(Page::of(events, |event| event.position)))
}

/// An event of a stream as a server-sent event.
#[derive(ToSchema)]
struct Message {
    /// Its position: what `last-event-id` asks for.
    #[schema(pattern = "^[1-9][0-9]*$")]
    id: String,
    /// The event as JSON.
    data: String,
}

impl Message {
    fn of(event: &Event) -> Option<Self> {
        Some(Self { id: event.position.to_string(), data: serde_json::to_string(event).ok()? })
    }
}

/// Follows a stream live: its events as server-sent events, whose ids are positions, first old ones and then new ones.
///
/// The answer goes on until one side ends it; then connect again with the header `last-event-id`.
#[utoipa::path(get, path = "/streams/{stream}/live", tag = "live",
    params(InStream, Cursor, ("last-event-id" = Option<i64>, Header, description = "the last position that was seen")),
    responses((status = 200, description = "server-sent events", body = Message, content_type = "text/event-stream")),
)]
async fn follow(
    State(live): State<Live>,
    Path(InStream { stream }): Path<InStream>,
    Query(cursor): Query<Cursor>,
    headers: HeaderMap,
) -> Answer<Sse<impl Stream<Item = Result<sse::Event, Infallible>>>> {
    let Live { servers, news, places } = live;
    domain::check_name(&stream).map_err(Problem::invalid)?;
    let seen = last_event_id(&headers)?.or(cursor.after).unwrap_or_default();
    let place = places.try_acquire_owned();
    let place =
        place.map_err(|_| Problem::unavailable("there are too many live readers; read in pages, or try again"))?;
    // Before the first look: what is appended between the two is no secret.
    let news = news.of(&servers, &stream);
    let events = store::read(&servers, &stream, seen).await?.into_iter();
    let stop = servers.stop.clone();
    let tail = Tail { servers, news, stream, seen, events, _place: place };
    let events = stream::unfold(tail, next).take_until(Box::pin(stop.begun()));
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

fn last_event_id(headers: &HeaderMap) -> Answer<Option<i64>> {
    let wrong = || Problem::new(StatusCode::BAD_REQUEST, "the header `last-event-id` must be a position");
    let id = headers.get("last-event-id");
    id.map(|id| id.to_str().ok().and_then(|id| id.parse().ok()).ok_or_else(wrong)).transpose()
}

/// One live reader.
struct Tail {
    servers: Servers,
    news: StreamNews,
    stream: String,
    seen: i64,
    events: IntoIter<Event>,
    _place: OwnedSemaphorePermit,
}

/// The next event, as soon as there is one. Nothing when `PostgreSQL` is lost: the reader's next connection is told so.
async fn next(mut tail: Tail) -> Option<(Result<sse::Event, Infallible>, Tail)> {
    loop {
        if let Some(event) = tail.events.next() {
            tail.seen = event.position;
            let Message { id, data } = Message::of(&event)?;
            return Some((Ok(sse::Event::default().id(id).data(data)), tail));
        }
        tail.events = store::read(&tail.servers, &tail.stream, tail.seen).await.ok()?.into_iter();
        if tail.events.len() == 0 {
            let _ = timeout(PATIENCE, tail.news.heard()).await;
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct OfConsumer {
    #[param(pattern = "^[a-z0-9][a-z0-9._-]{0,99}$", example = "orders")]
    stream: String,
    #[param(pattern = "^[a-z0-9][a-z0-9._-]{0,99}$", example = "invoices")]
    consumer: String,
}

impl OfConsumer {
    fn check(&self) -> Result<(), domain::Invalid> {
        domain::check_name(&self.stream).and(domain::check_name(&self.consumer))
    }
}

#[derive(Serialize, ToSchema)]
struct Offset {
    /// That of the last event that the consumer has done; 0 before the first.
    position: i64,
    /// That of the last event of the stream.
    last: i64,
}

/// Tells how far a consumer is.
#[utoipa::path(get, path = "/streams/{stream}/consumers/{consumer}", params(OfConsumer), responses(
    (status = 200, body = Offset),
))]
async fn offset(State(servers): State<Servers>, Path(of): Path<OfConsumer>) -> Answer<Json<Offset>> {
    of.check().map_err(Problem::invalid)?;
    let (position, last) = store::offset(&servers, &of.stream, &of.consumer).await?;
    Ok(Json(Offset { position, last }))
}

#[derive(Deserialize, ToSchema)]
struct NewOffset {
    #[schema(minimum = 0)]
    position: i64,
}

/// Notes that a consumer has done all events up to a position.
#[utoipa::path(put, path = "/streams/{stream}/consumers/{consumer}", params(OfConsumer), responses(
    (status = 204, description = "noted"),
    (status = 409, description = "the consumer was further already, or the stream is not that far"),
))]
async fn commit(
    State(servers): State<Servers>,
    Path(of): Path<OfConsumer>,
    Json(NewOffset { position }): Json<NewOffset>,
) -> Answer<StatusCode> {
    of.check().map_err(Problem::invalid)?;
    domain::check_position(position).map_err(Problem::invalid)?;
    store::commit(&servers, &of.stream, &of.consumer, position).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use kit::testing::{Api, contract};
    use serde_json::json;

    use crate::SERVICE;

    #[tokio::test]
    async fn keeps_the_contract() {
        contract(&SERVICE, env!("CARGO_MANIFEST_DIR")).await;
    }

    #[tokio::test]
    async fn says_what_is_wrong_without_servers() {
        let api = Api::offline(&SERVICE);
        let (events, consumer) = ("/streams/orders/events", "/streams/orders/consumers/invoices");
        api.post("/streams/Orders/events", &json!({ "id": "1", "payload": {} })).await.expect(400);
        api.post(events, &json!({ "id": "", "payload": {} })).await.expect(400);
        api.post(events, &json!({ "id": "1", "payload": {}, "expected": -1 })).await.expect(400);
        api.post(events, &json!({ "id": "1", "payload": "x".repeat(65 * 1024) })).await.expect(400);
        api.get("/streams/Orders/events").await.expect(400);
        api.get(&format!("{events}?after=now")).await.expect(400);
        api.get("/streams/Orders/live").await.expect(400);
        api.with("last-event-id", "now").get("/streams/orders/live").await.expect(400);
        api.get("/streams/orders/consumers/Invoices").await.expect(400);
        api.put(consumer, &json!({ "position": -1 })).await.expect(400);

        api.post(events, &json!({ "id": "1", "payload": {} })).await.expect(503);
        api.get(events).await.expect(503);
        api.get("/streams/orders/live").await.expect(503);
        api.get(consumer).await.expect(503);
        api.put(consumer, &json!({ "position": 1 })).await.expect(503);
    }
}
