//! `/healthz`, `/readyz` and `/version`: what a cluster and its people ask every service.

use std::time::Duration;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{Answer, Config, Problem, Servers, Service};

pub(crate) fn routes(service: &'static Service, config: &Config, servers: Servers) -> Router {
    let version = json!({ "name": service.name, "version": service.version, "commit": config.commit });
    let patience = config.limits.server;
    Router::new()
        .route("/readyz", get(move |state| ready(state, patience)))
        .with_state(servers)
        // Alive means that the process answers. Its servers are no part of it: a restart would not bring them back.
        .route("/healthz", get(|| async { Json(json!({ "status": "alive" })) }))
        .route("/version", get(move || async move { Json(version) }))
}

async fn ready(State(servers): State<Servers>, patience: Duration) -> Answer<Json<Value>> {
    let (ping, mut redis) = (redis::cmd("PING"), servers.redis.connection());
    let (database, cache) = tokio::join!(
        timeout(patience, sqlx::query("select 1").execute(&servers.postgres)),
        timeout(patience, ping.exec_async(&mut redis)),
    );
    let mut away = Vec::new();
    match database {
        Ok(Ok(_)) if servers.migrated.get() => {}
        Ok(Ok(_)) => away.push("the database is not migrated yet"),
        Ok(Err(_)) | Err(_) => away.push("PostgreSQL does not answer"),
    }
    if !matches!(cache, Ok(Ok(()))) {
        away.push("Redis does not answer");
    }
    if away.is_empty() { Ok(Json(json!({ "status": "ready" }))) } else { Err(Problem::unavailable(away.join("; "))) }
}
