//! The routes: from JSON to the rules and the store, and back.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use kit::{Answer, Cursor, Page, Problem, Routes, Servers};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use crate::store::{Edited, Post};
use crate::{domain, store};

/// The routes of this service. Everybody reads; the path of a write begins with the author who asks.
pub fn routes(servers: Servers) -> Routes {
    Routes::new()
        .routes(routes!(add, posts))
        .routes(routes!(edit, delete))
        .routes(routes!(post))
        .routes(routes!(revisions))
        .with_state(servers)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct Author {
    /// The number of the account.
    #[param(minimum = 1)]
    author: i64,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct Number {
    /// The number of the post.
    #[param(minimum = 1)]
    id: i64,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct Own {
    /// The number of the account.
    #[param(minimum = 1)]
    author: i64,
    /// The number of the post.
    #[param(minimum = 1)]
    id: i64,
}

#[derive(Deserialize, ToSchema)]
struct NewPost {
    #[schema(example = "Notes", min_length = 1, max_length = 200)]
    title: String,
    #[schema(example = "On the engine", min_length = 1, max_length = 20_000)]
    body: String,
}

/// Makes a post. The same request again makes no second one, and has the same answer for a day.
#[utoipa::path(post, path = "/authors/{author}/posts", params(
    Author,
    ("idempotency-key" = String, Header, description = "the caller's own name for the request", example = "8e03978e-40d5",
        pattern = r#"^("[A-Za-z0-9_-]{8,64}"|[A-Za-z0-9_-]{8,64})$"#),
), responses(
    (status = 201, description = "made, now or by the same request before", body = Post),
    (status = 422, description = "the body lacks a field, or one has another type; or the key belongs to another request"),
))]
async fn add(
    State(servers): State<Servers>,
    Path(Author { author }): Path<Author>,
    headers: HeaderMap,
    Json(NewPost { title, body }): Json<NewPost>,
) -> Answer<(StatusCode, Json<Post>)> {
    domain::check_number(author).map_err(Problem::invalid)?;
    let header = headers.get("idempotency-key").map(HeaderValue::as_bytes).unwrap_or_default();
    let key = domain::key(header).map_err(Problem::invalid)?;
    domain::check_post(&title, &body).map_err(Problem::invalid)?;
    let another = || Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "this idempotency-key belongs to another request");
    let id = store::claim(&servers, author, key, &title, &body).await?.ok_or_else(another)?;
    Ok((StatusCode::CREATED, Json(store::add(&servers, id, author, &title, &body).await?)))
}

/// The posts of an author, the latest first.
#[utoipa::path(get, path = "/authors/{author}/posts", params(Author, Cursor), responses(
    (status = 200, description = "a page of posts", body = Page<Post>),
))]
async fn posts(
    State(servers): State<Servers>,
    Path(Author { author }): Path<Author>,
    Query(cursor): Query<Cursor>,
) -> Answer<Json<Page<Post>>> {
    domain::check_number(author).map_err(Problem::invalid)?;
    store::posts(&servers, author, cursor).await.map(Json)
}

#[derive(Deserialize, ToSchema)]
struct Edit {
    /// The revision that the author has seen, and changes.
    #[schema(minimum = 1)]
    revision: i64,
    #[schema(example = "Notes", min_length = 1, max_length = 200)]
    title: String,
    #[schema(example = "On the engine", min_length = 1, max_length = 20_000)]
    body: String,
}

/// Edits a post: adds a revision behind the one that the author has seen.
#[utoipa::path(put, path = "/authors/{author}/posts/{id}", params(Own), responses(
    (status = 200, description = "edited", body = Post),
    (status = 404, description = "the author has no such post"),
    (status = 409, description = "the post has a later revision"),
))]
async fn edit(
    State(servers): State<Servers>,
    Path(Own { author, id }): Path<Own>,
    Json(Edit { revision, title, body }): Json<Edit>,
) -> Answer<Json<Post>> {
    domain::check_number(revision).map_err(Problem::invalid)?;
    domain::check_post(&title, &body).map_err(Problem::invalid)?;
    match store::edit(&servers, id, author, revision, [&title, &body]).await?.ok_or_else(no_such_post)? {
        Edited::Done(post) => Ok(Json(post)),
        Edited::Overtaken(latest) => {
            Err(Problem::conflict(format_args!("the post is at revision {latest}: read that, and edit it")))
        }
    }
}

/// Deletes a post. A second time changes nothing.
#[utoipa::path(delete, path = "/authors/{author}/posts/{id}", params(Own), responses(
    (status = 204, description = "deleted"),
    (status = 404, description = "the author has no such post"),
))]
async fn delete(State(servers): State<Servers>, Path(Own { author, id }): Path<Own>) -> Answer<StatusCode> {
    if store::delete(&servers, id, author).await? { Ok(StatusCode::NO_CONTENT) } else { Err(no_such_post()) }
}

/// A post at its latest revision.
#[utoipa::path(get, path = "/posts/{id}", params(Number), responses(
    (status = 200, description = "the post", body = Post),
    (status = 404, description = "there is no such post"),
))]
async fn post(State(servers): State<Servers>, Path(Number { id }): Path<Number>) -> Answer<Json<Post>> {
    store::post(&servers, id).await?.ok_or_else(no_such_post).map(Json)
}

/// The revisions of a post, the latest first.
#[utoipa::path(get, path = "/posts/{id}/revisions", params(Number, Cursor), responses(
    (status = 200, description = "a page of the post's revisions", body = Page<Post>),
    (status = 404, description = "there is no such post"),
))]
async fn revisions(
    State(servers): State<Servers>,
    Path(Number { id }): Path<Number>,
    Query(cursor): Query<Cursor>,
) -> Answer<Json<Page<Post>>> {
    store::post(&servers, id).await?.ok_or_else(no_such_post)?;
    store::revisions(&servers, id, cursor).await.map(Json)
}

fn no_such_post() -> Problem {
    Problem::not_found("there is no such post")
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
        let bare = Api::offline(&SERVICE);
        let api = bare.with("idempotency-key", "0123-4567");
        let post = json!({ "title": "Notes", "body": "On the engine" });
        let edit = json!({ "revision": 1, "title": "Notes", "body": "On the engine" });
        bare.post("/authors/1/posts", &post).await.expect(400);
        bare.with("idempotency-key", "short").post("/authors/1/posts", &post).await.expect(400);
        api.post("/authors/0/posts", &post).await.expect(400);
        api.post("/authors/1/posts", &json!({ "title": "", "body": "On the engine" })).await.expect(400);
        api.post("/authors/1/posts", &json!({ "title": "Notes" })).await.expect(422);
        api.put("/authors/1/posts/1", &post).await.expect(422);
        api.put("/authors/1/posts/1", &json!({ "revision": 0, "title": "Notes", "body": "x" })).await.expect(400);
        api.put("/authors/1/posts/1", &json!({ "revision": 1, "title": "Notes", "body": "" })).await.expect(400);
        api.get("/posts/first").await.expect(400);
        api.get("/authors/0/posts").await.expect(400);
        api.post("/authors/1/posts", &post).await.expect(503);
        api.put("/authors/1/posts/1", &edit).await.expect(503);
        api.delete("/authors/1/posts/1").await.expect(503);
        for path in ["/posts/1", "/posts/1/revisions", "/authors/1/posts"] {
            api.get(path).await.expect(503);
        }
    }
}
