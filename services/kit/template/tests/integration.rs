//! What a caller sees with the real servers behind.

use kit::PAGE;
use kit::testing::{faults, with_servers};
use serde_json::json;

use template_service::SERVICE;

#[tokio::test]
async fn a_note_is_written_once_and_read_until_it_is_removed() {
    with_servers(&SERVICE, |api| async move {
        let note = json!({ "name": "to-do", "text": "milk" });
        api.get("/notes/to-do").await.expect(404);
        assert_eq!(api.post("/notes", &note).await.expect(201), note);
        api.post("/notes", &json!({ "name": "to-do", "text": "bread" })).await.expect(409);
        for reads in 1..=2 {
            let read = json!({ "name": "to-do", "text": "milk", "reads": reads });
            assert_eq!(api.get("/notes/to-do").await.expect(200), read);
        }
        api.delete("/notes/to-do").await.expect(204);
        api.delete("/notes/to-do").await.expect(404);
        api.post("/notes", &note).await.expect(201);
        assert_eq!(api.get("/notes/to-do").await.expect(200)["reads"], 1);
    })
    .await;
}

#[tokio::test]
async fn the_list_comes_in_pages() {
    with_servers(&SERVICE, |api| async move {
        for number in 0..=PAGE {
            api.post("/notes", &json!({ "name": format!("n{number}"), "text": "x" })).await.expect(201);
        }
        let first = api.get("/notes").await.expect(200);
        assert_eq!(first["items"].as_array().map(Vec::len), Some(PAGE));
        assert_eq!(first["items"][0], json!({ "name": "n0", "text": "x" }));
        let last = api.get(&format!("/notes?after={}", first["next"])).await.expect(200);
        assert_eq!(last, json!({ "items": [{ "name": format!("n{PAGE}"), "text": "x" }], "next": null }));
    })
    .await;
}

#[tokio::test]
async fn bad_days() {
    faults(&SERVICE, env!("CARGO_BIN_EXE_template-service"), "/notes").await;
}
