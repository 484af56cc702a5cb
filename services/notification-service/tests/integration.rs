//! What a caller sees with the real servers behind.

use kit::testing::{Api, faults, with_servers};
use notification_service::SERVICE;
use notification_service::domain::{BATCH, PATIENCE_MS, WINDOW_S};
use serde_json::{Value, json};

/// Tells a user something without a key, and answers its number.
async fn tell(api: &Api, user: i64, text: &str) -> i64 {
    let told = api.post("/notifications", &json!({ "recipient": user, "kind": "like", "text": text })).await;
    told.expect(201)["id"].as_i64().expect("a number")
}

/// What a worker gets.
async fn take(api: &Api, worker: &str) -> Vec<i64> {
    let taken = api.post(&format!("/workers/{worker}/deliveries"), &Value::Null).await.expect(200);
    numbers(&taken["deliveries"])
}

async fn acknowledge(api: &Api, id: i64) {
    api.delete(&format!("/deliveries/{id}")).await.expect(204);
}

/// The first page of a user's notifications.
async fn list(api: &Api, user: i64, query: &str) -> Vec<i64> {
    numbers(&api.get(&format!("/users/{user}/notifications{query}")).await.expect(200)["items"])
}

async fn unread(api: &Api, user: i64) -> Value {
    api.get(&format!("/users/{user}/unread")).await.expect(200)["count"].clone()
}

fn numbers(items: &Value) -> Vec<i64> {
    items.as_array().expect("a list").iter().map(|item| item["id"].as_i64().expect("a number")).collect()
}

/// Loses keys, as Redis may at any time.
async fn lose(api: &Api, keys: &[&str]) {
    for key in keys {
        api.servers().redis.forget(&api.servers().redis.key(key)).await.expect("Redis");
    }
}

/// Lets as much time pass for what a worker holds as it may take.
async fn let_patience_end(api: &Api, worker: &str) {
    let (redis, stream) = (&api.servers().redis, api.servers().redis.key("deliveries"));
    let mut pending = redis::cmd("XPENDING");
    pending.arg(&stream).arg("delivery").arg("-").arg("+").arg(100).arg(worker);
    let pending: Vec<(String, String, u64, u64)> = pending.query_async(&mut redis.connection()).await.expect("Redis");
    for (entry, ..) in pending {
        let mut claim = redis::cmd("XCLAIM");
        claim.arg(&stream).arg("delivery").arg(worker).arg(0).arg(entry).arg("IDLE").arg(PATIENCE_MS).arg("JUSTID");
        claim.exec_async(&mut redis.connection()).await.expect("Redis");
    }
}

const NOTHING: [i64; 0] = [];

#[tokio::test]
async fn the_same_is_told_once_within_a_window_also_at_once() {
    with_servers(&SERVICE, |api| async move {
        let follow = |n: i64| json!({ "recipient": 1, "kind": "follow", "key": format!("follow:{n}"), "text": "Hi" });
        for n in 1..=20 {
            let follow = follow(n);
            let tell = || api.post("/notifications", &follow);
            let (one, two, three) = tokio::join!(tell(), tell(), tell());
            let mut statuses = [&one, &two, &three].map(|reply| reply.status.as_u16());
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 200, 201]);
            assert!(one.body["id"].is_i64() && one.body == two.body && two.body == three.body);
        }
        // For somebody else it is news.
        let mut other = follow(7);
        other["recipient"] = json!(2);
        api.post("/notifications", &other).await.expect(201);
        let earlier = "update notifications set created_at = created_at - make_interval(secs => $1)";
        sqlx::query(earlier).bind(WINDOW_S).execute(&api.servers().postgres).await.expect("PostgreSQL");
        api.post("/notifications", &follow(7)).await.expect(201);
        api.post("/notifications", &follow(7)).await.expect(200);
        assert_eq!(list(&api, 1, "").await.len(), 21);
    })
    .await;
}

#[tokio::test]
async fn a_muted_kind_is_not_told() {
    with_servers(&SERVICE, |api| async move {
        assert_eq!(api.get("/users/1/preferences").await.expect(200), json!({ "muted": [] }));
        api.put("/users/1/preferences", &json!({ "muted": ["like", "follow", "like"] })).await.expect(204);
        assert_eq!(api.get("/users/1/preferences").await.expect(200), json!({ "muted": ["follow", "like"] }));
        let like = json!({ "recipient": 1, "kind": "like", "text": "Bob likes it" });
        api.post("/notifications", &like).await.expect(204);
        assert_eq!(list(&api, 1, "").await, NOTHING);
        assert_eq!(take(&api, "a").await, NOTHING);
        api.put("/users/1/preferences", &json!({ "muted": ["follow"] })).await.expect(204);
        api.post("/notifications", &like).await.expect(201);
        tell(&api, 2, "Others hear it in any case").await;
    })
    .await;
}

