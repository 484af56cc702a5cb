//! What a caller sees with the real servers behind.

use kit::testing::with_servers;
use messaging_service::SERVICE;
use messaging_service::domain::PAGE;
use serde_json::json;

#[tokio::test]
async fn a_message_is_unread_until_it_is_read() {
    with_servers(&SERVICE, |api| async move {
        api.get("/readyz").await.expect(200);
        api.post("/messages", &json!({ "sender": 1, "recipient": 2, "body": "hello" })).await.expect(201);
        assert_eq!(api.get("/users/2/messages").await.expect(200)["messages"][0]["body"], "hello");
        assert_eq!(api.get("/users/2/unread").await.expect(200), json!({ "1": 1 }));
        api.put("/users/2/read", &json!({ "sender": 1 })).await.expect(204);
        assert_eq!(api.get("/users/2/unread").await.expect(200), json!({}));
    })
    .await;
}

#[tokio::test]
async fn a_long_inbox_comes_in_pages() {
    with_servers(&SERVICE, |api| async move {
        for number in 0..=PAGE {
            let message = json!({ "sender": 1, "recipient": 2, "body": number.to_string() });
            api.post("/messages", &message).await.expect(201);
        }
        let first = api.get("/users/2/messages").await.expect(200);
        let second = api.get(&format!("/users/2/messages?after={}", first["next"])).await.expect(200);
        assert_eq!(second["messages"].as_array().map(Vec::len), Some(1));
        assert!(second["next"].is_null());
    })
    .await;
}
