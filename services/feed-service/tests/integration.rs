//! What a caller sees with the real servers behind.

use feed_service::SERVICE;
use feed_service::domain::PAGE;
use kit::testing::with_servers;
use serde_json::json;

#[tokio::test]
async fn a_post_reaches_its_readers_once_and_the_newest_comes_first() {
    with_servers(&SERVICE, |api| async move {
        api.get("/readyz").await.expect(200);
        // Before anybody has read: the timeline is not at hand yet, and is made from PostgreSQL.
        api.post("/deliveries", &json!({ "post": 1, "readers": [1, 2] })).await.expect(204);
        assert_eq!(api.get("/timelines/1").await.expect(200)["posts"], json!([1]));
        for _twice in 0..2 {
            api.post("/deliveries", &json!({ "post": 2, "readers": [1] })).await.expect(204);
        }
        assert_eq!(api.get("/timelines/1").await.expect(200)["posts"], json!([2, 1]));
        assert_eq!(api.get("/timelines/2").await.expect(200)["posts"], json!([1]));
        assert_eq!(api.get("/timelines/3").await.expect(200)["posts"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_long_timeline_comes_in_pages() {
    with_servers(&SERVICE, |api| async move {
        for post in 1..=PAGE + 1 {
            api.post("/deliveries", &json!({ "post": post, "readers": [1] })).await.expect(204);
        }
        let first = api.get("/timelines/1").await.expect(200);
        let second = api.get(&format!("/timelines/1?before={}", first["next"])).await.expect(200);
        assert_eq!(second, json!({ "posts": [1], "next": null }));
    })
    .await;
}
