//! The routes: from JSON to the rules and the store, and back.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use kit::{Answer, Cursor, Page, Problem, Routes, Servers};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::store::{Conversation, Message, Sent, Unread};
use crate::{domain, store};

/// The routes of this service. Each path begins with who asks.
pub fn routes(servers: Servers) -> Routes {
    Routes::new()
        .routes(routes!(open, conversations))
        .routes(routes!(conversation))
        .routes(routes!(send, messages))
        .routes(routes!(mark_read))
        .routes(routes!(unread))
        .with_state(servers)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct User {
    /// Who asks: the number of the account.
    #[param(minimum = 1)]
    user: i64,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct Place {
    /// Who asks: the number of the account.
    #[param(minimum = 1)]
    user: i64,
    /// The number of the conversation.
    #[param(minimum = 1)]
    id: i64,
}

#[derive(Deserialize, ToSchema)]
struct NewConversation {
    /// With whom: 1 to 49 accounts. Whoever opens the conversation is a member anyway.
    #[schema(example = json!([2, 3]), min_items = 1)]
    members: Vec<i64>,
}

/// Opens the conversation with these people. The same people have one.
#[utoipa::path(post, path = "/users/{user}/conversations", params(User), responses(
    (status = 200, description = "there was one before", body = Conversation),
    (status = 201, description = "opened", body = Conversation),
))]
async fn open(
    State(servers): State<Servers>,
    Path(User { user }): Path<User>,
    Json(new): Json<NewConversation>,
) -> Answer<(StatusCode, Json<Conversation>)> {
    let people = domain::people(user, &new.members).map_err(Problem::invalid)?;
    let (id, is_new) = store::open(&servers, &people).await?;
    let conversation = store::conversation(&servers, user, id).await?.ok_or_else(no_such_conversation)?;
    Ok((if is_new { StatusCode::CREATED } else { StatusCode::OK }, Json(conversation)))
}

/// The conversations of a user, the latest first.
#[utoipa::path(get, path = "/users/{user}/conversations", params(User, Cursor), responses(
    (status = 200, description = "a page of conversations", body = Page<Conversation>),
))]
async fn conversations(
    State(servers): State<Servers>,
    Path(User { user }): Path<User>,
    Query(cursor): Query<Cursor>,
) -> Answer<Json<Page<Conversation>>> {
    domain::check_number(user).map_err(Problem::invalid)?;
    store::conversations(&servers, user, cursor).await.map(Json)
}

/// A conversation: its members with their read marks, and how much is unread.
#[utoipa::path(get, path = "/users/{user}/conversations/{id}", params(Place), responses(
    (status = 200, description = "the conversation", body = Conversation),
    (status = 404, description = "the user has no such conversation"),
))]
async fn conversation(
    State(servers): State<Servers>,
    Path(Place { user, id }): Path<Place>,
) -> Answer<Json<Conversation>> {
    store::conversation(&servers, user, id).await?.ok_or_else(no_such_conversation).map(Json)
}

#[derive(Deserialize, ToSchema)]
struct NewMessage {
    /// The sender's own name for the message. Sent again under it, the message is there once.
    #[schema(example = "8e03978e", pattern = "^[A-Za-z0-9_-]{1,64}$")]
    key: String,
    #[schema(example = "hello", min_length = 1, max_length = 4000)]
    text: String,
}

