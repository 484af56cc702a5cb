//! The routes: from JSON to the rules and the store, and back.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use kit::{Answer, Cursor, Page, Problem, Routes, Servers};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::domain::{self, Entry};
use crate::store;

/// The routes of this service.
pub fn routes(servers: Servers) -> Routes {
    Routes::new()
        .routes(routes!(publish, remove))
        .routes(routes!(follow, unfollow))
        .routes(routes!(followed))
        .routes(routes!(timeline))
        .with_state(servers)
}

#[derive(Deserialize, ToSchema)]
struct NewPost {
    #[schema(minimum = 1)]
    author: i64,
}

/// Publishes a post: it comes to the timelines of all who follow its author. Repeating this changes nothing.
#[utoipa::path(put, path = "/posts/{post}", params(("post" = i64, Path, minimum = 1)), responses(
    (status = 204, description = "published"),
    (status = 409, description = "the post is another author's"),
    (status = 410, description = "the post was removed"),
))]
async fn publish(
    State(servers): State<Servers>,
    Path(post): Path<i64>,
    Json(NewPost { author }): Json<NewPost>,
) -> Answer<StatusCode> {
    domain::check([post, author]).map_err(Problem::invalid)?;
    let stored = store::add(&servers, post, author).await?;
    if stored.author != author {
        return Err(Problem::conflict("the post is another author's"));
    }
    if stored.removed {
        return Err(Problem::new(StatusCode::GONE, "the post was removed"));
    }
    store::spread(&servers, post, author).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a post from all timelines, for ever. Repeating this changes nothing.
#[utoipa::path(delete, path = "/posts/{post}", responses(
    (status = 204, description = "removed"),
    (status = 404, description = "there is no such post"),
))]
async fn remove(State(servers): State<Servers>, Path(post): Path<i64>) -> Answer<StatusCode> {
    let author = store::remove(&servers, post).await?;
    let author = author.ok_or_else(|| Problem::not_found("there is no such post"))?;
    store::spread(&servers, post, author).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Follows an author: the timeline shows the author's posts, also the earlier ones.
#[utoipa::path(put, path = "/readers/{reader}/followed/{author}",
    params(("reader" = i64, Path, minimum = 1), ("author" = i64, Path, minimum = 1)),
    responses((status = 204, description = "followed"))
)]
async fn follow(State(servers): State<Servers>, Path((reader, author)): Path<(i64, i64)>) -> Answer<StatusCode> {
    domain::check([reader, author]).map_err(Problem::invalid)?;
    store::follow(&servers, reader, author).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Stops following an author: the author's posts leave the timeline.
#[utoipa::path(delete, path = "/readers/{reader}/followed/{author}",
    params(("reader" = i64, Path), ("author" = i64, Path)),
    responses((status = 204, description = "not followed any more, or never"))
)]
async fn unfollow(State(servers): State<Servers>, Path((reader, author)): Path<(i64, i64)>) -> Answer<StatusCode> {
    store::unfollow(&servers, reader, author).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the authors that a reader follows, by number.
#[utoipa::path(get, path = "/readers/{reader}/followed", params(Cursor), responses((status = 200, body = Page<i64>)))]
async fn followed(
    State(servers): State<Servers>,
    Path(reader): Path<i64>,
    Query(cursor): Query<Cursor>,
) -> Answer<Json<Page<i64>>> {
    let authors = store::followed(&servers, reader, cursor.after.unwrap_or_default()).await?;
    Ok(Json(Page::of(authors, |author| *author)))
}

#[derive(Serialize, ToSchema)]
struct TimelinePost {
    post: i64,
    author: i64,
}

impl From<Entry> for TimelinePost {
    fn from(Entry { post, author, .. }: Entry) -> Self {
        Self { post, author }
    }
}

/// Reads a home timeline: at most 800 posts of the authors that the reader follows, the last published first.
#[utoipa::path(get, path = "/readers/{reader}/timeline", params(Cursor), responses(
    (status = 200, body = Page<TimelinePost>),
))]
async fn timeline(
    State(servers): State<Servers>,
    Path(reader): Path<i64>,
    Query(cursor): Query<Cursor>,
) -> Answer<Json<Page<TimelinePost>>> {
    let entries = store::timeline(&servers, reader, cursor.after.unwrap_or(i64::MAX)).await?;
    Ok(Json(Page::of(entries, |entry| entry.position).map(TimelinePost::from)))
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
        api.put("/posts/0", &json!({ "author": 1 })).await.expect(400);
        api.put("/posts/1", &json!({ "author": 0 })).await.expect(400);
        api.put("/posts/1", &json!({})).await.expect(422);
        api.put("/readers/0/followed/1", &Value::Null).await.expect(400);
        api.get("/readers/1/timeline?after=now").await.expect(400);
        api.put("/posts/1", &json!({ "author": 1 })).await.expect(503);
        api.delete("/posts/1").await.expect(503);
        api.put("/readers/1/followed/2", &Value::Null).await.expect(503);
        api.delete("/readers/1/followed/2").await.expect(503);
        api.get("/readers/1/followed").await.expect(503);
        api.get("/readers/1/timeline").await.expect(503);
    }
}
