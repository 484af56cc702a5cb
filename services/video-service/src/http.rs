//! The routes: from JSON to the rules and the store, and back.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use kit::{Answer, Problem, Routes, Servers};
use serde::{Deserialize, Serialize};

use crate::{domain, store};

/// The routes of this service.
pub fn routes(servers: Servers) -> Routes {
    Routes::new()
        .route("/jobs", post(add))
        .route("/jobs/{id}", get(show))
        .route("/jobs/{id}/progress", put(report))
        .route("/claims", post(claim))
        .with_state(servers)
}

#[derive(Deserialize)]
struct NewJob {
    source: String,
    width: i32,
    height: i32,
}

#[derive(Serialize)]
struct Job {
    id: i64,
    source: String,
    heights: Vec<i32>,
    worker: Option<String>,
    percent: u8,
}

impl Job {
    fn new(job: store::Job, percent: u8) -> Self {
        let store::Job { id, source, heights, worker } = job;
        Self { id, source, heights, worker, percent }
    }
}

async fn add(State(servers): State<Servers>, Json(new): Json<NewJob>) -> Answer<(StatusCode, Json<Job>)> {
    domain::check_source(&new.source).map_err(Problem::invalid)?;
    let heights = domain::renditions(new.width, new.height).map_err(Problem::invalid)?;
    let id = store::add_job(&servers, &new.source, &heights).await?;
    Ok((StatusCode::CREATED, Json(Job { id, source: new.source, heights, worker: None, percent: 0 })))
}

async fn show(State(servers): State<Servers>, Path(id): Path<i64>) -> Answer<Json<Job>> {
    let job = store::job(&servers, id).await?.ok_or_else(no_such_job)?;
    Ok(Json(Job::new(job, store::progress(&servers, id).await?)))
}

#[derive(Deserialize)]
struct Claim {
    worker: String,
}

/// 200 with a job, 204 when none is waiting.
async fn claim(State(servers): State<Servers>, Json(claim): Json<Claim>) -> Answer<Response> {
    domain::check_worker(&claim.worker).map_err(Problem::invalid)?;
    let job = store::claim(&servers, &claim.worker).await?;
    Ok(job.map_or(StatusCode::NO_CONTENT.into_response(), |job| Json(Job::new(job, 0)).into_response()))
}

#[derive(Deserialize)]
struct Progress {
    worker: String,
    percent: u8,
}

async fn report(
    State(servers): State<Servers>,
    Path(id): Path<i64>,
    Json(progress): Json<Progress>,
) -> Answer<StatusCode> {
    domain::check_progress(progress.percent).map_err(Problem::invalid)?;
    let job = store::job(&servers, id).await?.ok_or_else(no_such_job)?;
    if job.worker.as_ref() != Some(&progress.worker) {
        return Err(Problem::conflict("another worker has this job, or none; claim one with POST /claims"));
    }
    store::set_progress(&servers, id, progress.percent).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn no_such_job() -> Problem {
    Problem::not_found("there is no job with this number")
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
        let source = "https://example.org/a.mp4";
        api.post("/jobs", &json!({ "source": "a.mp4", "width": 640, "height": 480 })).await.expect(400);
        api.post("/jobs", &json!({ "source": source, "width": 0, "height": 480 })).await.expect(400);
        api.post("/claims", &json!({ "worker": "" })).await.expect(400);
        api.put("/jobs/1/progress", &json!({ "worker": "a", "percent": 101 })).await.expect(400);
        api.post("/jobs", &json!({ "source": source, "width": 640, "height": 480 })).await.expect(503);
        api.post("/claims", &json!({ "worker": "a" })).await.expect(503);
        api.put("/jobs/1/progress", &json!({ "worker": "a", "percent": 1 })).await.expect(503);
        api.get("/jobs/1").await.expect(503);
    }
}
