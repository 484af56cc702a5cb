//! The routes: from requests to the rules and the store, and back.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, ETAG, IF_NONE_MATCH, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use kit::secret::digest;
use kit::{Answer, Bearer, Cursor, Page, Problem, Routes, Servers};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::domain::Invalid;
use crate::{domain, store};

/// The routes of this service.
pub fn routes(servers: Servers) -> Routes {
    Routes::new()
        .routes(routes!(issue))
        .routes(routes!(upload, list))
        .routes(routes!(remove))
        .routes(routes!(download))
        .with_state(servers)
}

#[derive(Deserialize, ToSchema)]
struct NewTicket {
    /// Who will have uploaded the content.
    #[schema(minimum = 1)]
    owner: i64,
}

#[derive(Serialize, ToSchema)]
struct Ticket {
    /// Shown once: only its digest is kept.
    ticket: String,
    expires_in_s: u64,
}

/// Issues a ticket for one upload.
#[utoipa::path(post, path = "/tickets", responses((status = 201, description = "issued", body = Ticket)))]
async fn issue(
    State(servers): State<Servers>,
    Json(NewTicket { owner }): Json<NewTicket>,
) -> Answer<(StatusCode, Json<Ticket>)> {
    domain::check_owner(owner).map_err(Problem::invalid)?;
    let ticket = store::issue_ticket(&servers, owner).await?;
    Ok((StatusCode::CREATED, Json(Ticket { ticket, expires_in_s: domain::TICKET_S })))
}

#[derive(Serialize, ToSchema)]
struct Upload {
    id: i64,
    /// The name of the content: it is at `/blobs/{sha256}`.
    sha256: String,
    /// Seen from the content.
    #[schema(example = "image/png")]
    media_type: String,
    /// In bytes.
    size: usize,
}

/// The bytes as they are.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
struct Content(Vec<u8>);

/// Uploads a content with a ticket.
///
/// PNG, JPEG, GIF, WebP and PDF are taken, up to 512 KiB. What a content is, is seen from its first bytes: the header
/// `content-type` does not count. A content that is refused does not use the ticket.
#[utoipa::path(
    post, path = "/uploads", security(("bearer" = [])),
    request_body(content = Content, content_type = "application/octet-stream"),
    responses(
        (status = 201, description = "stored", body = Upload),
        (status = 401, description = "no ticket, or one that is not valid, was used or has expired"),
        (status = 415, description = "the content is of no kind that is taken"),
    ),
)]
async fn upload(
    State(servers): State<Servers>,
    Bearer(ticket): Bearer,
    content: Bytes,
) -> Answer<(StatusCode, Json<Upload>)> {
    let refused =
        || Problem::unauthorized("the ticket is not valid, was used or has expired: get one from POST /tickets");
    let owner = store::ticket_owner(&servers, &ticket).await?.ok_or_else(refused)?;
    let media_type = domain::media_type(&content).map_err(|error| Problem::new(status(&error), error))?;
    let sha256 = digest(&content);
    let blob = store::Blob { sha256: &sha256, media_type, content: &content };
    let id = store::add_upload(&servers, owner, &ticket, blob).await?.ok_or_else(refused)?;
    Ok((StatusCode::CREATED, Json(Upload { id, sha256, media_type: media_type.to_owned(), size: content.len() })))
}

fn status(error: &Invalid) -> StatusCode {
    match error {
        Invalid::Owner | Invalid::Empty => StatusCode::BAD_REQUEST,
        Invalid::Size => StatusCode::PAYLOAD_TOO_LARGE,
        Invalid::Kind => StatusCode::UNSUPPORTED_MEDIA_TYPE,
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Owner {
    /// Whose uploads.
    #[param(minimum = 1)]
    owner: i64,
}

/// Lists the uploads of an owner, oldest first.
#[utoipa::path(get, path = "/uploads", params(Owner, Cursor), responses(
    (status = 200, description = "a page of them", body = Page<Upload>),
))]
async fn list(
    State(servers): State<Servers>,
    Query(Owner { owner }): Query<Owner>,
    Query(cursor): Query<Cursor>,
) -> Answer<Json<Page<Upload>>> {
    domain::check_owner(owner).map_err(Problem::invalid)?;
    let page = store::uploads(&servers, owner, cursor).await?;
    Ok(Json(page.map(|store::Upload { id, sha256, media_type, size }| Upload {
        id,
        sha256,
        media_type,
        size: usize::try_from(size).unwrap_or_default(),
    })))
}

/// Removes an upload. Its content goes with the last upload of it.
#[utoipa::path(delete, path = "/uploads/{id}", params(("id" = i64, Path)), responses(
    (status = 204, description = "removed"),
    (status = 404, description = "there is no upload with this number"),
))]
async fn remove(State(servers): State<Servers>, Path(id): Path<i64>) -> Answer<StatusCode> {
    let removed = store::remove_upload(&servers, id).await?;
    if removed { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found("there is no upload with this number")) }
}

/// Downloads a content.
///
/// Images are shown by a browser, everything else is saved. Caches ask again each time, and `if-none-match` with the
/// `etag` of what they have makes that cheap: a content that was removed is gone everywhere.
#[utoipa::path(
    get, path = "/blobs/{sha256}",
    params(
        ("sha256" = String, Path, pattern = "^[0-9a-f]{64}$"),
        ("if-none-match" = Option<String>, Header, description = "the `etag` of what the reader has"),
    ),
    responses(
        (status = 200, description = "the content", content(
            (Content = "image/png"), (Content = "image/jpeg"), (Content = "image/gif"), (Content = "image/webp"),
            (Content = "application/pdf"),
        )),
        (status = 304, description = "the reader has it already"),
        (status = 404, description = "there is no content with this SHA-256"),
    ),
)]
async fn download(State(servers): State<Servers>, Path(sha256): Path<String>, headers: HeaderMap) -> Answer<Response> {
    let missing = || Problem::not_found("there is no content with this SHA-256");
    let media_type = store::media_type(&servers, &sha256).await?.ok_or_else(missing)?;
    let etag = domain::etag(&sha256);
    let mut known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let is_known = known.any(|tags| domain::has_already(tags, &etag));
    let caching = [(ETAG, etag), (CACHE_CONTROL, "no-cache".to_owned())];
    if is_known {
        return Ok((StatusCode::NOT_MODIFIED, caching).into_response());
    }
    let content = store::content(&servers, &sha256).await?.map(Content).ok_or_else(missing)?;
    let browser = [
        (CONTENT_DISPOSITION, domain::disposition(&media_type).to_owned()),
        // Browsers shall believe the media type, for it was seen from the content.
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (CONTENT_TYPE, media_type),
    ];
    Ok((caching, browser, content.0).into_response())
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
        api.post("/tickets", &json!({ "owner": 0 })).await.expect(400);
        api.post("/tickets", &json!({})).await.expect(422);
        api.post("/tickets", &json!({ "owner": 1 })).await.expect(503);
        let upload = || Request::post("/uploads").body(Body::from("GIF89a")).expect("a request");
        api.call(upload()).await.expect(401);
        api.bearer("a ticket").call(upload()).await.expect(503);
        api.get("/uploads").await.expect(400);
        api.get("/uploads?owner=0").await.expect(400);
        api.get("/uploads?owner=1").await.expect(503);
        api.delete("/uploads/one").await.expect(400);
        api.delete("/uploads/1").await.expect(503);
        api.get("/blobs/ba7816bf").await.expect(503);
    }
}
