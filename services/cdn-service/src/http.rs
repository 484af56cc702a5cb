//! The routes: from JSON to the rules and the store, and back.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kit::secret::token;
use kit::{Answer, Problem, Routes, Servers};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::domain::Refused;
use crate::{domain, store};

/// The routes of this service.
pub fn routes(servers: Servers) -> Routes {
    Routes::new()
        .routes(routes!(set_origin, origin))
        .routes(routes!(rotate))
        .routes(routes!(sign))
        .routes(routes!(verify))
        .routes(routes!(cache_key))
        .routes(routes!(purge))
        .with_state(servers)
}

#[derive(Serialize, Deserialize, ToSchema)]
struct Origin {
    /// Where the content comes from.
    #[schema(max_length = 2000, example = "https://files.example.org")]
    upstream: String,
}

#[derive(Serialize, ToSchema)]
struct Made {
    /// Shown once. It signs URLs: give it to nobody who may not.
    signing_key: String,
}

/// Sets where the content of a host comes from. A new host gets a signing key.
#[utoipa::path(put, path = "/origins/{host}", params(("host" = String, Path, example = "img.example.org")), responses(
    (status = 201, description = "made", body = Made),
    (status = 204, description = "the host has another upstream now, and the key that it had"),
))]
async fn set_origin(
    State(servers): State<Servers>,
    Path(host): Path<String>,
    Json(Origin { upstream }): Json<Origin>,
) -> Answer<Response> {
    let host = domain::host(&host).map_err(Problem::invalid)?;
    domain::check_upstream(&upstream).map_err(Problem::invalid)?;
    let signing_key = token();
    let is_new = store::set_origin(&servers, &host, &upstream, &signing_key).await?;
    let made = || (StatusCode::CREATED, Json(Made { signing_key })).into_response();
    Ok(if is_new { made() } else { StatusCode::NO_CONTENT.into_response() })
}

/// Tells where the content of a host comes from.
#[utoipa::path(get, path = "/origins/{host}", params(("host" = String, Path, example = "img.example.org")), responses(
    (status = 200, description = "its origin", body = Origin),
    (status = 404, description = "this host has no origin"),
))]
async fn origin(State(servers): State<Servers>, Path(host): Path<String>) -> Answer<Json<Origin>> {
    let host = domain::host(&host).map_err(Problem::invalid)?;
    let upstream = store::upstream(&servers, &host).await?.ok_or_else(no_origin)?;
    Ok(Json(Origin { upstream }))
}

#[derive(Deserialize, ToSchema)]
struct Rotation {
    /// How long URLs that the present key has signed stay valid, in seconds; 0 when it may be in wrong hands.
    #[schema(minimum = 0, maximum = 604_800)]
    previous_valid_s: u64,
}

#[derive(Serialize, ToSchema)]
struct Rotated {
    /// Shown once.
    signing_key: String,
    /// When the previous key ends, in seconds since 1970.
    previous_expires: i64,
}

/// Rotates the signing key of a host.
///
/// The previous key verifies for the time that the request states, or not at all; the key before that one ends at once.
#[utoipa::path(
    post, path = "/origins/{host}/keys", params(("host" = String, Path, example = "img.example.org")),
    responses(
        (status = 201, description = "rotated", body = Rotated),
        (status = 404, description = "this host has no origin"),
    ),
)]
async fn rotate(
    State(servers): State<Servers>,
    Path(host): Path<String>,
    Json(Rotation { previous_valid_s }): Json<Rotation>,
) -> Answer<(StatusCode, Json<Rotated>)> {
    let host = domain::host(&host).map_err(Problem::invalid)?;
    domain::check_grace(previous_valid_s).map_err(Problem::invalid)?;
    let signing_key = token();
    let ends = store::rotate(&servers, &host, &signing_key, previous_valid_s).await?;
    let previous_expires = ends.ok_or_else(no_origin)?;
    Ok((StatusCode::CREATED, Json(Rotated { signing_key, previous_expires })))
}

#[derive(Deserialize, ToSchema)]
struct Unsigned {
    /// The path and the query.
    #[schema(max_length = 2000, example = "/a.png?w=200")]
    path: String,
    #[schema(minimum = 1, maximum = 604_800)]
    expires_in_s: u64,
}

#[derive(Serialize, ToSchema)]
struct Signed {
    url: String,
    /// In seconds since 1970.
    expires: u64,
}

/// Signs a URL of a host. The signature covers host, path, query and expiry.
#[utoipa::path(
    post, path = "/origins/{host}/signed-urls", params(("host" = String, Path, example = "img.example.org")),
    responses(
        (status = 201, description = "signed", body = Signed),
        (status = 404, description = "this host has no origin"),
    ),
)]
async fn sign(
    State(servers): State<Servers>,
    Path(host): Path<String>,
    Json(Unsigned { path, expires_in_s }): Json<Unsigned>,
) -> Answer<(StatusCode, Json<Signed>)> {
    let host = domain::host(&host).map_err(Problem::invalid)?;
    domain::check_path(&path).map_err(Problem::invalid)?;
    domain::check_validity(expires_in_s).map_err(Problem::invalid)?;
    let keys = store::keys(&servers, &host).await?.ok_or_else(no_origin)?;
    let expires = keys.now + expires_in_s;
    let url = format!("https://{host}{}", domain::sign(&keys.current, &host, &path, expires));
    Ok((StatusCode::CREATED, Json(Signed { url, expires })))
}

