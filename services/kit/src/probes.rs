//! `/healthz`, `/readyz` and `/version`: what a cluster and its people ask every service.

use std::time::Duration;

use axum::{Json, extract};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::{Answer, Config, Problem, Routes, Servers, Service};

/// `ready` or `alive`.
// The names that the document has for these two leave the short ones to the services.
#[derive(Serialize, ToSchema)]
#[schema(as = probes::State)]
struct State {
    status: &'static str,
}

/// Which program answers.
#[expect(clippy::struct_field_names, reason = "these are the words of the document")]
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = probes::Version)]
struct Version {
    name: &'static str,
    version: &'static str,
    /// The commit that it was built from.
    commit: String,
}

#[derive(Clone)]
struct Probed {
    servers: Servers,
    version: Version,
    patience: Duration,
}

pub(crate) fn routes(service: &'static Service, config: &Config, servers: Servers) -> Routes {
    let version = Version { name: service.name, version: service.version, commit: config.commit.clone() };
    let probed = Probed { servers, version, patience: config.limits.server };
    Routes::new().routes(routes!(alive)).routes(routes!(ready)).routes(routes!(version_of)).with_state(probed)
}

/// The process answers. Its servers are no part of it: a restart would not bring them back.
#[utoipa::path(get, path = "/healthz", tag = "probes", responses((status = 200, body = State)))]
async fn alive() -> Json<State> {
    Json(State { status: "alive" })
}

/// The servers behind the service answer, and the tables are there.
#[utoipa::path(get, path = "/readyz", tag = "probes", responses((status = 200, body = State)))]
async fn ready(extract::State(probed): extract::State<Probed>) -> Answer<Json<State>> {
    let Probed { servers, patience, .. } = probed;
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
    if away.is_empty() { Ok(Json(State { status: "ready" })) } else { Err(Problem::unavailable(away.join("; "))) }
}

/// The program's name, version and commit.
#[utoipa::path(get, path = "/version", tag = "probes", responses((status = 200, body = Version)))]
async fn version_of(extract::State(probed): extract::State<Probed>) -> Json<Version> {
    Json(probed.version)
}
