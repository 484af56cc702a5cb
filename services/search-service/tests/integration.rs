//! What a caller sees with the real servers behind.

use kit::testing::with_servers;
use search_service::SERVICE;
use serde_json::json;

#[tokio::test]
async fn a_title_counts_more_than_a_body_and_words_are_found_in_any_form() {
    with_servers(&SERVICE, |api| async move {
        api.get("/readyz").await.expect(200);
        api.put("/documents/1", &json!({ "title": "Looms", "body": "They led to engines" })).await.expect(204);
        api.put("/documents/2", &json!({ "title": "The engine", "body": "It computes" })).await.expect(204);
        let found = api.get("/search?q=ENGINES").await.expect(200);
        assert_eq!((&found["hits"][0]["id"], &found["hits"][1]["id"]), (&json!(2), &json!(1)));
        assert_eq!(found["hits"][1]["snippet"], "They led to <b>engines</b>");
    })
    .await;
}

#[tokio::test]
async fn a_kept_answer_ends_with_the_next_change() {
    with_servers(&SERVICE, |api| async move {
        for _from_postgres_then_redis in 0..2 {
            assert_eq!(api.get("/search?q=engine").await.expect(200), json!({ "hits": [] }));
        }
        api.put("/documents/1", &json!({ "title": "The engine", "body": "" })).await.expect(204);
        assert_eq!(api.get("/search?q=engine").await.expect(200)["hits"][0]["id"], 1);
    })
    .await;
}
