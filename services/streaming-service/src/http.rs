//! The routes: from JSON to the rules and the store, and back.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, StreamExt, stream};
use kit::{Answer, Cursor, Page, Problem, Routes, Servers};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::store::Followed;
use crate::{domain, store};

/// The routes of this service.
pub fn routes(servers: Servers) -> Routes {
    let streams = Routes::new().routes(routes!(events)).with_state((servers.clone(), Followed::default()));
    Routes::new()
        .routes(routes!(start, list))
        .routes(routes!(session))
        .routes(routes!(stop))
        .routes(routes!(heartbeat))
        .routes(routes!(watch_session, leave))
        .with_state(servers)
        .merge(streams)
}

#[derive(Deserialize, ToSchema)]
struct NewSession {
    #[schema(minimum = 1)]
    streamer: i64,
    #[schema(min_length = 1, max_length = 140, example = "Live from the loom")]
    title: String,
}

#[derive(Serialize, ToSchema)]
struct Started {
    id: i64,
    /// The session ends when no heartbeat comes for so long.
    heartbeat_within_s: u64,
}

/// Starts a session, which is live until it is stopped or its streamer's heartbeats stop.
#[utoipa::path(post, path = "/sessions", responses(
    (status = 201, description = "it is live", body = Started),
    (status = 409, description = "this streamer is live already"),
))]
async fn start(
    State(servers): State<Servers>,
    Json(NewSession { streamer, title }): Json<NewSession>,
) -> Answer<(StatusCode, Json<Started>)> {
    domain::check_person(streamer).map_err(Problem::invalid)?;
    let title = domain::title(&title).map_err(Problem::invalid)?;
    let id = store::start(&servers, streamer, title).await?;
    let id = id.ok_or_else(|| Problem::conflict("this streamer is live already; stop that session first"))?;
    Ok((StatusCode::CREATED, Json(Started { id, heartbeat_within_s: domain::HEARTBEAT_S })))
}

#[derive(Serialize, ToSchema)]
struct Session {
    id: i64,
    streamer: i64,
    title: String,
    /// `stopped` by its streamer, or `lost` without heartbeats; null while it is live.
    ended: Option<String>,
    /// How many people watch.
    viewers: u64,
}

impl From<store::Session> for Session {
    fn from(store::Session { id, streamer, title, ended, viewers }: store::Session) -> Self {
        Self { id, streamer, title, ended, viewers }
    }
}

/// Lists the sessions that are live, oldest first.
#[utoipa::path(get, path = "/sessions", params(Cursor), responses(
    (status = 200, description = "a page of them", body = Page<Session>),
))]
async fn list(State(servers): State<Servers>, Query(cursor): Query<Cursor>) -> Answer<Json<Page<Session>>> {
    Ok(Json(store::live_sessions(&servers, cursor).await?.map(Session::from)))
}

/// Tells a session as it is now.
#[utoipa::path(get, path = "/sessions/{id}", params(("id" = i64, Path)), responses(
    (status = 200, description = "live or not", body = Session),
    (status = 404, description = "there is no session with this number"),
))]
async fn session(State(servers): State<Servers>, Path(id): Path<i64>) -> Answer<Json<Session>> {
    Ok(Json(found(&servers, id).await?.into()))
}

/// Stops a session. One that has ended already stays as it is.
#[utoipa::path(post, path = "/sessions/{id}/stop", params(("id" = i64, Path)), responses(
    (status = 204, description = "it is not live any more"),
    (status = 404, description = "there is no session with this number"),
))]
async fn stop(State(servers): State<Servers>, Path(id): Path<i64>) -> Answer<StatusCode> {
    found(&servers, id).await?;
    store::end(&servers, id, "stopped").await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says that the streamer is there. Without it for 30 seconds the session ends: send it every 10.
#[utoipa::path(put, path = "/sessions/{id}/heartbeat", params(("id" = i64, Path)), responses(
    (status = 204, description = "noted"),
    (status = 404, description = "there is no session with this number"),
    (status = 410, description = "the session has ended"),
))]
async fn heartbeat(State(servers): State<Servers>, Path(id): Path<i64>) -> Answer<StatusCode> {
    live(&servers, id).await?;
    store::streamer_heartbeat(&servers, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize, ToSchema)]
struct Audience {
    /// How many people watch.
    viewers: u64,
}

