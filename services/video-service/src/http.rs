//! The routes: from JSON to the rules and the store, and back.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kit::{Answer, Bearer, Cursor, Page, Problem, Routes, Servers};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::store::Job;
use crate::{domain, store};

/// The routes of this service.
pub fn routes(servers: Servers) -> Routes {
    Routes::new()
        .routes(routes!(add, list))
        .routes(routes!(show))
        .routes(routes!(cancel))
        .routes(routes!(claim))
        .routes(routes!(report))
        .routes(routes!(deliver))
        .routes(routes!(give_up))
        .with_state(servers)
}

#[derive(Deserialize, ToSchema)]
struct NewJob {
    #[schema(example = "https://example.org/a.mp4", max_length = 2000, pattern = r"^https://\S+$")]
    source: String,
    /// In pixels.
    #[schema(minimum = 16, maximum = 8192, example = 1920)]
    width: i32,
    /// In pixels.
    #[schema(minimum = 16, maximum = 8192, example = 1080)]
    height: i32,
}

/// Orders the renditions of a source.
#[utoipa::path(post, path = "/jobs", responses((status = 201, description = "ordered", body = Job)))]
async fn add(State(servers): State<Servers>, Json(new): Json<NewJob>) -> Answer<(StatusCode, Json<Job>)> {
    let NewJob { source, width, height } = new;
    domain::check_url(&source).map_err(Problem::invalid)?;
    let ladder = domain::ladder(width, height).map_err(Problem::invalid)?;
    let id = store::add(&servers, &source, (width, height), &ladder).await?;
    Ok((StatusCode::CREATED, Json(known(&servers, id).await?)))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Where {
    /// Where the jobs are.
    #[param(inline)]
    state: domain::State,
}

/// Lists the jobs of a state, oldest first.
#[utoipa::path(get, path = "/jobs", params(Where, Cursor), responses((status = 200, body = Page<Job>)))]
async fn list(
    State(servers): State<Servers>,
    Query(Where { state }): Query<Where>,
    Query(cursor): Query<Cursor>,
) -> Answer<Json<Page<Job>>> {
    let jobs = store::jobs(&servers, state, cursor.after.unwrap_or_default()).await?;
    Ok(Json(Page::of(jobs, |job| job.id)))
}

/// Shows a job, and how far it is.
#[utoipa::path(get, path = "/jobs/{id}", responses(
    (status = 200, body = Job),
    (status = 404, description = "there is no such job"),
))]
async fn show(State(servers): State<Servers>, Path(id): Path<i64>) -> Answer<Json<Job>> {
    Ok(Json(known(&servers, id).await?))
}

/// Cancels a job that is not done.
#[utoipa::path(put, path = "/jobs/{id}/cancellation", responses(
    (status = 204, description = "cancelled"),
    (status = 404, description = "there is no such job"),
    (status = 409, description = "the job has ended already"),
))]
async fn cancel(State(servers): State<Servers>, Path(id): Path<i64>) -> Answer<StatusCode> {
    store::cancel(&servers, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
struct NewClaim {
    /// Who asks.
    #[schema(min_length = 1, max_length = 100, example = "worker-7")]
    worker: String,
    /// How long the worker may be silent, in seconds, before another one gets the job.
    #[schema(minimum = 1, maximum = 3600, default = 60)]
    lease_s: Option<i32>,
}

#[derive(Serialize, ToSchema)]
struct Claim {
    /// Shown once: only its digest is kept. Who reports about the job shows it.
    token: String,
    lease_s: i32,
    job: Job,
}

/// Claims the oldest job that waits. Reports begin the lease anew; without them the job is given back.
#[utoipa::path(post, path = "/claims", responses(
    (status = 201, description = "claimed", body = Claim),
    (status = 204, description = "no job waits"),
))]
async fn claim(State(servers): State<Servers>, Json(new): Json<NewClaim>) -> Answer<Response> {
    let lease_s = new.lease_s.unwrap_or(domain::LEASE_S);
    domain::check_claim(&new.worker, lease_s).map_err(Problem::invalid)?;
    let Some((id, token)) = store::claim(&servers, &new.worker, lease_s).await? else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let job = known(&servers, id).await?;
    Ok((StatusCode::CREATED, Json(Claim { token, lease_s, job })).into_response())
}

