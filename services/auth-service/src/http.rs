//! The routes: from JSON to the rules and the store, and back.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use kit::{Answer, Problem, Servers};
use serde::{Deserialize, Serialize};

use crate::{domain, store};

/// The routes of this service.
pub fn routes(servers: Servers) -> Router {
    Router::new().route("/accounts", post(register)).route("/logins", post(log_in)).with_state(servers)
}

#[derive(Deserialize)]
struct Credentials {
    email: String,
    password: String,
}

#[derive(Serialize)]
struct Account {
    id: i64,
}

async fn register(
    State(servers): State<Servers>,
    Json(Credentials { email, password }): Json<Credentials>,
) -> Answer<(StatusCode, Json<Account>)> {
    let email = domain::email(&email).map_err(Problem::invalid)?;
    domain::check_password(&password).map_err(Problem::invalid)?;
    let hash = slowly(move || domain::hash(&password)).await?;
    let id = store::add_account(&servers, &email, &hash).await?;
    let id = id.ok_or_else(|| Problem::conflict("this email has an account already"))?;
    Ok((StatusCode::CREATED, Json(Account { id })))
}

async fn log_in(
    State(servers): State<Servers>,
    Json(Credentials { email, password }): Json<Credentials>,
) -> Answer<Json<Account>> {
    let refused = || Problem::new(StatusCode::UNAUTHORIZED, "the email or the password is wrong");
    let email = domain::email(&email).map_err(|_| refused())?;
    if store::count_attempt(&servers, &email).await? > domain::FAILURES_ALLOWED {
        return Err(Problem::too_many("too many failed logins", domain::FAILURES_KEPT_S));
    }
    let account = store::account(&servers, &email).await?;
    let hash = account.as_ref().map(|account| account.password_hash.clone());
    let matches = slowly(move || domain::verify(&password, hash.as_deref())).await?;
    let account = account.filter(|_| matches).ok_or_else(refused)?;
    store::forget_attempts(&servers, &email).await?;
    Ok(Json(Account { id: account.id }))
}

/// Runs what takes long where it holds up no other request.
async fn slowly<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Answer<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Problem::internal())
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
        let good = json!({ "email": "ada@example.org", "password": "correct horse battery" });
        api.post("/accounts", &json!({ "email": "ada", "password": "correct horse battery" })).await.expect(400);
        api.post("/accounts", &json!({ "email": "ada@example.org", "password": "short" })).await.expect(400);
        api.post("/accounts", &json!({ "email": "ada@example.org" })).await.expect(422);
        api.post("/logins", &json!({ "email": "ada", "password": "x" })).await.expect(401);
        api.post("/accounts", &good).await.expect(503);
        api.post("/logins", &good).await.expect(503);
    }
}