#[derive(Deserialize, ToSchema)]
struct Requested {
    /// The path and the query that a reader asks for, as they came.
    path: String,
}

/// Verifies a signed URL of a host.
#[utoipa::path(
    post, path = "/origins/{host}/verifications", params(("host" = String, Path, example = "img.example.org")),
    responses(
        (status = 204, description = "the URL is valid"),
        (status = 403, description = "the signature is missing or wrong"),
        (status = 404, description = "this host has no origin"),
        (status = 410, description = "the signature is right, but the URL has expired"),
    ),
)]
async fn verify(
    State(servers): State<Servers>,
    Path(host): Path<String>,
    Json(Requested { path }): Json<Requested>,
) -> Answer<StatusCode> {
    let host = domain::host(&host).map_err(Problem::invalid)?;
    let keys = store::keys(&servers, &host).await?.ok_or_else(no_origin)?;
    let valid = [Some(keys.current.as_str()), keys.previous.as_deref()].into_iter().flatten();
    match domain::verify(valid, &host, &path, keys.now) {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(error @ Refused::Signature) => Err(Problem::new(StatusCode::FORBIDDEN, error)),
        Err(error @ Refused::Expired) => Err(Problem::new(StatusCode::GONE, error)),
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// The path and the query that a reader asks for, percent-encoded.
    #[param(max_length = 2000, example = "/a.png?w=200")]
    path: String,
    /// Up to 10, separated by commas.
    #[param(example = "home,photos")]
    tags: String,
}

#[derive(Serialize, ToSchema)]
struct CacheKey {
    #[schema(example = "img.example.org/a.png?w=200#home.0,photos.3")]
    key: String,
}

/// Tells the key under which an answer is cached: a new one after each purge of one of its tags.
///
/// Signatures and parameters of campaigns are no part of it; whether a signature is right is asked first.
#[utoipa::path(
    get, path = "/origins/{host}/key", params(("host" = String, Path, example = "img.example.org"), Wanted),
    responses(
        (status = 200, description = "the key", body = CacheKey),
        (status = 404, description = "this host has no origin"),
    ),
)]
async fn cache_key(
    State(servers): State<Servers>,
    Path(host): Path<String>,
    Query(Wanted { path, tags }): Query<Wanted>,
) -> Answer<Json<CacheKey>> {
    let host = domain::host(&host).map_err(Problem::invalid)?;
    domain::check_path(&path).map_err(Problem::invalid)?;
    let tags = domain::tags(&tags).map_err(Problem::invalid)?;
    let versions = store::versions(&servers, &host, &tags).await?.ok_or_else(no_origin)?;
    let versions: Vec<_> = tags.into_iter().zip(versions).collect();
    Ok(Json(CacheKey { key: domain::cache_key(&host, &path, &versions) }))
}

#[derive(Deserialize, ToSchema)]
struct Purge {
    #[schema(pattern = "^[a-z0-9-]{1,50}$", example = "photos")]
    tag: String,
}

#[derive(Serialize, ToSchema)]
struct Purged {
    /// How often the tag was purged: part of every key from now on.
    version: i64,
}

/// Purges everything of a host that has a tag.
#[utoipa::path(
    post, path = "/origins/{host}/purges", params(("host" = String, Path, example = "img.example.org")),
    responses(
        (status = 201, description = "purged", body = Purged),
        (status = 404, description = "this host has no origin"),
    ),
)]
async fn purge(
    State(servers): State<Servers>,
    Path(host): Path<String>,
    Json(Purge { tag }): Json<Purge>,
) -> Answer<(StatusCode, Json<Purged>)> {
    let host = domain::host(&host).map_err(Problem::invalid)?;
    domain::check_tag(&tag).map_err(Problem::invalid)?;
    let version = store::purge(&servers, &host, &tag).await?.ok_or_else(no_origin)?;
    Ok((StatusCode::CREATED, Json(Purged { version })))
}

fn no_origin() -> Problem {
    Problem::not_found("this host has no origin; set one with PUT")
}

#[cfg(test)]
mod tests {
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
        let at = |path: &str| format!("/origins/img.example.org{path}");
        api.put("/origins/localhost", &json!({ "upstream": "https://a.example.org" })).await.expect(400);
        api.put(&at(""), &json!({ "upstream": "a.example.org" })).await.expect(400);
        api.put(&at(""), &json!({ "upstream": "https://a.example.org" })).await.expect(503);
        api.get(&at("")).await.expect(503);
        api.post(&at("/keys"), &json!({ "previous_valid_s": 604_801 })).await.expect(400);
        api.post(&at("/keys"), &json!({ "previous_valid_s": 0 })).await.expect(503);
        api.post(&at("/signed-urls"), &json!({ "path": "a", "expires_in_s": 1 })).await.expect(400);
        api.post(&at("/signed-urls"), &json!({ "path": "/a", "expires_in_s": 0 })).await.expect(400);
        api.post(&at("/signed-urls"), &json!({ "path": "/a", "expires_in_s": 1 })).await.expect(503);
        api.post(&at("/verifications"), &json!({ "path": "/a" })).await.expect(503);
        api.get(&at("/key?path=/&tags=A")).await.expect(400);
        api.get(&at("/key?path=a&tags=a")).await.expect(400);
        api.get(&at("/key?path=/&tags=a")).await.expect(503);
        api.post(&at("/purges"), &json!({ "tag": "A" })).await.expect(400);
        api.post(&at("/purges"), &json!({ "tag": "a" })).await.expect(503);
    }
}
