//! The routes: from JSON to the rules and the store, and back.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use kit::{Answer, Problem, Routes, Servers};
use serde::{Deserialize, Serialize};

use crate::domain::Claim;
use crate::{domain, store};

/// The routes of this service.
pub fn routes(servers: Servers) -> Routes {
    Routes::new().route("/posts", post(add)).route("/posts/{id}", get(show)).with_state(servers)
}

#[derive(Deserialize, Serialize)]
struct Post {
    author: i64,
    title: String,
    body: String,
}

#[derive(Serialize)]
struct Added {
    id: i64,
}

/// 201 for the first request with a key, 200 with the same post for those that repeat it.
async fn add(
    State(servers): State<Servers>,
    headers: HeaderMap,
    Json(new): Json<Post>,
) -> Answer<(StatusCode, Json<Added>)> {
    domain::check_post(&new.title, &new.body).map_err(Problem::invalid)?;
    let key = headers.get("idempotency-key").map_or(Err(domain::Invalid::Key), |key| domain::check_key(key.as_bytes()));
    let key = key.map_err(Problem::invalid)?;
    match store::take_key(&servers, new.author, key).await? {
        Claim::First => {}
        Claim::Pending => {
            return Err(Problem::conflict("a request with this key is being answered"));
        }
        Claim::Done(id) => return Ok((StatusCode::OK, Json(Added { id }))),
    }
    let added = store::add_post(&servers, new.author, &new.title, &new.body).await;
    store::settle_key(&servers, new.author, key, added.as_ref().ok().copied()).await?;
    Ok((StatusCode::CREATED, Json(Added { id: added? })))
}

async fn show(State(servers): State<Servers>, Path(id): Path<i64>) -> Answer<Json<Post>> {
    let post = store::post(&servers, id).await?;
    let (author, title, body) = post.ok_or_else(|| Problem::not_found("there is no post with this number"))?;
    Ok(Json(Post { author, title, body }))
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
        let post = json!({ "author": 1, "title": "Notes", "body": "On the engine" });
        api.post("/posts", &json!({ "author": 1, "title": "", "body": "On the engine" })).await.expect(400);
        api.post("/posts", &post).await.expect(400);
        api.get("/posts/first").await.expect(400);
        let request = Request::post("/posts").header("content-type", "application/json");
        let request = request.header("idempotency-key", "0123-4567").body(Body::from(post.to_string()));
        api.call(request.expect("a request")).await.expect(503);
        api.get("/posts/1").await.expect(503);
    }
}
