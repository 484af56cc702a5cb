//! The routes: from JSON to the rules and the store, and back.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use kit::{Answer, Problem, Routes, Servers};
use serde::{Deserialize, Serialize};

use crate::{domain, store};

/// The routes of this service.
pub fn routes(servers: Servers) -> Routes {
    Routes::new()
        .route("/notifications", post(enqueue))
        .route("/users/{user}/notifications", get(newest))
        .route("/workers/{worker}/deliveries", post(take))
        .with_state(servers)
}

#[derive(Deserialize)]
struct NewNotification {
    recipient: i64,
    cause: String,
    text: String,
}

/// 202 for a notification that will be delivered, 204 for one that was told already.
async fn enqueue(State(servers): State<Servers>, Json(new): Json<NewNotification>) -> Answer<StatusCode> {
    domain::check(&new.cause, &new.text).map_err(Problem::invalid)?;
    let id = store::enqueue(&servers, new.recipient, &new.cause, &new.text).await?;
    Ok(if id.is_some() { StatusCode::ACCEPTED } else { StatusCode::NO_CONTENT })
}

#[derive(Serialize)]
struct Notification {
    id: i64,
    text: String,
}

async fn newest(State(servers): State<Servers>, Path(user): Path<i64>) -> Answer<Json<Vec<Notification>>> {
    let rows = store::newest(&servers, user).await?;
    Ok(Json(rows.into_iter().map(|(id, text)| Notification { id, text }).collect()))
}

#[derive(Serialize)]
struct Deliveries {
    notifications: Vec<i64>,
}

async fn take(State(servers): State<Servers>, Path(worker): Path<String>) -> Answer<Json<Deliveries>> {
    domain::check_worker(&worker).map_err(Problem::invalid)?;
    Ok(Json(Deliveries { notifications: store::take(&servers, &worker).await? }))
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
        api.post("/notifications", &json!({ "recipient": 1, "cause": "", "text": "Hello" })).await.expect(400);
        api.post("/workers/mail%201/deliveries", &json!(null)).await.expect(400);
        api.post("/notifications", &json!({ "recipient": 1, "cause": "a", "text": "Hello" })).await.expect(503);
        api.get("/users/1/notifications").await.expect(503);
        api.post("/workers/mail-1/deliveries", &json!(null)).await.expect(503);
    }
}
