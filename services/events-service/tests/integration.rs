//! What a caller sees with the real servers behind.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::Request;
use events_service::SERVICE;
use events_service::store::{self, News};
use futures_util::StreamExt;
use futures_util::future::join_all;
use kit::testing::{Api, faults, with_servers};
use serde_json::{Value, json};
use tokio::time::timeout;

const EVENTS: &str = "/streams/orders/events";
const CONSUMER: &str = "/streams/orders/consumers/invoices";
/// How long a live reader may take to see what has happened.
const PATIENCE: Duration = Duration::from_secs(10);

async fn append(api: &Api, id: &str) -> Value {
    api.post(EVENTS, &json!({ "id": id, "payload": { "of": id } })).await.expect(201)
}

/// A live reader that has seen everything up to a position.
async fn follow(api: &Api, seen: i64) -> BodyDataStream {
    let request = Request::get("/streams/orders/live").header("last-event-id", seen).body(Body::empty());
    let response = api.open(request.expect("a request")).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (200, &"text/event-stream".parse().expect("a header"))
    );
    response.into_body().into_data_stream()
}

/// What comes next: one event as text, or nothing when the answer has ended.
async fn next(reader: &mut BodyDataStream) -> Option<String> {
    let part = timeout(PATIENCE, reader.next()).await.expect("it comes in time");
    part.map(|part| String::from_utf8(part.expect("a part").into()).expect("text"))
}

#[tokio::test]
async fn an_event_is_appended_once_and_read_in_order() {
    with_servers(&SERVICE, |api| async move {
        assert_eq!(append(&api, "a").await, json!({ "position": 1 }));
        assert_eq!(append(&api, "b").await, json!({ "position": 2 }));
        let again = json!({ "id": "a", "payload": { "of": "a" }, "expected": 0 });
        assert_eq!(api.post(EVENTS, &again).await.expect(200), json!({ "position": 1 }));
        let other = api.post(EVENTS, &json!({ "id": "a", "payload": 7 })).await.expect(409);
        assert_eq!(other["detail"], "the event at position 1 has this id and another payload");
        let page = api.get(EVENTS).await.expect(200);
        assert_eq!(page["items"][0], json!({ "position": 1, "id": "a", "payload": { "of": "a" } }));
        assert_eq!(api.get(&format!("{EVENTS}?after=1")).await.expect(200)["items"][0]["id"], "b");
        assert_eq!(api.get("/streams/others/events").await.expect(200), json!({ "items": [], "next": null }));
    })
    .await;
}

