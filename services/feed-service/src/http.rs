//! The routes: from JSON to the rules and the store, and back.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use kit::{Answer, Problem, Routes, Servers};
use serde::{Deserialize, Serialize};

use crate::{domain, store};

/// The routes of this service.
pub fn routes(servers: Servers) -> Routes {
    Routes::new().route("/deliveries", post(deliver)).route("/timelines/{reader}", get(read)).with_state(servers)
}

#[derive(Deserialize)]
struct Delivery {
    post: i64,
    readers: Vec<i64>,
}

async fn deliver(State(servers): State<Servers>, Json(delivery): Json<Delivery>) -> Answer<StatusCode> {
    let readers = domain::delivery(delivery.post, delivery.readers).map_err(Problem::invalid)?;
    store::deliver(&servers, delivery.post, &readers).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct Cursor {
    before: Option<i64>,
}

#[derive(Serialize)]
struct Page {
    posts: Vec<i64>,
    next: Option<i64>,
}

async fn read(
    State(servers): State<Servers>,
    Path(reader): Path<i64>,
    Query(cursor): Query<Cursor>,
) -> Answer<Json<Page>> {
    let posts = store::read(&servers, reader, cursor.before.unwrap_or(i64::MAX)).await?;
    let next = domain::next_page(&posts);
    Ok(Json(Page { posts, next }))
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
        api.post("/deliveries", &json!({ "post": 0, "readers": [1] })).await.expect(400);
        api.post("/deliveries", &json!({ "post": 1, "readers": [] })).await.expect(400);
        api.get("/timelines/1?before=now").await.expect(400);
        api.post("/deliveries", &json!({ "post": 1, "readers": [1] })).await.expect(503);
        api.get("/timelines/1").await.expect(503);
    }
}
