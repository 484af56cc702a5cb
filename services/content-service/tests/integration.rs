//! What a caller sees with the real servers behind.

use axum::body::Body;
use axum::http::Request;
use content_service::SERVICE;
use kit::testing::{Api, Reply, with_servers};
use serde_json::json;

async fn add(api: &Api, key: &str) -> Reply {
    let post = json!({ "author": 1, "title": "Notes", "body": "On the engine" });
    let request = Request::post("/posts").header("content-type", "application/json").header("idempotency-key", key);
    api.call(request.body(Body::from(post.to_string())).expect("a request")).await
}

#[tokio::test]
async fn a_repeated_request_makes_no_second_post() {
    with_servers(&SERVICE, |api| async move {
        api.get("/readyz").await.expect(200);
        let first = add(&api, "request-1").await.expect(201)["id"].clone();
        assert_eq!(add(&api, "request-1").await.expect(200)["id"], first);
        assert_ne!(add(&api, "request-2").await.expect(201)["id"], first);
        assert_eq!(api.get(&format!("/posts/{first}")).await.expect(200)["title"], "Notes");
    })
    .await;
}

#[tokio::test]
async fn a_post_that_was_never_made_is_not_found() {
    with_servers(&SERVICE, |api| async move {
        api.get("/posts/1").await.expect(404);
    })
    .await;
}
