//! What a caller sees with the real servers behind.

use content_service::SERVICE;
use kit::testing::{Api, Reply, faults, with_servers};
use serde_json::{Value, json};

async fn add(api: &Api, author: i64, key: &str, title: &str) -> Reply {
    let post = json!({ "title": title, "body": "On the engine" });
    api.with("idempotency-key", key).post(&format!("/authors/{author}/posts"), &post).await
}

async fn edit(api: &Api, author: i64, id: &Value, revision: i64) -> Reply {
    let edit = json!({ "revision": revision, "title": format!("After {revision}"), "body": "On the engine" });
    api.put(&format!("/authors/{author}/posts/{id}"), &edit).await
}

async fn ids(api: &Api, path: &str, key: &str) -> Vec<Value> {
    let page = api.get(path).await.expect(200);
    page["items"].as_array().expect("a page").iter().map(|item| item[key].clone()).collect()
}

#[tokio::test]
async fn a_repeated_request_makes_no_second_post_and_has_the_same_answer() {
    with_servers(&SERVICE, |api| async move {
        let first = add(&api, 1, "request-1", "Notes").await.expect(201);
        // The answer is that of then, also when the post has changed since.
        edit(&api, 1, &first["id"], 1).await.expect(200);
        assert_eq!(add(&api, 1, "\"request-1\"", "Notes").await.expect(201), first);
        api.delete(&format!("/authors/1/posts/{}", first["id"])).await.expect(204);
        assert_eq!(add(&api, 1, "request-1", "Notes").await.expect(201), first);
        api.get(&format!("/posts/{}", first["id"])).await.expect(404);

        add(&api, 1, "request-1", "Other notes").await.expect(422);
        assert_ne!(add(&api, 1, "request-2", "Notes").await.expect(201)["id"], first["id"]);
        assert_ne!(add(&api, 2, "request-1", "Notes").await.expect(201)["id"], first["id"]);
    })
    .await;
}

#[tokio::test]
async fn of_requests_at_once_with_one_key_one_makes_the_post_and_all_have_its_answer() {
    with_servers(&SERVICE, |api| async move {
        let add = || async { add(&api, 1, "request-1", "Notes").await.expect(201) };
        let (one, two, three) = tokio::join!(add(), add(), add());
        assert_eq!((&one, &one), (&two, &three));
        assert_eq!(ids(&api, "/authors/1/posts", "id").await, std::slice::from_ref(&one["id"]));
    })
    .await;
}

#[tokio::test]
async fn an_edit_names_the_revision_that_it_changes() {
    with_servers(&SERVICE, |api| async move {
        let id = add(&api, 1, "request-1", "Notes").await.expect(201)["id"].clone();
        let edited = edit(&api, 1, &id, 1).await.expect(200);
        assert_eq!((&edited["revision"], &edited["title"]), (&json!(2), &json!("After 1")));
        assert!(edit(&api, 1, &id, 1).await.expect(409)["detail"].to_string().contains("revision 2"));
        edit(&api, 1, &id, 3).await.expect(409);
        assert_eq!(api.get(&format!("/posts/{id}")).await.expect(200), edited);

        let (one, other) = tokio::join!(edit(&api, 1, &id, 2), edit(&api, 1, &id, 2));
        assert_eq!(one.status.as_u16() + other.status.as_u16(), 200 + 409);
        let revisions = format!("/posts/{id}/revisions");
        assert_eq!(ids(&api, &revisions, "title").await, ["After 2", "After 1", "Notes"]);
        assert_eq!(ids(&api, &format!("{revisions}?after=2"), "revision").await, [1]);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_post_is_seen_nowhere() {
    with_servers(&SERVICE, |api| async move {
        let id = add(&api, 1, "request-1", "Notes").await.expect(201)["id"].clone();
        let own = format!("/authors/1/posts/{id}");
        api.delete(&own).await.expect(204);
        api.delete(&own).await.expect(204);
        api.get(&format!("/posts/{id}")).await.expect(404);
        api.get(&format!("/posts/{id}/revisions")).await.expect(404);
        edit(&api, 1, &id, 1).await.expect(404);
        assert!(ids(&api, "/authors/1/posts", "id").await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn only_the_author_edits_and_deletes() {
    with_servers(&SERVICE, |api| async move {
        let id = add(&api, 1, "request-1", "Notes").await.expect(201)["id"].clone();
        edit(&api, 2, &id, 1).await.expect(404);
        api.delete(&format!("/authors/2/posts/{id}")).await.expect(404);
        assert_eq!(api.get(&format!("/posts/{id}")).await.expect(200)["title"], "Notes");
    })
    .await;
}

#[tokio::test]
async fn posts_come_in_pages_the_latest_first() {
    with_servers(&SERVICE, |api| async move {
        for number in 1..=51 {
            add(&api, 1, &format!("request-{number}"), &format!("Notes {number}")).await.expect(201);
        }
        add(&api, 2, "request-1", "Of another").await.expect(201);
        let first = api.get("/authors/1/posts").await.expect(200);
        assert_eq!(
            (&first["items"][0]["title"], &first["items"][49]["title"]),
            (&json!("Notes 51"), &json!("Notes 2"))
        );
        let last = api.get(&format!("/authors/1/posts?after={}", first["next"])).await.expect(200);
        assert_eq!((&last["items"][0]["title"], &last["items"][1]), (&json!("Notes 1"), &json!(null)));
        assert!(last["next"].is_null());
    })
    .await;
}

#[tokio::test]
async fn bad_days() {
    faults(&SERVICE, env!("CARGO_BIN_EXE_content-service"), "/posts/1").await;
}