/// Says that a viewer watches. Without it for 30 seconds the viewer counts no more: send it every 10.
#[utoipa::path(
    put, path = "/sessions/{id}/viewers/{viewer}",
    params(("id" = i64, Path), ("viewer" = i64, Path, minimum = 1)),
    responses(
        (status = 200, description = "noted", body = Audience),
        (status = 404, description = "there is no session with this number"),
        (status = 410, description = "the session has ended"),
    ),
)]
async fn watch_session(State(servers): State<Servers>, Path((id, viewer)): Path<(i64, i64)>) -> Answer<Json<Audience>> {
    domain::check_person(viewer).map_err(Problem::invalid)?;
    live(&servers, id).await?;
    Ok(Json(Audience { viewers: store::viewer_heartbeat(&servers, id, viewer).await? }))
}

/// Says that a viewer watches no more.
#[utoipa::path(
    delete, path = "/sessions/{id}/viewers/{viewer}",
    params(("id" = i64, Path), ("viewer" = i64, Path, minimum = 1)),
    responses(
        (status = 204, description = "the viewer does not count"),
        (status = 404, description = "there is no session with this number"),
    ),
)]
async fn leave(State(servers): State<Servers>, Path((id, viewer)): Path<(i64, i64)>) -> Answer<StatusCode> {
    domain::check_person(viewer).map_err(Problem::invalid)?;
    found(&servers, id).await?;
    store::viewer_leaves(&servers, id, viewer).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One event of a stream.
#[derive(ToSchema)]
struct Message {
    /// `viewers` at the beginning and whenever their number changes; `end` as the last.
    #[schema(pattern = "^(viewers|end)$")]
    event: &'static str,
    /// JSON: `{"viewers":3}`, or `{"ended":"stopped"}` with `stopped` or `lost`.
    data: String,
}

impl From<store::Session> for Message {
    fn from(session: store::Session) -> Self {
        // Numbers and two known words need no escaping.
        match session.ended {
            Some(reason) => Self { event: "end", data: format!(r#"{{"ended":"{reason}"}}"#) },
            None => Self { event: "viewers", data: format!(r#"{{"viewers":{}}}"#, session.viewers) },
        }
    }
}

/// Streams the events of a live session.
///
/// A stream that ends without `end` shall be asked for again: it lasts ten minutes, and ends when the service stops.
#[utoipa::path(get, path = "/sessions/{id}/events", tag = "live", params(("id" = i64, Path)), responses(
    (status = 200, description = "server-sent events", body = Message, content_type = "text/event-stream"),
    (status = 404, description = "there is no session with this number"),
    (status = 410, description = "the session has ended"),
))]
async fn events(
    State((servers, followed)): State<(Servers, Followed)>,
    Path(id): Path<i64>,
) -> Answer<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let receiver = followed.follow(&servers, live(&servers, id).await?);
    let until = async move {
        tokio::select! {
            () = servers.stop.begun() => {}
            () = tokio::time::sleep(Duration::from_secs(domain::STREAM_S)) => {}
        }
    };
    let states = stream::unfold(receiver, next_state).map(|state| {
        let Message { event, data } = state.into();
        Ok(Event::default().event(event).data(data))
    });
    // A comment every 15 seconds finds out whether somebody is there.
    Ok(Sse::new(states.take_until(Box::pin(until))).keep_alive(KeepAlive::default()))
}

async fn next_state(
    mut receiver: watch::Receiver<store::Session>,
) -> Option<(store::Session, watch::Receiver<store::Session>)> {
    receiver.changed().await.ok()?;
    let state = receiver.borrow_and_update().clone();
    Some((state, receiver))
}

async fn found(servers: &Servers, id: i64) -> Answer<store::Session> {
    let session = store::session(servers, id).await?;
    session.ok_or_else(|| Problem::not_found("there is no session with this number"))
}

async fn live(servers: &Servers, id: i64) -> Answer<store::Session> {
    let session = found(servers, id).await?;
    if session.ended.is_some() { Err(Problem::new(StatusCode::GONE, "the session has ended")) } else { Ok(session) }
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
        api.post("/sessions", &json!({ "streamer": 1, "title": "" })).await.expect(400);
        api.post("/sessions", &json!({ "streamer": 0, "title": "Live" })).await.expect(400);
        api.post("/sessions", &json!({ "streamer": 1, "title": "Live" })).await.expect(503);
        api.get("/sessions").await.expect(503);
        api.get("/sessions/1").await.expect(503);
        api.get("/sessions/1/events").await.expect(503);
        api.post("/sessions/1/stop", &json!(null)).await.expect(503);
        api.put("/sessions/1/heartbeat", &json!(null)).await.expect(503);
        api.put("/sessions/1/viewers/ada", &json!(null)).await.expect(400);
        api.put("/sessions/1/viewers/0", &json!(null)).await.expect(400);
        api.put("/sessions/1/viewers/2", &json!(null)).await.expect(503);
        api.delete("/sessions/1/viewers/2").await.expect(503);
    }
}
