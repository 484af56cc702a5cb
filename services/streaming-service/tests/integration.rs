//! What a caller sees with the real servers behind.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::Request;
use futures_util::StreamExt;
use kit::testing::{Api, faults, with_servers};
use serde_json::json;
use streaming_service::domain::{HEARTBEAT_S, REMEMBERED_S};
use streaming_service::{SERVICE, store};
use tokio::time::timeout;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(10);

async fn start(api: &Api, streamer: i64) -> i64 {
    let live = json!({ "streamer": streamer, "title": "Live from the loom" });
    api.post("/sessions", &live).await.expect(201)["id"].as_i64().expect("a number")
}

async fn stop(api: &Api, id: i64) {
    api.post(&format!("/sessions/{id}/stop"), &json!(null)).await.expect(204);
}

async fn watch(api: &Api, id: i64, viewer: i64) -> i64 {
    let audience = api.put(&format!("/sessions/{id}/viewers/{viewer}"), &json!(null)).await.expect(200);
    audience["viewers"].as_i64().expect("a number")
}

/// Lets the time since a streamer's heartbeat pass.
async fn streamer_was_there(api: &Api, id: i64, seconds_ago: u64) {
    let (key, mut redis) = (store::streamer_key(api.servers(), id), api.servers().redis.connection());
    let set = redis::cmd("SET").arg(key).arg(1).arg("EX").arg(REMEMBERED_S - seconds_ago).to_owned();
    set.exec_async(&mut redis).await.expect("it answers");
}

/// Lets the time since a viewer's heartbeat pass.
async fn viewer_vanishes(api: &Api, id: i64, viewer: i64) {
    let (key, mut redis) = (store::viewers_key(api.servers(), id), api.servers().redis.connection());
    redis::cmd("ZADD").arg(key).arg(1).arg(viewer).exec_async(&mut redis).await.expect("it answers");
}

async fn follow(api: &Api, id: i64) -> BodyDataStream {
    let request = Request::get(format!("/sessions/{id}/events")).body(Body::empty()).expect("a request");
    let response = api.open(request).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    response.into_body().into_data_stream()
}

/// The next event, or an empty text at the end.
async fn next(events: &mut BodyDataStream) -> String {
    let event = timeout(PATIENCE, events.next()).await.expect("something happens");
    event.map(|event| String::from_utf8_lossy(&event.expect("it does not break off")).into_owned()).unwrap_or_default()
}

#[tokio::test]
async fn a_streamer_has_one_live_session() {
    with_servers(&SERVICE, |api| async move {
        let live = json!({ "streamer": 1, "title": " Live from the loom " });
        let (one, other) = tokio::join!(api.post("/sessions", &live), api.post("/sessions", &live));
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
        let list = api.get("/sessions").await.expect(200);
        let id = list["items"][0]["id"].as_i64().expect("a number");
        let session = json!({ "id": id, "streamer": 1, "title": "Live from the loom", "ended": null, "viewers": 0 });
        assert_eq!(list, json!({ "items": [session], "next": null }));
        stop(&api, id).await;
        stop(&api, id).await;
        assert_eq!(api.get(&format!("/sessions/{id}")).await.expect(200)["ended"], "stopped");
        assert_eq!(api.get("/sessions").await.expect(200)["items"], json!([]));
        api.put(&format!("/sessions/{id}/heartbeat"), &json!(null)).await.expect(410);
        start(&api, 1).await;
    })
    .await;
}

