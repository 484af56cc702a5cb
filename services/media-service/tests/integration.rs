//! What a caller sees with the real servers behind.

use axum::body::Body;
use axum::http::Request;
use kit::testing::{Api, Reply, with_servers};
use media_service::SERVICE;
use serde_json::json;

async fn ticket(api: &Api) -> String {
    let issued = api.post("/tickets", &json!(null)).await.expect(201);
    issued["ticket"].as_str().expect("a text").to_owned()
}

async fn upload(api: &Api, ticket: &str) -> Reply {
    let request = Request::put(format!("/uploads/{ticket}")).body(Body::from("GIF89a..."));
    api.call(request.expect("a request")).await
}

#[tokio::test]
async fn a_content_is_stored_once_and_comes_back_as_it_was() {
    with_servers(&SERVICE, |api| async move {
        api.get("/readyz").await.expect(200);
        let stored = upload(&api, &ticket(&api).await).await.expect(201);
        assert_eq!(upload(&api, &ticket(&api).await).await.expect(200), stored);
        let path = format!("/blobs/{}", stored["sha256"].as_str().expect("a text"));
        let content = api.get(&path).await;
        assert_eq!(
            (&content.headers["content-type"], &content.bytes[..]),
            (&"image/gif".parse().expect("a header"), &b"GIF89a..."[..])
        );
    })
    .await;
}

#[tokio::test]
async fn a_ticket_is_for_one_upload() {
    with_servers(&SERVICE, |api| async move {
        let ticket = ticket(&api).await;
        upload(&api, &ticket).await.expect(201);
        upload(&api, &ticket).await.expect(404);
        api.get("/blobs/none").await.expect(404);
    })
    .await;
}
