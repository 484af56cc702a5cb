//! What a caller sees with the real servers behind.

use auth_service::SERVICE;
use auth_service::domain::FAILURES_ALLOWED;
use kit::testing::with_servers;
use serde_json::json;

#[tokio::test]
async fn an_account_is_registered_once_and_logs_in() {
    with_servers(&SERVICE, |api| async move {
        api.get("/readyz").await.expect(200);
        let ada = json!({ "email": "ada@example.org", "password": "correct horse battery" });
        let id = api.post("/accounts", &ada).await.expect(201)["id"].clone();
        api.post("/accounts", &ada).await.expect(409);
        assert_eq!(api.post("/logins", &ada).await.expect(200)["id"], id);
    })
    .await;
}

#[tokio::test]
async fn guessing_ends() {
    with_servers(&SERVICE, |api| async move {
        let guess = json!({ "email": "ada@example.org", "password": "a guess" });
        for _ in 0..FAILURES_ALLOWED {
            api.post("/logins", &guess).await.expect(401);
        }
        let refused = api.post("/logins", &guess).await;
        assert!(refused.headers.contains_key("retry-after"));
        refused.expect(429);
    })
    .await;
}
