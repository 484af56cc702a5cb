//! The routes: from requests to the rules and the store, and back.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, StatusCode};
use axum::routing::{get, post, put};
use kit::{Answer, Problem, Routes, Servers};
use serde::Serialize;

use crate::{domain, store};

/// The routes of this service.
pub fn routes(servers: Servers) -> Routes {
    Routes::new()
        .route("/tickets", post(issue))
        .route("/uploads/{ticket}", put(upload))
        .route("/blobs/{sha256}", get(download))
        .with_state(servers)
}

#[derive(Serialize)]
struct Ticket {
    ticket: String,
    valid_s: u64,
}

async fn issue(State(servers): State<Servers>) -> Answer<(StatusCode, Json<Ticket>)> {
    let ticket = store::issue_ticket(&servers).await?;
    Ok((StatusCode::CREATED, Json(Ticket { ticket, valid_s: domain::TICKET_S })))
}

#[derive(Serialize)]
struct Stored {
    sha256: String,
    media_type: &'static str,
}

/// 201 for a content that is new, 200 for one that is stored already.
async fn upload(
    State(servers): State<Servers>,
    Path(ticket): Path<String>,
    content: Bytes,
) -> Answer<(StatusCode, Json<Stored>)> {
    let media_type = domain::media_type(&content).map_err(Problem::invalid)?;
    if !store::redeem_ticket(&servers, &ticket).await? {
        return Err(Problem::not_found("this ticket is not valid; get a new one from POST /tickets"));
    }
    let sha256 = domain::sha256(&content);
    let new = store::add_blob(&servers, &sha256, media_type, &content).await?;
    Ok((if new { StatusCode::CREATED } else { StatusCode::OK }, Json(Stored { sha256, media_type })))
}

/// The content. Browsers are told to believe the media type, for it was seen from the content.
async fn download(
    State(servers): State<Servers>,
    Path(sha256): Path<String>,
) -> Answer<([(HeaderName, String); 2], Vec<u8>)> {
    let blob = store::blob(&servers, &sha256).await?;
    let (media_type, content) = blob.ok_or_else(|| Problem::not_found("there is no content with this SHA-256"))?;
    Ok(([(CONTENT_TYPE, media_type), (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned())], content))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use kit::testing::{Api, contract};
    use serde_json::json;

    use crate::SERVICE;

    #[tokio::test]
    async fn keeps_the_contract() {
        contract(&SERVICE, env!("CARGO_MANIFEST_DIR")).await;
    }

    #[tokio::test]
    async fn says_what_is_wrong_without_servers() {
        let api = Api::offline(&SERVICE);
        api.put("/uploads/ticket", &json!("no image")).await.expect(400);
        let upload = Request::put("/uploads/ticket").body(Body::from("GIF89a"));
        api.call(upload.expect("a request")).await.expect(503);
        api.post("/tickets", &json!(null)).await.expect(503);
        api.get("/blobs/ba7816bf").await.expect(503);
    }
}
