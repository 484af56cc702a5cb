//! What a caller sees with the real servers behind.

use events_service::SERVICE;
use kit::testing::with_servers;
use serde_json::json;

#[tokio::test]
async fn an_event_is_appended_once_and_read_in_order() {
    with_servers(&SERVICE, |api| async move {
        api.get("/readyz").await.expect(200);
        let path = "/logs/orders/events";
        let place = api.post(path, &json!({ "key": "a", "payload": { "total": 7 } })).await.expect(201);
        assert_eq!(place, json!({ "number": 1, "live_readers": 0 }));
        api.post(path, &json!({ "key": "b", "payload": null })).await.expect(201);
        let again = api.post(path, &json!({ "key": "a", "payload": { "total": 7 } })).await.expect(200);
        assert_eq!(again["number"], 1);
        let events = api.get(path).await.expect(200);
        assert_eq!(events[0], json!({ "number": 1, "key": "a", "payload": { "total": 7 } }));
        assert_eq!(api.get(&format!("{path}?after=1")).await.expect(200)[0]["key"], "b");
    })
    .await;
}

#[tokio::test]
async fn each_log_counts_for_itself() {
    with_servers(&SERVICE, |api| async move {
        for log in ["one", "two"] {
            let place = api.post(&format!("/logs/{log}/events"), &json!({ "key": "a", "payload": 1 })).await;
            assert_eq!(place.expect(201)["number"], 1);
        }
        assert_eq!(api.get("/logs/three/events").await.expect(200), json!([]));
    })
    .await;
}
