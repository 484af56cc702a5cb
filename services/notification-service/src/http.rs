//! The routes: from JSON to the rules and the store, and back.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kit::{Answer, Page, Problem, Routes, Servers};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::{domain, store};

/// The routes of this service.
pub fn routes(servers: Servers) -> Routes {
    Routes::new()
        .routes(routes!(tell))
        .routes(routes!(list))
        .routes(routes!(unread, mark_all_read))
        .routes(routes!(mark_read))
        .routes(routes!(preferences, set_preferences))
        .routes(routes!(take))
        .routes(routes!(acknowledge))
        .with_state(servers)
}

#[derive(Deserialize, ToSchema)]
struct NewNotification {
    #[schema(minimum = 1)]
    recipient: i64,
    /// What sort of thing happened.
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9:._-]{0,99}$", example = "follow")]
    kind: String,
    /// What stands for the same thing: within 24 hours it is told once. Without a key it is always told.
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9:._-]{0,99}$", example = "follow:7")]
    key: Option<String>,
    #[schema(min_length = 1, max_length = 500, example = "Ada follows you")]
    text: String,
}

#[derive(Serialize, ToSchema)]
struct Told {
    id: i64,
}

/// Enqueues a notification, unless the same was told before or its kind is muted.
#[utoipa::path(post, path = "/notifications", responses(
    (status = 201, description = "stored, and queued for delivery", body = Told),
    (status = 200, description = "the same was told within 24 hours", body = Told),
    (status = 204, description = "the recipient has muted this kind"),
))]
async fn tell(
    State(servers): State<Servers>,
    Json(NewNotification { recipient, kind, key, text }): Json<NewNotification>,
) -> Answer<Response> {
    domain::check(recipient, &kind, key.as_deref(), &text).map_err(Problem::invalid)?;
    let new = store::New { recipient, kind: &kind, key: key.as_deref(), text: &text };
    Ok(match store::tell(&servers, &new).await? {
        store::Told::New(id) => (StatusCode::CREATED, Json(Told { id })).into_response(),
        store::Told::Before(id) => Json(Told { id }).into_response(),
        store::Told::Muted => StatusCode::NO_CONTENT.into_response(),
    })
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// What the page before said as `next`; without it the list begins.
    after: Option<i64>,
    /// Only those that are not read.
    #[serde(default)]
    unread: bool,
}

#[derive(Serialize, ToSchema)]
struct Notification {
    id: i64,
    recipient: i64,
    kind: String,
    text: String,
    /// In seconds since 1970.
    created_at: i64,
    read: bool,
}

impl From<store::Notification> for Notification {
    fn from(stored: store::Notification) -> Self {
        let store::Notification { id, recipient, kind, text, created_at, read } = stored;
        Self { id, recipient, kind, text, created_at, read }
    }
}

/// Lists a user's notifications, newest first.
#[utoipa::path(get, path = "/users/{user}/notifications", params(Which), responses(
    (status = 200, body = Page<Notification>),
))]
async fn list(
    State(servers): State<Servers>,
    Path(user): Path<i64>,
    Query(Which { after, unread }): Query<Which>,
) -> Answer<Json<Page<Notification>>> {
    let page = store::list(&servers, user, unread, after.unwrap_or(i64::MAX)).await?;
    Ok(Json(page.map(Notification::from)))
}

#[derive(Serialize, ToSchema)]
struct Unread {
    /// At most 1000 are counted.
    count: i64,
}

/// Counts a user's unread notifications.
#[utoipa::path(get, path = "/users/{user}/unread", responses((status = 200, body = Unread)))]
async fn unread(State(servers): State<Servers>, Path(user): Path<i64>) -> Answer<Json<Unread>> {
    Ok(Json(Unread { count: store::count_unread(&servers, user).await? }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct UpTo {
    /// The newest notification that the user has seen.
    up_to: i64,
}

/// Marks a user's notifications up to a number as read. What came since stays unread.
#[utoipa::path(delete, path = "/users/{user}/unread", params(UpTo), responses(
    (status = 204, description = "all of them are read"),
))]
async fn mark_all_read(
    State(servers): State<Servers>,
    Path(user): Path<i64>,
    Query(UpTo { up_to }): Query<UpTo>,
) -> Answer<StatusCode> {
    store::mark_all_read(&servers, user, up_to).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Marks one notification as read.
#[utoipa::path(put, path = "/users/{user}/notifications/{id}/read",
    params(("user" = i64, Path), ("id" = i64, Path)),
    responses(
        (status = 204, description = "it is read"),
        (status = 404, description = "the user has no such notification"),
    )
)]
async fn mark_read(State(servers): State<Servers>, Path((user, id)): Path<(i64, i64)>) -> Answer<StatusCode> {
    if store::mark_read(&servers, user, id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::not_found("the user has no such notification"))
}

