//! The routes: from JSON to the rules and the store, and back.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use kit::{Answer, Cursor, Page, Problem, Routes, Servers};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::store::{Person, Profile};
use crate::{domain, store};

/// The routes of this service.
pub fn routes(servers: Servers) -> Routes {
    Routes::new()
        .routes(routes!(put_profile, profile))
        .routes(routes!(profile_of_handle))
        .routes(routes!(follow, unfollow))
        .routes(routes!(following))
        .routes(routes!(followers))
        .with_state(servers)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct User {
    /// The number of the account.
    #[param(minimum = 1)]
    id: i64,
}

#[derive(Deserialize, ToSchema)]
struct NewProfile {
    /// 3 to 30 letters, digits and `_`, the first a letter; upper case and a leading `@` do not matter.
    #[schema(example = "ada", pattern = "^@?[A-Za-z][A-Za-z0-9_]{2,29}$")]
    handle: String,
    #[schema(example = "Ada Lovelace", min_length = 1, max_length = 50)]
    display_name: String,
    #[serde(default)]
    #[schema(max_length = 500)]
    bio: String,
}

/// Makes the profile of an account, or replaces it.
#[utoipa::path(put, path = "/users/{id}", params(User), responses(
    (status = 200, description = "replaced", body = Profile),
    (status = 201, description = "made", body = Profile),
    (status = 409, description = "somebody else has this handle"),
))]
async fn put_profile(
    State(servers): State<Servers>,
    Path(User { id }): Path<User>,
    Json(new): Json<NewProfile>,
) -> Answer<(StatusCode, Json<Profile>)> {
    domain::check_id(id).map_err(Problem::invalid)?;
    let handle = domain::handle(&new.handle).map_err(Problem::invalid)?;
    let display_name = domain::display_name(&new.display_name).map_err(Problem::invalid)?;
    let bio = domain::bio(&new.bio).map_err(Problem::invalid)?;
    let put = store::put_profile(&servers, id, [&handle, display_name, bio]).await?;
    let (is_new, profile) = put.ok_or_else(|| Problem::conflict("somebody else has this handle"))?;
    Ok((if is_new { StatusCode::CREATED } else { StatusCode::OK }, Json(profile)))
}

/// The profile of an account.
#[utoipa::path(get, path = "/users/{id}", params(User), responses(
    (status = 200, description = "the profile", body = Profile),
    (status = 404, description = "there is no such user"),
))]
async fn profile(State(servers): State<Servers>, Path(User { id }): Path<User>) -> Answer<Json<Profile>> {
    existing(&servers, id).await.map(Json)
}

/// The profile that has a handle.
#[utoipa::path(get, path = "/handles/{handle}", params(
    ("handle" = String, Path, pattern = "^@?[A-Za-z][A-Za-z0-9_]{2,29}$"),
), responses(
    (status = 200, description = "the profile", body = Profile),
    (status = 404, description = "there is no such user"),
))]
async fn profile_of_handle(State(servers): State<Servers>, Path(handle): Path<String>) -> Answer<Json<Profile>> {
    let handle = domain::handle(&handle).map_err(Problem::invalid)?;
    store::profile_of_handle(&servers, &handle).await?.ok_or_else(no_such_user).map(Json)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct Pair {
    /// Who follows.
    #[param(minimum = 1)]
    id: i64,
    /// Who is followed.
    #[param(minimum = 1)]
    other: i64,
}

/// Follows a user. A second time changes nothing.
#[utoipa::path(put, path = "/users/{id}/following/{other}", params(Pair), responses(
    (status = 204, description = "followed"),
    (status = 404, description = "one of them is no user"),
))]
async fn follow(State(servers): State<Servers>, Path(Pair { id, other }): Path<Pair>) -> Answer<StatusCode> {
    domain::check_follow(id, other).map_err(Problem::invalid)?;
    if store::follow(&servers, id, other).await? { Ok(StatusCode::NO_CONTENT) } else { Err(no_such_user()) }
}

/// Follows a user no more. A second time changes nothing.
#[utoipa::path(delete, path = "/users/{id}/following/{other}", params(Pair), responses(
    (status = 204, description = "followed no more"),
    (status = 404, description = "one of them is no user"),
))]
async fn unfollow(State(servers): State<Servers>, Path(Pair { id, other }): Path<Pair>) -> Answer<StatusCode> {
    domain::check_follow(id, other).map_err(Problem::invalid)?;
    if store::unfollow(&servers, id, other).await? { Ok(StatusCode::NO_CONTENT) } else { Err(no_such_user()) }
}

/// Whom a user follows, the latest first.
#[utoipa::path(get, path = "/users/{id}/following", params(User, Cursor), responses(
    (status = 200, description = "a page of people", body = Page<Person>),
    (status = 404, description = "there is no such user"),
))]
async fn following(
    State(servers): State<Servers>,
    Path(User { id }): Path<User>,
    Query(cursor): Query<Cursor>,
) -> Answer<Json<Page<Person>>> {
    existing(&servers, id).await?;
    store::following(&servers, id, cursor).await.map(Json)
}

/// Who follows a user, the latest first.
#[utoipa::path(get, path = "/users/{id}/followers", params(User, Cursor), responses(
    (status = 200, description = "a page of people", body = Page<Person>),
    (status = 404, description = "there is no such user"),
))]
async fn followers(
    State(servers): State<Servers>,
    Path(User { id }): Path<User>,
    Query(cursor): Query<Cursor>,
) -> Answer<Json<Page<Person>>> {
    existing(&servers, id).await?;
    store::followers(&servers, id, cursor).await.map(Json)
}

async fn existing(servers: &Servers, id: i64) -> Answer<Profile> {
    store::profile(servers, id).await?.ok_or_else(no_such_user)
}

fn no_such_user() -> Problem {
    Problem::not_found("there is no such user")
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
        let ada = json!({ "handle": "ada", "display_name": "Ada" });
        api.put("/users/0", &ada).await.expect(400);
        api.put("/users/1", &json!({ "handle": "a", "display_name": "Ada" })).await.expect(400);
        api.put("/users/1", &json!({ "handle": "ada", "display_name": "" })).await.expect(400);
        api.put("/users/1", &json!({ "handle": "ada", "display_name": "Ada", "bio": "\0" })).await.expect(400);
        api.put("/users/1", &json!({ "handle": "ada" })).await.expect(422);
        api.put("/users/1/following/1", &json!(null)).await.expect(400);
        api.delete("/users/1/following/1").await.expect(400);
        api.get("/handles/1815").await.expect(400);
        api.get("/users/ada").await.expect(400);
        api.get("/users/1/followers?after=first").await.expect(400);
        api.put("/users/1", &ada).await.expect(503);
        api.put("/users/1/following/2", &json!(null)).await.expect(503);
        api.get("/users/1").await.expect(503);
        api.get("/handles/ada").await.expect(503);
        api.get("/users/1/followers").await.expect(503);
    }
}