#[tokio::test]
async fn viewers_count_once_while_they_watch_and_it_is_live() {
    with_servers(&SERVICE, |api| async move {
        let id = start(&api, 1).await;
        for (viewer, viewers) in [(7, 1), (8, 2), (9, 3), (7, 3)] {
            assert_eq!(watch(&api, id, viewer).await, viewers);
        }
        viewer_vanishes(&api, id, 8).await;
        assert_eq!(api.get(&format!("/sessions/{id}")).await.expect(200)["viewers"], 2);
        api.delete(&format!("/sessions/{id}/viewers/9")).await.expect(204);
        assert_eq!(watch(&api, id, 7).await, 1);
        stop(&api, id).await;
        api.put(&format!("/sessions/{id}/viewers/7"), &json!(null)).await.expect(410);
        for path in ["/sessions/99/viewers/7", "/sessions/99/heartbeat"] {
            api.put(path, &json!(null)).await.expect(404);
        }
        api.post("/sessions/99/stop", &json!(null)).await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn a_session_ends_with_its_streamers_heartbeats() {
    with_servers(&SERVICE, |api| async move {
        let id = start(&api, 1).await;
        streamer_was_there(&api, id, HEARTBEAT_S - 5).await;
        assert_eq!(api.get("/sessions").await.expect(200)["items"][0]["id"], id);
        api.put(&format!("/sessions/{id}/heartbeat"), &json!(null)).await.expect(204);
        streamer_was_there(&api, id, HEARTBEAT_S + 5).await;
        assert_eq!(api.get("/sessions").await.expect(200)["items"], json!([]));
        assert_eq!(api.get(&format!("/sessions/{id}")).await.expect(200)["ended"], "lost");
        api.put(&format!("/sessions/{id}/heartbeat"), &json!(null)).await.expect(410);
        // Nobody has looked at this one when its streamer comes again.
        let next = start(&api, 1).await;
        streamer_was_there(&api, next, HEARTBEAT_S + 5).await;
        start(&api, 1).await;
    })
    .await;
}

#[tokio::test]
async fn a_lost_redis_ends_no_session() {
    with_servers(&SERVICE, |api| async move {
        let id = start(&api, 1).await;
        watch(&api, id, 7).await;
        let redis = &api.servers().redis;
        for key in [store::streamer_key(api.servers(), id), store::viewers_key(api.servers(), id)] {
            redis.forget(&key).await.expect("it answers");
        }
        let session = api.get(&format!("/sessions/{id}")).await.expect(200);
        assert_eq!((&session["ended"], &session["viewers"]), (&json!(null), &json!(0)));
        api.put(&format!("/sessions/{id}/heartbeat"), &json!(null)).await.expect(204);
        assert_eq!(watch(&api, id, 7).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_stream_tells_the_viewers_when_they_change_and_the_end() {
    with_servers(&SERVICE, |api| async move {
        let id = start(&api, 1).await;
        let (mut one, mut other) = (follow(&api, id).await, follow(&api, id).await);
        let zero = "event: viewers\ndata: {\"viewers\":0}\n\n";
        assert_eq!((next(&mut one).await.as_str(), next(&mut other).await.as_str()), (zero, zero));
        watch(&api, id, 7).await;
        assert_eq!(next(&mut one).await, "event: viewers\ndata: {\"viewers\":1}\n\n");
        viewer_vanishes(&api, id, 7).await;
        assert_eq!(next(&mut one).await, zero);
        stop(&api, id).await;
        assert_eq!(next(&mut one).await, "event: end\ndata: {\"ended\":\"stopped\"}\n\n");
        assert_eq!(next(&mut one).await, "");
        // Who was slow learns the newest state only.
        assert_eq!(next(&mut other).await, "event: end\ndata: {\"ended\":\"stopped\"}\n\n");
        api.get(&format!("/sessions/{id}/events")).await.expect(410);
        api.get("/sessions/99/events").await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn a_stream_ends_when_the_streamer_is_lost_or_the_service_stops() {
    with_servers(&SERVICE, |api| async move {
        let (lost, other) = (start(&api, 1).await, start(&api, 2).await);
        let (mut lost_events, mut other_events) = (follow(&api, lost).await, follow(&api, other).await);
        next(&mut lost_events).await;
        next(&mut other_events).await;
        streamer_was_there(&api, lost, HEARTBEAT_S + 5).await;
        assert_eq!(next(&mut lost_events).await, "event: end\ndata: {\"ended\":\"lost\"}\n\n");
        api.servers().stop.begin();
        assert_eq!(next(&mut other_events).await, "", "the session goes on elsewhere");
    })
    .await;
}

#[tokio::test]
async fn who_stops_following_costs_nothing_more() {
    with_servers(&SERVICE, |api| async move {
        let id = start(&api, 1).await;
        let followed = store::Followed::default();
        let session = store::session(api.servers(), id).await.expect("it answers").expect("it is there");
        let (one, other) =
            (followed.follow(api.servers(), session.clone()), followed.follow(api.servers(), session.clone()));
        assert_eq!(followed.count(), 1, "one task serves both");
        drop(one);
        drop(other);
        let gone = async {
            while followed.count() > 0 {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, gone).await.expect("the task ends with the last follower");
    })
    .await;
}

#[tokio::test]
async fn bad_days() {
    faults(&SERVICE, env!("CARGO_BIN_EXE_streaming-service"), "/sessions/1").await;
}
