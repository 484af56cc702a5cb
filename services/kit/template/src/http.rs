//! The routes: from JSON to the rules and the store, and back.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use kit::{Answer, Cursor, Page, Problem, Routes, Servers};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::{domain, store};

/// The routes of this service.
pub fn routes(servers: Servers) -> Routes {
    Routes::new().routes(routes!(write, list)).routes(routes!(read, remove)).with_state(servers)
}

#[derive(Serialize, Deserialize, ToSchema)]
struct Note {
    /// 1 to 64 lower-case letters, digits and dashes.
    #[schema(example = "to-do")]
    name: String,
    /// 1 to 1000 characters.
    text: String,
}

impl From<store::Note> for Note {
    fn from(store::Note { name, text, .. }: store::Note) -> Self {
        Self { name, text }
    }
}

/// Writes a note.
#[utoipa::path(post, path = "/notes", responses(
    (status = 201, description = "written", body = Note),
    (status = 409, description = "another note has this name"),
))]
async fn write(State(servers): State<Servers>, Json(note): Json<Note>) -> Answer<(StatusCode, Json<Note>)> {
    domain::check_name(&note.name).map_err(Problem::invalid)?;
    domain::check_text(&note.text).map_err(Problem::invalid)?;
    if !store::add(&servers, &note.name, &note.text).await? {
        return Err(Problem::conflict("another note has this name"));
    }
    Ok((StatusCode::CREATED, Json(note)))
}

/// Lists the notes, the oldest first.
#[utoipa::path(get, path = "/notes", params(Cursor), responses(
    (status = 200, description = "a page of them", body = Page<Note>),
))]
async fn list(State(servers): State<Servers>, Query(cursor): Query<Cursor>) -> Answer<Json<Page<Note>>> {
    let rows = store::list(&servers, cursor.after.unwrap_or_default()).await?;
    Ok(Json(Page::of(rows, |note| note.id).map(Note::from)))
}

#[derive(Serialize, ToSchema)]
struct Read {
    name: String,
    text: String,
    /// How often it was read within an hour, this time included.
    reads: u64,
}

/// Reads a note.
#[utoipa::path(get, path = "/notes/{name}", params(("name" = String, Path)), responses(
    (status = 200, description = "the note", body = Read),
    (status = 404, description = "there is no such note"),
))]
async fn read(State(servers): State<Servers>, Path(name): Path<String>) -> Answer<Json<Read>> {
    let store::Note { name, text, .. } = store::find(&servers, &name).await?.ok_or_else(unknown)?;
    let reads = store::count_read(&servers, &name).await?;
    Ok(Json(Read { name, text, reads }))
}

/// Removes a note.
#[utoipa::path(delete, path = "/notes/{name}", params(("name" = String, Path)), responses(
    (status = 204, description = "removed"),
    (status = 404, description = "there is no such note"),
))]
async fn remove(State(servers): State<Servers>, Path(name): Path<String>) -> Answer<StatusCode> {
    if store::remove(&servers, &name).await? { Ok(StatusCode::NO_CONTENT) } else { Err(unknown()) }
}

fn unknown() -> Problem {
    Problem::not_found("there is no such note")
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
        api.post("/notes", &json!({ "name": "To do", "text": "milk" })).await.expect(400);
        api.post("/notes", &json!({ "name": "to-do", "text": "" })).await.expect(400);
        api.post("/notes", &json!({ "name": "to-do" })).await.expect(422);
        api.get("/notes?after=x").await.expect(400);
        api.post("/notes", &json!({ "name": "to-do", "text": "milk" })).await.expect(503);
        api.get("/notes").await.expect(503);
        api.get("/notes/to-do").await.expect(503);
        api.delete("/notes/to-do").await.expect(503);
    }
}
