//! The routes: from JSON to the rules and the store, and back.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{post, put};
use kit::{Answer, Problem, Routes, Servers};
use serde::{Deserialize, Serialize};

use crate::{domain, store};

/// The routes of this service.
pub fn routes(servers: Servers) -> Routes {
    Routes::new()
        .route("/sessions", post(start))
        .route("/sessions/{id}/stop", post(stop))
        .route("/sessions/{id}/viewers/{viewer}", put(heartbeat))
        .with_state(servers)
}

#[derive(Deserialize)]
struct NewSession {
    streamer: i64,
    title: String,
}

#[derive(Serialize)]
struct Started {
    id: i64,
}

async fn start(State(servers): State<Servers>, Json(new): Json<NewSession>) -> Answer<(StatusCode, Json<Started>)> {
    let title = domain::title(&new.title).map_err(Problem::invalid)?;
    let id = store::start(&servers, new.streamer, title).await?;
    let id = id.ok_or_else(|| Problem::conflict("this streamer is live already; stop that session first"))?;
    Ok((StatusCode::CREATED, Json(Started { id })))
}

async fn stop(State(servers): State<Servers>, Path(id): Path<i64>) -> Answer<StatusCode> {
    if store::stop(&servers, id).await? { Ok(StatusCode::NO_CONTENT) } else { Err(not_live()) }
}

#[derive(Serialize)]
struct Audience {
    viewers: u64,
}

async fn heartbeat(State(servers): State<Servers>, Path((id, viewer)): Path<(i64, i64)>) -> Answer<Json<Audience>> {
    if !store::is_live(&servers, id).await? {
        return Err(not_live());
    }
    Ok(Json(Audience { viewers: store::heartbeat(&servers, id, viewer).await? }))
}

fn not_live() -> Problem {
    Problem::not_found("there is no live session with this number")
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
        api.post("/sessions", &json!({ "streamer": 1, "title": "" })).await.expect(400);
        api.put("/sessions/1/viewers/ada", &json!(null)).await.expect(400);
        api.post("/sessions", &json!({ "streamer": 1, "title": "Live" })).await.expect(503);
        api.post("/sessions/1/stop", &json!(null)).await.expect(503);
        api.put("/sessions/1/viewers/2", &json!(null)).await.expect(503);
    }
}
