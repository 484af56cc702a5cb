//! The routes: from JSON to the rules and the store, and back.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use kit::{Answer, Bearer, Problem, Routes, Servers};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::{domain, store};

/// The routes of this service.
pub fn routes(servers: Servers) -> Routes {
    Routes::new()
        .routes(routes!(register))
        .routes(routes!(log_in, log_out_everywhere))
        .routes(routes!(verify, log_out))
        .with_state(servers)
}

#[derive(Deserialize, ToSchema)]
struct Credentials {
    #[schema(example = "ada@example.org")]
    email: String,
    /// 12 to 128 characters.
    #[schema(example = "correct horse battery")]
    password: String,
}

#[derive(Serialize, ToSchema)]
struct Account {
    id: i64,
}

/// Registers an account.
#[utoipa::path(post, path = "/accounts", responses(
    (status = 201, description = "registered", body = Account),
    (status = 409, description = "this email has an account already"),
))]
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

#[derive(Serialize, ToSchema)]
struct Begun {
    /// Shown once: only its digest is kept.
    token: String,
    account: i64,
    expires_in_s: u64,
}

/// Logs in: begins a session.
#[utoipa::path(post, path = "/sessions", responses(
    (status = 201, description = "logged in", body = Begun),
    (status = 401, description = "the email or the password is wrong"),
))]
async fn log_in(
    State(servers): State<Servers>,
    Json(Credentials { email, password }): Json<Credentials>,
) -> Answer<(StatusCode, Json<Begun>)> {
    let refused = || Problem::unauthorized("the email or the password is wrong");
    let email = domain::email(&email).map_err(|_| refused())?;
    if store::count_attempt(&servers, &email).await? > domain::FAILURES_ALLOWED {
        return Err(Problem::too_many("too many failed logins", domain::FAILURES_KEPT_S));
    }
    let account = store::account(&servers, &email).await?;
    let hash = account.as_ref().map(|account| account.password_hash.clone());
    let matches = slowly(move || domain::verify(&password, hash.as_deref())).await?;
    let account = account.filter(|_| matches).ok_or_else(refused)?.id;
    store::forget_attempts(&servers, &email).await?;
    let token = store::begin_session(&servers, account).await?;
    Ok((StatusCode::CREATED, Json(Begun { token, account, expires_in_s: domain::SESSION_S })))
}

#[derive(Serialize, ToSchema)]
struct Session {
    account: i64,
    expires_in_s: u64,
}

/// Verifies a token: whose it is, and how long it is valid.
#[utoipa::path(get, path = "/sessions/current", security(("bearer" = [])), responses(
    (status = 200, description = "a valid token", body = Session),
))]
async fn verify(State(servers): State<Servers>, Bearer(token): Bearer) -> Answer<Json<Session>> {
    let store::Session { account, expires_in_s } = current(&servers, &token).await?;
    Ok(Json(Session { account, expires_in_s }))
}

/// Logs out: ends the session of the token.
#[utoipa::path(delete, path = "/sessions/current", security(("bearer" = [])), responses(
    (status = 204, description = "logged out"),
))]
async fn log_out(State(servers): State<Servers>, Bearer(token): Bearer) -> Answer<StatusCode> {
    let session = current(&servers, &token).await?;
    store::end_session(&servers, &token, session.account).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Logs out everywhere: ends all sessions of the token's account.
#[utoipa::path(delete, path = "/sessions", security(("bearer" = [])), responses(
    (status = 204, description = "logged out everywhere"),
))]
async fn log_out_everywhere(State(servers): State<Servers>, Bearer(token): Bearer) -> Answer<StatusCode> {
    let session = current(&servers, &token).await?;
    store::end_sessions(&servers, session.account).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn current(servers: &Servers, token: &str) -> Answer<store::Session> {
    store::session(servers, token)
        .await?
        .ok_or_else(|| Problem::unauthorized("the token is not valid, or its session has ended"))
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
        api.post("/sessions", &json!({ "email": "ada", "password": "x" })).await.expect(401);
        api.post("/accounts", &good).await.expect(503);
        api.post("/sessions", &good).await.expect(503);
        api.get("/sessions/current").await.expect(401);
        api.with("authorization", "Basic YTpi").get("/sessions/current").await.expect(401);
        api.bearer("a token").get("/sessions/current").await.expect(503);
    }
}
