//! The routes: from JSON to the rules and the store, and back.

use std::collections::BTreeMap;

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
        .route("/messages", post(send))
        .route("/users/{user}/messages", get(inbox))
        .route("/users/{user}/unread", get(unread))
        .route("/users/{user}/read", put(mark_read))
        .with_state(servers)
}

#[derive(Deserialize)]
struct NewMessage {
    sender: i64,
    recipient: i64,
    body: String,
}

#[derive(Serialize)]
struct Sent {
    id: i64,
}

async fn send(State(servers): State<Servers>, Json(new): Json<NewMessage>) -> Answer<(StatusCode, Json<Sent>)> {
    let body = domain::message(new.sender, new.recipient, &new.body).map_err(Problem::invalid)?;
    let id = store::add_message(&servers, new.sender, new.recipient, body).await?;
    // The message is sent, so an error here is none of the sender's: a second try would send it twice.
    let _logged = store::count_unread(&servers, new.sender, new.recipient).await;
    Ok((StatusCode::CREATED, Json(Sent { id })))
}

#[derive(Deserialize)]
struct Cursor {
    #[serde(default)]
    after: i64,
}

#[derive(Serialize)]
struct Message {
    id: i64,
    sender: i64,
    body: String,
}

#[derive(Serialize)]
struct Page {
    messages: Vec<Message>,
    next: Option<i64>,
}

async fn inbox(
    State(servers): State<Servers>,
    Path(user): Path<i64>,
    Query(cursor): Query<Cursor>,
) -> Answer<Json<Page>> {
    let rows = store::inbox(&servers, user, cursor.after).await?;
    let messages: Vec<_> = rows.into_iter().map(|(id, sender, body)| Message { id, sender, body }).collect();
    let ids: Vec<_> = messages.iter().map(|message| message.id).collect();
    Ok(Json(Page { messages, next: domain::next_page(&ids) }))
}

async fn unread(State(servers): State<Servers>, Path(user): Path<i64>) -> Answer<Json<BTreeMap<i64, u64>>> {
    Ok(Json(store::unread(&servers, user).await?))
}

#[derive(Deserialize)]
struct Read {
    sender: i64,
}

async fn mark_read(
    State(servers): State<Servers>,
    Path(user): Path<i64>,
    Json(read): Json<Read>,
) -> Answer<StatusCode> {
    store::mark_read(&servers, read.sender, user).await?;
    Ok(StatusCode::NO_CONTENT)
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
        api.post("/messages", &json!({ "sender": 1, "recipient": 2, "body": "" })).await.expect(400);
        api.post("/messages", &json!({ "sender": 1, "recipient": 1, "body": "hello" })).await.expect(400);
        api.get("/users/ada/messages").await.expect(400);
        api.post("/messages", &json!({ "sender": 1, "recipient": 2, "body": "hello" })).await.expect(503);
        api.get("/users/2/messages").await.expect(503);
        api.get("/users/2/unread").await.expect(503);
        api.put("/users/2/read", &json!({ "sender": 1 })).await.expect(503);
    }
}
