//! The routes: from JSON to the rules and the store, and back.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, put};
use kit::{Answer, Problem, Routes, Servers};
use serde::{Deserialize, Serialize};

use crate::{domain, store};

/// The routes of this service.
pub fn routes(servers: Servers) -> Routes {
    Routes::new().route("/documents/{id}", put(index)).route("/search", get(search)).with_state(servers)
}

#[derive(Deserialize)]
struct Document {
    title: String,
    body: String,
}

async fn index(
    State(servers): State<Servers>,
    Path(id): Path<i64>,
    Json(document): Json<Document>,
) -> Answer<StatusCode> {
    domain::check_document(&document.title, &document.body).map_err(Problem::invalid)?;
    store::index(&servers, id, &document.title, &document.body).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct Search {
    q: String,
}

#[derive(Serialize)]
struct Hits {
    hits: Vec<store::Hit>,
}

async fn search(State(servers): State<Servers>, Query(search): Query<Search>) -> Answer<Json<Hits>> {
    let query = domain::query(&search.q).map_err(Problem::invalid)?;
    Ok(Json(Hits { hits: store::search(&servers, &query).await? }))
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
        api.put("/documents/1", &json!({ "title": "", "body": "" })).await.expect(400);
        api.get("/search?q=").await.expect(400);
        api.get("/search").await.expect(400);
        api.put("/documents/1", &json!({ "title": "Notes", "body": "On the engine" })).await.expect(503);
        api.get("/search?q=engine").await.expect(503);
    }
}
