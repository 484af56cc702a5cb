//! What a caller sees with the real servers behind.

use kit::testing::with_servers;
use notification_service::SERVICE;
use serde_json::json;

#[tokio::test]
async fn the_same_cause_is_told_once() {
    with_servers(&SERVICE, |api| async move {
        api.get("/readyz").await.expect(200);
        let follow = json!({ "recipient": 1, "cause": "follow:7", "text": "Ada follows you" });
        api.post("/notifications", &follow).await.expect(202);
        api.post("/notifications", &follow).await.expect(204);
        let told = api.get("/users/1/notifications").await.expect(200);
        assert_eq!(told.as_array().map(Vec::len), Some(1));
        assert_eq!(told[0]["text"], "Ada follows you");
    })
    .await;
}

#[tokio::test]
async fn a_delivery_goes_to_one_worker() {
    with_servers(&SERVICE, |api| async move {
        assert_eq!(api.post("/workers/a/deliveries", &json!(null)).await.expect(200), json!({ "notifications": [] }));
        api.post("/notifications", &json!({ "recipient": 1, "cause": "a", "text": "Hello" })).await.expect(202);
        let id = api.get("/users/1/notifications").await.expect(200)[0]["id"].clone();
        assert_eq!(api.post("/workers/a/deliveries", &json!(null)).await.expect(200)["notifications"], json!([id]));
        assert_eq!(api.post("/workers/b/deliveries", &json!(null)).await.expect(200)["notifications"], json!([]));
    })
    .await;
}
