//! The routes: from JSON to the rules and the store, and back.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use kit::{Answer, Page, Problem, Routes, Servers};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::{domain, store};

/// The routes of this service.
pub fn routes(servers: Servers) -> Routes {
    Routes::new().routes(routes!(put, document, remove)).routes(routes!(search)).with_state(servers)
}

#[derive(Deserialize, Serialize, ToSchema)]
struct Document {
    #[schema(min_length = 1, max_length = 200, example = "The engine")]
    title: String,
    #[schema(max_length = 100_000, example = "It computes")]
    body: String,
}

/// Puts a document into the index, in the place of an earlier one. The next search finds it.
#[utoipa::path(put, path = "/documents/{id}", params(("id" = i64, Path, minimum = 1)), responses(
    (status = 201, description = "a new document"),
    (status = 204, description = "replaced"),
))]
async fn put(
    State(servers): State<Servers>,
    Path(id): Path<i64>,
    Json(Document { title, body }): Json<Document>,
) -> Answer<StatusCode> {
    domain::check_document(id, &title, &body).map_err(Problem::invalid)?;
    let is_new = store::index(&servers, id, &store::Document { title, body }).await?;
    Ok(if is_new { StatusCode::CREATED } else { StatusCode::NO_CONTENT })
}

/// Shows a document.
#[utoipa::path(get, path = "/documents/{id}", responses(
    (status = 200, body = Document),
    (status = 404, description = "there is no such document"),
))]
async fn document(State(servers): State<Servers>, Path(id): Path<i64>) -> Answer<Json<Document>> {
    let store::Document { title, body } = store::document(&servers, id).await?.ok_or_else(unknown)?;
    Ok(Json(Document { title, body }))
}

/// Takes a document out of the index. The next search does not find it.
#[utoipa::path(delete, path = "/documents/{id}", responses(
    (status = 204, description = "removed"),
    (status = 404, description = "there is no such document"),
))]
async fn remove(State(servers): State<Servers>, Path(id): Path<i64>) -> Answer<StatusCode> {
    if store::remove(&servers, id).await? { Ok(StatusCode::NO_CONTENT) } else { Err(unknown()) }
}

fn unknown() -> Problem {
    Problem::not_found("there is no such document")
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Search {
    /// Words, "a phrase", `or`, and `-` before what must not be there.
    #[param(min_length = 1, max_length = 200, example = "engine -steam")]
    q: String,
    /// What the page before said as `next`; without it the list begins.
    #[param(minimum = 0, maximum = 1000)]
    after: Option<i64>,
}

/// Searches: the documents that match, best first. A word counts in any form, and more in a title than in a body.
#[utoipa::path(get, path = "/search", params(Search), responses((status = 200, body = Page<store::Hit>)))]
async fn search(
    State(servers): State<Servers>,
    Query(Search { q, after }): Query<Search>,
) -> Answer<Json<Page<store::Hit>>> {
    let query = domain::query(&q).map_err(Problem::invalid)?;
    let after = domain::after(after).map_err(Problem::invalid)?;
    Ok(Json(store::search(&servers, &query, after).await?))
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
        api.put("/documents/0", &json!({ "title": "Notes", "body": "" })).await.expect(400);
        api.put("/documents/1", &json!({ "title": "Notes" })).await.expect(422);
        api.get("/search?q=").await.expect(400);
        api.get("/search").await.expect(400);
        api.get("/search?q=engine&after=-1").await.expect(400);
        api.put("/documents/1", &json!({ "title": "Notes", "body": "On the engine" })).await.expect(503);
        api.get("/documents/1").await.expect(503);
        api.delete("/documents/1").await.expect(503);
        api.get("/search?q=engine").await.expect(503);
    }
}
