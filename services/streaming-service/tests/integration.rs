//! What a caller sees with the real servers behind.

use kit::testing::with_servers;
use serde_json::json;
use streaming_service::SERVICE;

#[tokio::test]
async fn a_streamer_has_one_live_session() {
    with_servers(&SERVICE, |api| async move {
        api.get("/readyz").await.expect(200);
        let live = json!({ "streamer": 1, "title": "Live from the loom" });
        let id = api.post("/sessions", &live).await.expect(201)["id"].clone();
        api.post("/sessions", &live).await.expect(409);
        api.post(&format!("/sessions/{id}/stop"), &json!(null)).await.expect(204);
        api.post(&format!("/sessions/{id}/stop"), &json!(null)).await.expect(404);
        api.post("/sessions", &live).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn viewers_are_counted_once_and_only_while_it_is_live() {
    with_servers(&SERVICE, |api| async move {
        let live = json!({ "streamer": 1, "title": "Live from the loom" });
        let id = api.post("/sessions", &live).await.expect(201)["id"].clone();
        for (viewer, viewers) in [(7, 1), (8, 2), (7, 2)] {
            let audience = api.put(&format!("/sessions/{id}/viewers/{viewer}"), &json!(null)).await.expect(200);
            assert_eq!(audience["viewers"], viewers);
        }
        api.post(&format!("/sessions/{id}/stop"), &json!(null)).await.expect(204);
        api.put(&format!("/sessions/{id}/viewers/7"), &json!(null)).await.expect(404);
    })
    .await;
}
