//! The routes: from JSON to the rules and the store, and back.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::post;
use kit::{Answer, Problem, Routes, Servers};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::store::Appended;
use crate::{domain, store};

/// The routes of this service.
pub fn routes(servers: Servers) -> Routes {
    Routes::new().route("/logs/{log}/events", post(append).get(read)).with_state(servers)
}

#[derive(Deserialize)]
struct NewEvent {
    key: String,
    payload: Value,
}

#[derive(Serialize)]
struct Place {
    number: i64,
    live_readers: u64,
}

/// 201 for an event that is new, 200 with its place for one that was appended before.
async fn append(
    State(servers): State<Servers>,
    Path(log): Path<String>,
    Json(new): Json<NewEvent>,
) -> Answer<(StatusCode, Json<Place>)> {
    let payload = new.payload.to_string();
    domain::check_log(&log).map_err(Problem::invalid)?;
    domain::check_event(&new.key, &payload).map_err(Problem::invalid)?;
    match store::append(&servers, &log, &new.key, &payload).await? {
        Appended::Before(number) => Ok((StatusCode::OK, Json(Place { number, live_readers: 0 }))),
        Appended::New(number) => {
            // The event is appended, so an error here is none of the sender's: live readers catch up with the next one.
            let live_readers = store::publish(&servers, &log, number).await.unwrap_or_default();
            Ok((StatusCode::CREATED, Json(Place { number, live_readers })))
        }
    }
}

#[derive(Deserialize)]
struct Cursor {
    #[serde(default)]
    after: i64,
}

#[derive(Serialize)]
struct Event {
    number: i64,
    key: String,
    payload: Value,
}

async fn read(
    State(servers): State<Servers>,
    Path(log): Path<String>,
    Query(cursor): Query<Cursor>,
) -> Answer<Json<Vec<Event>>> {
    domain::check_log(&log).map_err(Problem::invalid)?;
    let rows = store::read(&servers, &log, cursor.after).await?;
    let events = rows.into_iter().map(|(number, key, payload)| {
        let payload = serde_json::from_str(&payload).map_err(|_| Problem::internal())?;
        Ok(Event { number, key, payload })
    });
    Ok(Json(events.collect::<Answer<_>>()?))
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
        api.post("/logs/Orders/events", &json!({ "key": "1", "payload": {} })).await.expect(400);
        api.post("/logs/orders/events", &json!({ "key": "", "payload": {} })).await.expect(400);
        api.get("/logs/Orders/events").await.expect(400);
        api.get("/logs/orders/events?after=now").await.expect(400);
        api.post("/logs/orders/events", &json!({ "key": "1", "payload": {} })).await.expect(503);
        api.get("/logs/orders/events").await.expect(503);
    }
}
