//! What a caller sees with the real servers behind.

use auth_service::SERVICE;
use auth_service::domain::FAILURES_ALLOWED;
use kit::testing::{faults, with_servers};
use serde_json::{Value, json};

fn ada() -> Value {
    json!({ "email": "ada@example.org", "password": "correct horse battery" })
}

#[tokio::test]
async fn an_account_is_registered_once_and_its_token_is_verified() {
    with_servers(&SERVICE, |api| async move {
        let id = api.post("/accounts", &ada()).await.expect(201)["id"].clone();
        api.post("/accounts", &ada()).await.expect(409);
        let session = api.post("/sessions", &ada()).await.expect(201);
        let token = session["token"].as_str().expect("a token");
        let verified = api.bearer(token).get("/sessions/current").await.expect(200);
        assert_eq!((&verified["account"], &session["account"]), (&id, &id));
        api.bearer("another").get("/sessions/current").await.expect(401);
    })
    .await;
}

#[tokio::test]
async fn logging_out_ends_one_session_or_all_of_them() {
    with_servers(&SERVICE, |api| async move {
        api.post("/accounts", &ada()).await.expect(201);
        let mut sessions = Vec::new();
        for _ in 0..3 {
            let token = api.post("/sessions", &ada()).await.expect(201)["token"].clone();
            sessions.push(api.bearer(token.as_str().expect("a token")));
        }
        sessions[0].delete("/sessions/current").await.expect(204);
        sessions[0].get("/sessions/current").await.expect(401);
        sessions[0].delete("/sessions").await.expect(401);
        sessions[1].delete("/sessions").await.expect(204);
        for session in &sessions {
            session.get("/sessions/current").await.expect(401);
        }
    })
    .await;
}

#[tokio::test]
async fn guessing_ends_also_for_the_right_password() {
    with_servers(&SERVICE, |api| async move {
        api.post("/accounts", &ada()).await.expect(201);
        let guess = json!({ "email": "ada@example.org", "password": "a guess" });
        for _ in 0..FAILURES_ALLOWED {
            api.post("/sessions", &guess).await.expect(401);
        }
        let refused = api.post("/sessions", &ada()).await;
        assert!(refused.headers.contains_key("retry-after"));
        refused.expect(429);
    })
    .await;
}

#[tokio::test]
async fn bad_days() {
    faults(&SERVICE, env!("CARGO_BIN_EXE_auth-service"), "/readyz").await;
}
