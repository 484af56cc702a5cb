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
    Routes::new().route("/users", post(add)).route("/users/{handle}", get(show).put(rename)).with_state(servers)
}

#[derive(Deserialize)]
struct NewUser {
    handle: String,
    display_name: String,
}

#[derive(Deserialize, Serialize)]
struct Profile {
    display_name: String,
}

#[derive(Serialize)]
struct Added {
    id: i64,
    handle: String,
}

async fn add(State(servers): State<Servers>, Json(new): Json<NewUser>) -> Answer<(StatusCode, Json<Added>)> {
    let handle = domain::handle(&new.handle).map_err(Problem::invalid)?;
    let display_name = domain::display_name(&new.display_name).map_err(Problem::invalid)?;
    let id = store::add_user(&servers, &handle, &display_name).await?;
    let id = id.ok_or_else(|| Problem::conflict("this handle is taken"))?;
    Ok((StatusCode::CREATED, Json(Added { id, handle })))
}

async fn show(State(servers): State<Servers>, Path(handle): Path<String>) -> Answer<Json<Profile>> {
    let handle = domain::handle(&handle).map_err(Problem::invalid)?;
    let display_name = store::display_name(&servers, &handle).await?;
    Ok(Json(Profile { display_name: display_name.ok_or_else(no_such_user)? }))
}

async fn rename(
    State(servers): State<Servers>,
    Path(handle): Path<String>,
    Json(profile): Json<Profile>,
) -> Answer<Json<Profile>> {
    let handle = domain::handle(&handle).map_err(Problem::invalid)?;
    let display_name = domain::display_name(&profile.display_name).map_err(Problem::invalid)?;
    if store::rename(&servers, &handle, &display_name).await? {
        Ok(Json(Profile { display_name }))
    } else {
        Err(no_such_user())
    }
}

fn no_such_user() -> Problem {
    Problem::not_found("there is no user with this handle")
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
        api.post("/users", &json!({ "handle": "a", "display_name": "Ada" })).await.expect(400);
        api.post("/users", &json!({ "handle": "ada", "display_name": "" })).await.expect(400);
        api.put("/users/ada", &json!({ "display_name": "" })).await.expect(400);
        api.post("/users", &json!({ "handle": "ada", "display_name": "Ada" })).await.expect(503);
        api.get("/users/ada").await.expect(503);
        api.put("/users/ada", &json!({ "display_name": "Ada" })).await.expect(503);
    }
}