#[derive(Deserialize, ToSchema)]
struct Progress {
    #[schema(maximum = 100)]
    percent: u8,
}

/// Reports how far a job is: the lease begins anew.
#[utoipa::path(put, path = "/jobs/{id}/progress", security(("bearer" = [])), responses(
    (status = 204, description = "noted"),
    (status = 404, description = "there is no such job"),
    (status = 409, description = "the claim has ended: stop working on this job"),
))]
async fn report(
    State(servers): State<Servers>,
    Path(id): Path<i64>,
    Bearer(token): Bearer,
    Json(Progress { percent }): Json<Progress>,
) -> Answer<StatusCode> {
    domain::check_progress(percent).map_err(Problem::invalid)?;
    store::report(&servers, id, &token, percent).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
struct Delivery {
    /// Where each rendition is, by its name.
    #[schema(example = json!({ "720p": "https://example.org/a-720p.mp4" }))]
    urls: BTreeMap<String, String>,
}

/// Delivers all renditions: the job is done.
#[utoipa::path(put, path = "/jobs/{id}/delivery", security(("bearer" = [])), responses(
    (status = 204, description = "done"),
    (status = 404, description = "there is no such job"),
    (status = 409, description = "the claim has ended: the delivery is not wanted"),
))]
async fn deliver(
    State(servers): State<Servers>,
    Path(id): Path<i64>,
    Bearer(token): Bearer,
    Json(Delivery { urls }): Json<Delivery>,
) -> Answer<StatusCode> {
    store::deliver(&servers, id, &token, &urls).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
struct Failure {
    #[schema(min_length = 1, max_length = 500, example = "the source has no video track")]
    reason: String,
}

/// Gives up: the job waits for its next attempt, or has failed after the last one.
#[utoipa::path(put, path = "/jobs/{id}/failure", security(("bearer" = [])), responses(
    (status = 204, description = "given up"),
    (status = 404, description = "there is no such job"),
    (status = 409, description = "the claim has ended already"),
))]
async fn give_up(
    State(servers): State<Servers>,
    Path(id): Path<i64>,
    Bearer(token): Bearer,
    Json(Failure { reason }): Json<Failure>,
) -> Answer<StatusCode> {
    domain::check_reason(&reason).map_err(Problem::invalid)?;
    store::give_up(&servers, id, &token, &reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn known(servers: &Servers, id: i64) -> Answer<Job> {
    store::job(servers, id).await?.ok_or_else(|| Problem::not_found("there is no job with this number"))
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
        api.get("/jobs").await.expect(400);
        api.get("/jobs?state=lost").await.expect(400);
        api.post("/claims", &json!({ "worker": "" })).await.expect(400);
        api.post("/claims", &json!({ "worker": "a", "lease_s": 0 })).await.expect(400);
        api.put("/jobs/1/progress", &json!({ "percent": 1 })).await.expect(401);
        api.put("/jobs/1/delivery", &json!({ "urls": {} })).await.expect(401);
        api.put("/jobs/1/failure", &json!({ "reason": "x" })).await.expect(401);
        let worker = api.bearer("a token");
        worker.put("/jobs/1/progress", &json!({ "percent": 101 })).await.expect(400);
        worker.put("/jobs/1/progress", &json!({ "percent": -1 })).await.expect(422);
        worker.put("/jobs/1/failure", &json!({ "reason": "" })).await.expect(400);

        api.post("/jobs", &json!({ "source": source, "width": 640, "height": 480 })).await.expect(503);
        api.post("/claims", &json!({ "worker": "a" })).await.expect(503);
        worker.put("/jobs/1/progress", &json!({ "percent": 1 })).await.expect(503);
        worker.put("/jobs/1/delivery", &json!({ "urls": {} })).await.expect(503);
        worker.put("/jobs/1/failure", &json!({ "reason": "x" })).await.expect(503);
        api.get("/jobs/1").await.expect(503);
        api.get("/jobs?state=waiting").await.expect(503);
        api.put("/jobs/1/cancellation", &json!({})).await.expect(503);
    }
}
