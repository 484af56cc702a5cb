//! What a caller sees with the real servers behind.

use axum::body::Body;
use axum::http::Request;
use kit::testing::{Api, Reply, faults, with_servers};
use media_service::SERVICE;
use media_service::domain::LARGEST;
use serde_json::{Value, json};

const GIF: &[u8] = b"GIF89a...";

/// The service, called with a new ticket of an owner.
async fn with_ticket(api: &Api, owner: i64) -> Api {
    let issued = api.post("/tickets", &json!({ "owner": owner })).await.expect(201);
    api.bearer(issued["ticket"].as_str().expect("a text"))
}

async fn send(api: &Api, content: &[u8]) -> Reply {
    // What the sender says about the content does not count.
    let request = Request::post("/uploads").header("content-type", "text/html").body(Body::from(content.to_vec()));
    api.call(request.expect("a request")).await
}

async fn upload(api: &Api, content: &[u8]) -> Value {
    send(&with_ticket(api, 1).await, content).await.expect(201)
}

fn blob(upload: &Value) -> String {
    format!("/blobs/{}", upload["sha256"].as_str().expect("a text"))
}

#[tokio::test]
async fn a_content_comes_back_as_it_was_and_safe_for_browsers() {
    with_servers(&SERVICE, |api| async move {
        for (content, media_type, disposition) in
            [(GIF, "image/gif", "inline"), (b"%PDF-1.7", "application/pdf", "attachment")]
        {
            let stored = upload(&api, content).await;
            assert_eq!((&stored["media_type"], &stored["size"]), (&media_type.into(), &content.len().into()));
            let answer = api.get(&blob(&stored)).await;
            assert_eq!((answer.status.as_u16(), &answer.bytes[..]), (200, content));
            assert_eq!(answer.headers["content-type"], media_type);
            assert_eq!(answer.headers["content-disposition"], disposition);
            assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        }
    })
    .await;
}

#[tokio::test]
async fn who_has_a_content_is_not_sent_it_again() {
    with_servers(&SERVICE, |api| async move {
        let path = blob(&upload(&api, GIF).await);
        let etag = api.get(&path).await.headers["etag"].clone();
        let known = api.with("if-none-match", etag.to_str().expect("a text")).get(&path).await;
        assert_eq!((known.status.as_u16(), &known.bytes[..], &known.headers["etag"]), (304, &b""[..], &etag));
        assert_eq!(api.with("if-none-match", "\"another\"").get(&path).await.status, 200);
        api.with("if-none-match", "*").get("/blobs/none").await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn a_refused_content_leaves_the_ticket_valid() {
    with_servers(&SERVICE, |api| async move {
        let ticket = with_ticket(&api, 1).await;
        send(&ticket, b"").await.expect(400);
        send(&ticket, b"<script>").await.expect(415);
        send(&ticket, &[GIF, &vec![0; LARGEST]].concat()).await.expect(413);
        send(&ticket, GIF).await.expect(201);
        send(&ticket, GIF).await.expect(401);
        send(&api.bearer("a guess"), GIF).await.expect(401);
    })
    .await;
}

#[tokio::test]
async fn of_uploads_that_race_for_a_ticket_one_has_it() {
    with_servers(&SERVICE, |api| async move {
        let ticket = with_ticket(&api, 1).await;
        let (one, other) = tokio::join!(send(&ticket, GIF), send(&ticket, b"%PDF-1.7"));
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 401]);
        let list = api.get("/uploads?owner=1").await.expect(200);
        assert_eq!(list["items"].as_array().map(Vec::len), Some(1));
        let stored: i64 = sqlx::query_scalar("select count(*) from blobs")
            .fetch_one(&api.servers().postgres)
            .await
            .expect("the table is there");
        assert_eq!(stored, 1, "the loser left nothing behind");
    })
    .await;
}

#[tokio::test]
async fn a_content_goes_with_its_last_upload() {
    with_servers(&SERVICE, |api| async move {
        let mine = upload(&api, GIF).await;
        let theirs = send(&with_ticket(&api, 2).await, GIF).await.expect(201);
        assert_eq!(mine["sha256"], theirs["sha256"]);
        let remove = async |upload: &Value| api.delete(&format!("/uploads/{}", upload["id"])).await;
        remove(&mine).await.expect(204);
        remove(&mine).await.expect(404);
        assert_eq!(api.get(&blob(&mine)).await.status, 200);
        assert_eq!(api.get("/uploads?owner=1").await.expect(200)["items"], json!([]));
        assert_eq!(api.get("/uploads?owner=2").await.expect(200)["items"], json!([theirs]));
        remove(&theirs).await.expect(204);
        api.get(&blob(&mine)).await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn removing_the_last_upload_spares_a_content_that_comes_again_meanwhile() {
    with_servers(&SERVICE, |api| async move {
        let mut last = upload(&api, GIF).await;
        for _ in 0..20 {
            let path = format!("/uploads/{}", last["id"]);
            let ticket = with_ticket(&api, 1).await;
            let (removed, added) = tokio::join!(api.delete(&path), send(&ticket, GIF));
            removed.expect(204);
            last = added.expect(201);
            assert_eq!(api.get(&blob(&last)).await.bytes, GIF);
        }
        let (one, other) = (upload(&api, GIF).await, last);
        let paths = [&one, &other].map(|upload| format!("/uploads/{}", upload["id"]));
        let (first, second) = tokio::join!(api.delete(&paths[0]), api.delete(&paths[1]));
        assert_eq!(
            (first.status, second.status),
            (axum::http::StatusCode::NO_CONTENT, axum::http::StatusCode::NO_CONTENT)
        );
        api.get(&blob(&one)).await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn bad_days() {
    faults(&SERVICE, env!("CARGO_BIN_EXE_media-service"), "/blobs/none").await;
}
