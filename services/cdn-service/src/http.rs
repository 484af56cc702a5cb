//! The routes: from JSON to the rules and the store, and back.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use kit::{Answer, Problem, Routes, Servers};
use serde::{Deserialize, Serialize};

use crate::{domain, store};

/// The routes of this service.
pub fn routes(servers: Servers) -> Routes {
    Routes::new()
        .route("/origins/{host}", put(set_origin))
        .route("/origins/{host}/key", get(cache_key))
        .route("/tags/{tag}/purge", post(purge))
        .with_state(servers)
}

#[derive(Deserialize)]
struct Origin {
    upstream: String,
}

async fn set_origin(
    State(servers): State<Servers>,
    Path(host): Path<String>,
    Json(origin): Json<Origin>,
) -> Answer<StatusCode> {
    let host = domain::host(&host).map_err(Problem::invalid)?;
    domain::check_upstream(&origin.upstream).map_err(Problem::invalid)?;
    store::set_origin(&servers, &host, &origin.upstream).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct Wanted {
    path: String,
    tag: String,
}

#[derive(Serialize)]
struct Cached {
    key: String,
    upstream: String,
}

async fn cache_key(
    State(servers): State<Servers>,
    Path(host): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Answer<Json<Cached>> {
    let host = domain::host(&host).map_err(Problem::invalid)?;
    domain::check_tag(&wanted.tag).map_err(Problem::invalid)?;
    let upstream = store::upstream(&servers, &host).await?;
    let upstream = upstream.ok_or_else(|| Problem::not_found("this host has no origin; set one with PUT"))?;
    let version = store::version(&servers, &wanted.tag).await?;
    let key = domain::cache_key(&host, &wanted.path, &wanted.tag, version).map_err(Problem::invalid)?;
    Ok(Json(Cached { key, upstream }))
}

#[derive(Serialize)]
struct Purged {
    version: u64,
}

async fn purge(State(servers): State<Servers>, Path(tag): Path<String>) -> Answer<Json<Purged>> {
    domain::check_tag(&tag).map_err(Problem::invalid)?;
    Ok(Json(Purged { version: store::purge(&servers, &tag).await? }))
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
        api.put("/origins/localhost", &json!({ "upstream": "https://a.example.org" })).await.expect(400);
        api.put("/origins/img.example.org", &json!({ "upstream": "a.example.org" })).await.expect(400);
        api.get("/origins/img.example.org/key?path=/&tag=A").await.expect(400);
        api.post("/tags/A/purge", &json!(null)).await.expect(400);
        api.put("/origins/img.example.org", &json!({ "upstream": "https://a.example.org" })).await.expect(503);
        api.get("/origins/img.example.org/key?path=/&tag=a").await.expect(503);
        api.post("/tags/a/purge", &json!(null)).await.expect(503);
    }
}