#[tokio::test]
async fn who_expects_another_position_is_refused_and_leaves_no_gap() {
    with_servers(&SERVICE, |api| async move {
        append(&api, "a").await;
        let at = async |id: &str, expected| {
            api.post(EVENTS, &json!({ "id": id, "payload": null, "expected": expected })).await
        };
        let refused = at("b", 0).await.expect(409);
        assert_eq!(refused["detail"], "the stream is at position 1; read what is new, and decide again");
        at("b", 2).await.expect(409);
        // Of two that have decided at the same position one is right.
        let (b, c) = tokio::join!(at("b", 1), at("c", 1));
        let mut statuses = [b.status.as_u16(), c.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
        assert_eq!(append(&api, "d").await["position"], 3);
    })
    .await;
}

#[tokio::test]
async fn appends_at_once_have_positions_without_gaps_and_no_reader_misses_one() {
    with_servers(&SERVICE, |api| async move {
        let mut reader = follow(&api, 0).await;
        // Twenty of them twice.
        let events: Vec<Value> =
            (0..60).map(|number| json!({ "id": format!("event-{}", number % 40), "payload": null })).collect();
        let appends = join_all(events.iter().map(|event| api.post(EVENTS, event)));
        let reading = async {
            for position in 1..=40 {
                let event = next(&mut reader).await.expect("it goes on");
                assert!(event.starts_with(&format!("id: {position}\n")), "{event} at {position}");
            }
        };
        let (answers, ()) = tokio::join!(appends, reading);
        let new = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!((new, answers.iter().filter(|answer| answer.status == 200).count()), (40, 20));
        let page = api.get(EVENTS).await.expect(200);
        let positions: Vec<i64> =
            page["items"].as_array().expect("items").iter().filter_map(|event| event["position"].as_i64()).collect();
        assert_eq!(positions, (1..=40).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn offsets_only_move_forward_and_not_beyond_the_end() {
    with_servers(&SERVICE, |api| async move {
        let commit = async |position: i64| api.put(CONSUMER, &json!({ "position": position })).await;
        assert_eq!(api.get(CONSUMER).await.expect(200), json!({ "position": 0, "last": 0 }));
        commit(0).await.expect(204);
        commit(1).await.expect(409);
        for id in ["a", "b", "c"] {
            append(&api, id).await;
        }
        commit(2).await.expect(204);
        commit(2).await.expect(204);
        assert_eq!(
            commit(1).await.expect(409)["detail"],
            "the consumer is at position 2, and offsets only move forward"
        );
        commit(4).await.expect(409);
        assert_eq!(api.get(CONSUMER).await.expect(200), json!({ "position": 2, "last": 3 }));
        assert_eq!(api.get("/streams/orders/consumers/mails").await.expect(200)["position"], 0);
    })
    .await;
}

#[tokio::test]
async fn of_commits_at_once_the_furthest_position_stays() {
    with_servers(&SERVICE, |api| async move {
        let commits: Vec<Value> = (1..=8).rev().map(|position| json!({ "position": position })).collect();
        // At once also these: afterwards the pool has a connection for each commit, and none is late.
        let ids: Vec<String> = (1..=8).map(|number| number.to_string()).collect();
        join_all(ids.iter().map(|id| append(&api, id))).await;
        let answers = join_all(commits.iter().map(|commit| api.put(CONSUMER, commit))).await;
        assert_eq!(answers[0].status, 204);
        assert_eq!(api.get(CONSUMER).await.expect(200)["position"], 8);
    })
    .await;
}

#[tokio::test]
async fn a_live_reader_resumes_and_ends_with_the_process() {
    with_servers(&SERVICE, |api| async move {
        append(&api, "a").await;
        append(&api, "b").await;
        let mut reader = follow(&api, 1).await;
        let event = next(&mut reader).await.expect("an old event");
        assert!(event.starts_with("id: 2\n") && event.contains(r#""payload":{"of":"b"}"#), "{event}");
        append(&api, "c").await;
        assert!(next(&mut reader).await.expect("a new event").starts_with("id: 3\n"));
        api.servers().stop.begin();
        assert_eq!(next(&mut reader).await, None);
    })
    .await;
}

#[tokio::test]
async fn a_live_reader_sees_also_what_redis_has_not_told() {
    with_servers(&SERVICE, |api| async move {
        let mut reader = follow(&api, 0).await;
        for (position, id) in [(1, "a"), (2, "b")] {
            // The reader has looked, found nothing, and waits, before the event is appended without a word to Redis.
            let append = store::append(api.servers(), "orders", id, "{}", None);
            let (event, appended) = tokio::join!(next(&mut reader), append);
            assert!(appended.is_ok());
            assert!(event.expect("an event").starts_with(&format!("id: {position}\n")));
        }
    })
    .await;
}

#[tokio::test]
async fn redis_tells_of_one_stream() {
    with_servers(&SERVICE, |api| async move {
        let servers = api.servers();
        let news = News::listen(servers);
        let (mut orders, mut others) = (news.of(servers, "orders"), news.of(servers, "others"));
        let telling = async {
            // Until the subscription stands, nobody listens.
            loop {
                assert!(store::publish(servers, "orders").await.is_ok());
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            () = telling => {}
            () = others.heard() => panic!("the news are of another stream"),
            heard = timeout(PATIENCE, orders.heard()) => heard.expect("the news arrive"),
        }
    })
    .await;
}

#[tokio::test]
async fn bad_days() {
    faults(&SERVICE, env!("CARGO_BIN_EXE_events-service"), EVENTS).await;
}