#[derive(Deserialize, Serialize, ToSchema)]
struct Preferences {
    /// The kinds that the user does not want to be told.
    #[schema(max_items = 100, example = json!(["like"]))]
    muted: Vec<String>,
}

/// Shows a user's preferences.
#[utoipa::path(get, path = "/users/{user}/preferences", responses((status = 200, body = Preferences)))]
async fn preferences(State(servers): State<Servers>, Path(user): Path<i64>) -> Answer<Json<Preferences>> {
    Ok(Json(Preferences { muted: store::muted(&servers, user).await? }))
}

/// Sets a user's preferences. They count for what is told from now on.
#[utoipa::path(put, path = "/users/{user}/preferences", params(("user" = i64, Path, minimum = 1)), responses(
    (status = 204, description = "set"),
))]
async fn set_preferences(
    State(servers): State<Servers>,
    Path(user): Path<i64>,
    Json(Preferences { muted }): Json<Preferences>,
) -> Answer<StatusCode> {
    domain::check_user(user).map_err(Problem::invalid)?;
    let muted = domain::muted(muted).map_err(Problem::invalid)?;
    store::mute(&servers, user, &muted).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize, ToSchema)]
struct Deliveries {
    /// At most 20.
    deliveries: Vec<Notification>,
}

/// Hands undelivered notifications to a worker. What it does not acknowledge within a minute goes to another one.
#[utoipa::path(post, path = "/workers/{worker}/deliveries",
    params(("worker" = String, Path, pattern = "^[A-Za-z0-9][A-Za-z0-9:._-]{0,99}$")),
    responses((status = 200, body = Deliveries))
)]
async fn take(State(servers): State<Servers>, Path(worker): Path<String>) -> Answer<Json<Deliveries>> {
    domain::check_name(&worker).map_err(Problem::invalid)?;
    let taken = store::take(&servers, &worker).await?;
    Ok(Json(Deliveries { deliveries: taken.into_iter().map(Notification::from).collect() }))
}

/// Acknowledges that a notification is delivered: no worker gets it any more.
#[utoipa::path(delete, path = "/deliveries/{notification}", responses(
    (status = 204, description = "acknowledged"),
    (status = 404, description = "there is no such notification"),
))]
async fn acknowledge(State(servers): State<Servers>, Path(notification): Path<i64>) -> Answer<StatusCode> {
    if store::acknowledge(&servers, notification).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::not_found("there is no such notification"))
}

#[cfg(test)]
mod tests {
    use kit::testing::{Api, contract};
    use serde_json::{Value, json};

    use crate::SERVICE;

    #[tokio::test]
    async fn keeps_the_contract() {
        contract(&SERVICE, env!("CARGO_MANIFEST_DIR")).await;
    }

    #[tokio::test]
    async fn says_what_is_wrong_without_servers() {
        let api = Api::offline(&SERVICE);
        let like = json!({ "recipient": 1, "kind": "like", "text": "Hello" });
        api.post("/notifications", &json!({ "recipient": 1, "kind": "", "text": "Hello" })).await.expect(400);
        api.post("/notifications", &json!({ "recipient": 1, "text": "Hello" })).await.expect(422);
        api.post("/workers/mail%201/deliveries", &Value::Null).await.expect(400);
        api.put("/users/1/preferences", &json!({ "muted": ["a b"] })).await.expect(400);
        api.put("/users/0/preferences", &json!({ "muted": [] })).await.expect(400);
        api.delete("/users/1/unread").await.expect(400);
        api.post("/notifications", &like).await.expect(503);
        api.get("/users/1/notifications").await.expect(503);
        api.get("/users/1/unread").await.expect(503);
        api.delete("/users/1/unread?up_to=1").await.expect(503);
        api.put("/users/1/notifications/1/read", &Value::Null).await.expect(503);
        api.get("/users/1/preferences").await.expect(503);
        api.put("/users/1/preferences", &json!({ "muted": [] })).await.expect(503);
        api.post("/workers/mail-1/deliveries", &Value::Null).await.expect(503);
        api.delete("/deliveries/1").await.expect(503);
    }
}