#[tokio::test]
async fn unread_notifications_are_listed_counted_and_marked() {
    with_servers(&SERVICE, |api| async move {
        let mut told = Vec::new();
        for text in ["one", "two", "three"] {
            told.push(tell(&api, 1, text).await);
        }
        tell(&api, 2, "another's").await;
        let newest = api.get("/users/1/notifications").await.expect(200)["items"][0].clone();
        assert_eq!(
            (&newest["text"], &newest["kind"], &newest["read"]),
            (&json!("three"), &json!("like"), &json!(false))
        );
        assert_eq!(unread(&api, 1).await, 3);
        for _twice in 0..2 {
            api.put(&format!("/users/1/notifications/{}/read", told[1]), &Value::Null).await.expect(204);
        }
        assert_eq!(list(&api, 1, "?unread=true").await, [told[2], told[0]]);
        assert_eq!(list(&api, 1, "").await, [told[2], told[1], told[0]]);
        api.put(&format!("/users/2/notifications/{}/read", told[0]), &Value::Null).await.expect(404);
        // The third came after the user had looked.
        api.delete(&format!("/users/1/unread?up_to={}", told[1])).await.expect(204);
        assert_eq!(list(&api, 1, "?unread=true").await, [told[2]]);
        assert_eq!((unread(&api, 1).await, unread(&api, 2).await), (json!(1), json!(1)));
        assert_eq!(list(&api, 1, &format!("?after={}", told[2])).await, [told[1], told[0]]);
    })
    .await;
}

#[tokio::test]
async fn each_delivery_goes_to_one_worker_and_ends_with_its_acknowledgement() {
    with_servers(&SERVICE, |api| async move {
        let mut told = Vec::new();
        for number in 0..BATCH + 5 {
            told.push(tell(&api, 1, &number.to_string()).await);
        }
        // The first one to come makes the stream.
        assert_eq!(take(&api, "a").await, told[..BATCH]);
        let (one, other) = tokio::join!(take(&api, "b"), take(&api, "c"));
        assert_eq!([one, other].concat(), told[BATCH..]);
        assert_eq!(take(&api, "a").await, NOTHING);
        let late = tell(&api, 1, "late").await;
        assert_eq!(take(&api, "a").await, [late]);
        for id in told {
            acknowledge(&api, id).await;
            acknowledge(&api, id).await;
        }
        api.delete("/deliveries/999").await.expect(404);
        assert_eq!(unread(&api, 1).await, BATCH + 6, "delivered is not read");
    })
    .await;
}

#[tokio::test]
async fn what_a_dead_worker_left_goes_to_another_one() {
    with_servers(&SERVICE, |api| async move {
        let (done, left) = (tell(&api, 1, "done").await, tell(&api, 1, "left").await);
        assert_eq!(take(&api, "a").await, [done, left]);
        acknowledge(&api, done).await;
        assert_eq!(take(&api, "b").await, NOTHING, "it has time still");
        let_patience_end(&api, "a").await;
        let (one, other) = tokio::join!(take(&api, "b"), take(&api, "c"));
        assert_eq!([one, other].concat(), [left], "one of them gets it");
        assert_eq!(take(&api, "a").await, NOTHING);
        acknowledge(&api, left).await;
        for worker in ["a", "b", "c"] {
            let_patience_end(&api, worker).await;
            assert_eq!(take(&api, worker).await, NOTHING);
        }
    })
    .await;
}

#[tokio::test]
async fn a_lost_stream_is_made_again_from_what_is_not_delivered() {
    with_servers(&SERVICE, |api| async move {
        let mut told = Vec::new();
        for text in ["delivered", "in somebody's hands", "waiting"] {
            told.push(tell(&api, 1, text).await);
            if told.len() < 3 {
                assert_eq!(take(&api, "a").await, told[told.len() - 1..]);
            }
        }
        acknowledge(&api, told[0]).await;
        lose(&api, &["deliveries"]).await;
        let late = tell(&api, 1, "while there is none").await;
        assert_eq!(take(&api, "b").await, [told[1], told[2], late]);
        assert_eq!(take(&api, "a").await, NOTHING);
    })
    .await;
}

#[tokio::test]
async fn the_stream_is_filled_up_with_what_it_lacks_and_holds_nothing_twice() {
    with_servers(&SERVICE, |api| async move {
        assert_eq!(take(&api, "a").await, NOTHING);
        let here = tell(&api, 1, "in the stream").await;
        // As if Redis had been away for a moment.
        let insert = "insert into notifications (recipient, kind, text) values (1, 'like', 'missed') returning id";
        let missed: i64 = sqlx::query_scalar(insert).fetch_one(&api.servers().postgres).await.expect("PostgreSQL");
        assert_eq!(take(&api, "a").await, [here]);
        // The time until the next filling is over.
        lose(&api, &["filled"]).await;
        assert_eq!(take(&api, "a").await, [missed]);
        lose(&api, &["filled"]).await;
        assert_eq!(take(&api, "a").await, NOTHING);
        // Delivered, but its entry could not be dropped.
        let update = "update notifications set delivered_at = now() where id = $1";
        sqlx::query(update).bind(missed).execute(&api.servers().postgres).await.expect("PostgreSQL");
        let_patience_end(&api, "a").await;
        assert_eq!(take(&api, "b").await, [here]);
        acknowledge(&api, here).await;
        let (redis, stream) = (&api.servers().redis, api.servers().redis.key("deliveries"));
        let left: u64 = redis::cmd("XLEN").arg(stream).query_async(&mut redis.connection()).await.expect("Redis");
        assert_eq!(left, 0, "what is delivered leaves the stream");
    })
    .await;
}

#[tokio::test]
async fn bad_days() {
    faults(&SERVICE, env!("CARGO_BIN_EXE_notification-service"), "/users/1/notifications").await;
}