/// Sends a message.
#[utoipa::path(post, path = "/users/{user}/conversations/{id}/messages", params(Place), responses(
    (status = 200, description = "it was sent before", body = Message),
    (status = 201, description = "sent", body = Message),
    (status = 404, description = "the user has no such conversation"),
    (status = 409, description = "another message of the user has this key"),
    (status = 429, description = "the user sends too much, or too many requests come from this address"),
))]
async fn send(
    State(servers): State<Servers>,
    Path(Place { user, id }): Path<Place>,
    Json(NewMessage { key, text }): Json<NewMessage>,
) -> Answer<(StatusCode, Json<Message>)> {
    domain::check_key(&key).map_err(Problem::invalid)?;
    let text = domain::text(&text).map_err(Problem::invalid)?;
    if store::count_sent(&servers, user).await? > domain::SENT_AT_MOST {
        return Err(Problem::too_many("too many messages at once", domain::SENT_WITHIN_S));
    }
    match store::send(&servers, id, user, &key, text).await?.ok_or_else(no_such_conversation)? {
        Sent::New(message) => Ok((StatusCode::CREATED, Json(message))),
        Sent::Before(message) => Ok((StatusCode::OK, Json(message))),
        Sent::Other => Err(Problem::conflict("another message has this key: give each message a key of its own")),
    }
}

/// The messages of a conversation, the oldest first. To go on later, `after` is the number of the last one that came.
#[utoipa::path(get, path = "/users/{user}/conversations/{id}/messages", params(Place, Cursor), responses(
    (status = 200, description = "a page of messages", body = Page<Message>),
    (status = 404, description = "the user has no such conversation"),
))]
async fn messages(
    State(servers): State<Servers>,
    Path(Place { user, id }): Path<Place>,
    Query(cursor): Query<Cursor>,
) -> Answer<Json<Page<Message>>> {
    if !store::is_member(&servers, user, id).await? {
        return Err(no_such_conversation());
    }
    store::messages(&servers, id, cursor).await.map(Json)
}

#[derive(Deserialize, ToSchema)]
struct Mark {
    /// The number of a message. One beyond the last means all that there are.
    #[schema(minimum = 1)]
    number: i64,
}

/// Marks the messages up to a number as read. A mark never goes back.
#[utoipa::path(put, path = "/users/{user}/conversations/{id}/read", params(Place), responses(
    (status = 204, description = "marked"),
    (status = 404, description = "the user has no such conversation"),
))]
async fn mark_read(
    State(servers): State<Servers>,
    Path(Place { user, id }): Path<Place>,
    Json(mark): Json<Mark>,
) -> Answer<StatusCode> {
    domain::check_number(mark.number).map_err(Problem::invalid)?;
    if store::mark_read(&servers, user, id, mark.number).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(no_such_conversation())
    }
}

/// How much a user has not read.
#[utoipa::path(get, path = "/users/{user}/unread", params(User), responses(
    (status = 200, description = "how much", body = Unread),
))]
async fn unread(State(servers): State<Servers>, Path(User { user }): Path<User>) -> Answer<Json<Unread>> {
    domain::check_number(user).map_err(Problem::invalid)?;
    store::unread(&servers, user).await.map(Json)
}

fn no_such_conversation() -> Problem {
    Problem::not_found("there is no such conversation")
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
        let (people, hello) = (json!({ "members": [2] }), json!({ "key": "1", "text": "hello" }));
        api.post("/users/0/conversations", &people).await.expect(400);
        api.post("/users/1/conversations", &json!({ "members": [1] })).await.expect(400);
        api.post("/users/1/conversations/1/messages", &json!({ "key": "", "text": "hello" })).await.expect(400);
        api.post("/users/1/conversations/1/messages", &json!({ "key": "1", "text": " " })).await.expect(400);
        api.put("/users/1/conversations/1/read", &json!({ "number": 0 })).await.expect(400);
        api.get("/users/0/unread").await.expect(400);
        api.get("/users/0/conversations").await.expect(400);
        api.post("/users/1/conversations", &people).await.expect(503);
        api.post("/users/1/conversations/1/messages", &hello).await.expect(503);
        api.put("/users/1/conversations/1/read", &json!({ "number": 1 })).await.expect(503);
        for path in ["unread", "conversations", "conversations/1", "conversations/1/messages"] {
            api.get(&format!("/users/1/{path}")).await.expect(503);
        }
    }
}
