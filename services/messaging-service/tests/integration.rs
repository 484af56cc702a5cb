//! What a caller sees with the real servers behind.

use kit::testing::{Api, Reply, faults, with_servers};
use messaging_service::SERVICE;
use messaging_service::domain::SENT_AT_MOST;
use serde_json::{Value, json};

/// Opens a conversation, and answers its path without who asks.
async fn open(api: &Api, user: i64, members: &[i64], status: u16) -> String {
    let opened = api.post(&format!("/users/{user}/conversations"), &json!({ "members": members })).await;
    format!("conversations/{}", opened.expect(status)["id"])
}

async fn send(api: &Api, user: i64, conversation: &str, key: &str) -> Reply {
    let message = json!({ "key": key, "text": format!("text of {key}") });
    api.post(&format!("/users/{user}/{conversation}/messages"), &message).await
}

async fn read_to(api: &Api, user: i64, conversation: &str, number: i64) {
    api.put(&format!("/users/{user}/{conversation}/read"), &json!({ "number": number })).await.expect(204);
}

async fn unread(api: &Api, user: i64) -> (Value, Value) {
    let unread = api.get(&format!("/users/{user}/unread")).await.expect(200);
    (unread["messages"].clone(), unread["conversations"].clone())
}

#[tokio::test]
async fn the_same_people_have_one_conversation() {
    with_servers(&SERVICE, |api| async move {
        let first = open(&api, 1, &[2], 201).await;
        assert_eq!(open(&api, 2, &[1, 1], 200).await, first);
        assert_ne!(open(&api, 1, &[2, 3], 201).await, first);
        let both = json!({ "members": [9] });
        let (one, other) =
            tokio::join!(api.post("/users/8/conversations", &both), api.post("/users/8/conversations", &both));
        assert_eq!(one.body, other.body);
        assert_eq!(one.status.as_u16() + other.status.as_u16(), 200 + 201);
        let listed = api.get("/users/2/conversations").await.expect(200);
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(2));
        assert_eq!(listed["items"][0]["members"], json!([1, 2, 3].map(|id| json!({ "id": id, "read_to": 0 }))));
    })
    .await;
}

#[tokio::test]
async fn a_message_is_unread_until_it_is_read_and_never_for_its_sender() {
    with_servers(&SERVICE, |api| async move {
        let chat = open(&api, 1, &[2, 3], 201).await;
        for _from_postgres_then_redis in 0..2 {
            assert_eq!(unread(&api, 2).await, (json!(0), json!(0)));
        }
        send(&api, 1, &chat, "a").await.expect(201);
        send(&api, 1, &chat, "b").await.expect(201);
        send(&api, 3, &chat, "c").await.expect(201);
        assert_eq!(unread(&api, 1).await, (json!(1), json!(1)));
        assert_eq!(unread(&api, 2).await, (json!(3), json!(1)));
        read_to(&api, 2, &chat, 2).await;
        assert_eq!(unread(&api, 2).await, (json!(1), json!(1)));
        assert_eq!(api.get(&format!("/users/2/{chat}")).await.expect(200)["unread"], 1);
        // Beyond the last message is at the last message, and back is nowhere.
        read_to(&api, 2, &chat, i64::MAX).await;
        read_to(&api, 2, &chat, 1).await;
        assert_eq!(unread(&api, 2).await, (json!(0), json!(0)));
        let marks = api.get(&format!("/users/1/{chat}")).await.expect(200)["members"].clone();
        assert_eq!(marks[1], json!({ "id": 2, "read_to": 3 }));
    })
    .await;
}

#[tokio::test]
async fn a_message_that_is_sent_again_is_there_once() {
    with_servers(&SERVICE, |api| async move {
        let chat = open(&api, 1, &[2], 201).await;
        let (one, other) = tokio::join!(send(&api, 1, &chat, "a"), send(&api, 1, &chat, "a"));
        assert_eq!(one.status.as_u16() + other.status.as_u16(), 200 + 201);
        assert_eq!(one.body, other.body);
        let changed = json!({ "key": "a", "text": "another text" });
        api.post(&format!("/users/1/{chat}/messages"), &changed).await.expect(409);
        assert_eq!(send(&api, 2, &chat, "a").await.expect(201)["number"], 2);
        assert_eq!(unread(&api, 2).await, (json!(1), json!(1)));
    })
    .await;
}

#[tokio::test]
async fn messages_come_in_pages_in_the_order_of_their_numbers() {
    with_servers(&SERVICE, |api| async move {
        let chat = open(&api, 1, &[2, 3], 201).await;
        for round in 0..17 {
            let key = round.to_string();
            let (one, two, three) =
                tokio::join!(send(&api, 1, &chat, &key), send(&api, 2, &chat, &key), send(&api, 3, &chat, &key));
            for reply in [one, two, three] {
                reply.expect(201);
            }
        }
        let first = api.get(&format!("/users/1/{chat}/messages")).await.expect(200);
        let numbers: Vec<_> =
            first["items"].as_array().expect("a page").iter().map(|item| item["number"].clone()).collect();
        assert_eq!(numbers, (1..=50).map(Value::from).collect::<Vec<_>>());
        let last = api.get(&format!("/users/1/{chat}/messages?after={}", first["next"])).await.expect(200);
        assert_eq!(
            (&last["items"][0]["number"], &last["items"][1], &last["next"]),
            (&json!(51), &json!(null), &json!(null))
        );
    })
    .await;
}

#[tokio::test]
async fn others_do_not_learn_that_there_is_a_conversation() {
    with_servers(&SERVICE, |api| async move {
        let chat = open(&api, 1, &[2], 201).await;
        send(&api, 1, &chat, "a").await.expect(201);
        for place in [format!("/users/3/{chat}"), "/users/1/conversations/999".to_owned()] {
            api.get(&place).await.expect(404);
            api.get(&format!("{place}/messages")).await.expect(404);
            api.post(&format!("{place}/messages"), &json!({ "key": "b", "text": "hello" })).await.expect(404);
            api.put(&format!("{place}/read"), &json!({ "number": 1 })).await.expect(404);
        }
        assert_eq!(unread(&api, 3).await, (json!(0), json!(0)));
    })
    .await;
}

#[tokio::test]
async fn who_sends_too_much_has_to_wait_and_others_do_not() {
    with_servers(&SERVICE, |api| async move {
        let chat = open(&api, 1, &[2], 201).await;
        let mut refused = None;
        // Twice as many: the first window may end while this goes on.
        for number in 0..=2 * SENT_AT_MOST {
            let reply = send(&api, 1, &chat, &number.to_string()).await;
            if reply.status == 429 {
                refused = Some(reply);
                break;
            }
            reply.expect(201);
        }
        let refused = refused.expect("the limit is reached");
        assert!(refused.headers.contains_key("retry-after"));
        refused.expect(429);
        send(&api, 2, &chat, "a").await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn bad_days() {
    faults(&SERVICE, env!("CARGO_BIN_EXE_messaging-service"), "/users/1/conversations").await;
}
