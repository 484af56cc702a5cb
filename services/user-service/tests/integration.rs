//! What a caller sees with the real servers behind.

use kit::testing::with_servers;
use serde_json::json;
use user_service::SERVICE;

#[tokio::test]
async fn a_handle_belongs_to_one_user_and_a_new_name_is_seen_at_once() {
    with_servers(&SERVICE, |api| async move {
        api.get("/readyz").await.expect(200);
        api.post("/users", &json!({ "handle": "ada", "display_name": "Ada" })).await.expect(201);
        api.post("/users", &json!({ "handle": "@ADA", "display_name": "Other" })).await.expect(409);
        for _from_postgres_then_redis in 0..2 {
            assert_eq!(api.get("/users/ada").await.expect(200)["display_name"], "Ada");
        }
        api.put("/users/ada", &json!({ "display_name": "Lady Lovelace" })).await.expect(200);
        assert_eq!(api.get("/users/ada").await.expect(200)["display_name"], "Lady Lovelace");
    })
    .await;
}

#[tokio::test]
async fn nobody_is_not_found() {
    with_servers(&SERVICE, |api| async move {
        api.get("/users/nobody").await.expect(404);
        api.put("/users/nobody", &json!({ "display_name": "Nobody" })).await.expect(404);
    })
    .await;
}
