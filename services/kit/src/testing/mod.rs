//! Helpers for tests: a service behind its router, without servers or with real ones.
//!
//! Integration tests need `PostgreSQL` and Redis and say so when they are missing; they never pass in silence. Each test
//! gets a database and Redis keys of its own, and both are gone afterwards, also when the test fails.

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tower::ServiceExt;

use crate::config::{Limits, variable};
use crate::layers::unique;
use crate::problem::MEDIA_TYPE;
use crate::{Config, Redis, Servers, Service, postgres, router};

const HOW: &str = "run them with: cargo xtask integration";

/// A service without a domain, for tests of the kit.
pub static BARE: Service =
    Service { name: "bare-service", version: "0.0.0", port: 8080, migrations: &[], routes: |_| Router::new() };

/// A service's router, called as over HTTP.
#[derive(Clone)]
pub struct Api {
    router: Router,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Reply {
    /// The status code.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as JSON; null when it is none.
    pub body: Value,
    /// The body as it came.
    pub bytes: Vec<u8>,
}

impl Api {
    /// A service whose servers are away: everything works that does not need them.
    pub fn offline(service: &'static Service) -> Self {
        let (config, servers) = offline(service);
        Self { router: router(service, &config, servers) }
    }

    /// Routes of a test's own behind all layers, and no servers.
    pub fn offline_with(routes: fn(Servers) -> Router) -> Self {
        let (config, servers) = offline(&BARE);
        Self { router: crate::layers::around(routes(servers), &config) }
    }

    /// Sends a request without a body.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await
    }

    /// Sends JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::POST, path, Some(body)).await
    }

    /// Sends JSON to the place where it shall be.
    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::PUT, path, Some(body)).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Reply {
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = Request::builder().method(method).uri(path);
        let request = request.header(CONTENT_TYPE, "application/json").header(CONTENT_LENGTH, body.len());
        self.call(request.body(Body::from(body)).expect("a test's path is a URI")).await
    }

    /// Sends any request: other headers, other bodies.
    ///
    /// # Panics
    ///
    /// When the body of the answer breaks off.
    pub async fn call(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.expect("a router has no errors");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("the body arrives");
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        Reply { status: parts.status, headers: parts.headers, body, bytes: bytes.into() }
    }
}

impl Reply {
    /// The body, provided that the status is this one. An error must be a problem document that says why.
    ///
    /// # Panics
    ///
    /// When the answer is another one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "the answer is {}", self.body);
        if status >= 400 {
            assert_eq!(self.headers[CONTENT_TYPE], MEDIA_TYPE);
            assert_eq!(self.body["status"], status);
            assert!(self.body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{}", self.body);
        }
        self.body
    }
}

/// What every service promises, shown without servers. `directory` is the package's: `env!("CARGO_MANIFEST_DIR")`.
///
/// # Panics
///
/// When a promise is broken.
pub async fn contract(service: &'static Service, directory: &str) {
    let api = Api::offline(service);
    let alive = api.get("/healthz").await;
    assert!(alive.headers.contains_key("x-request-id"));
    assert_eq!(alive.expect(200)["status"], "alive");
    let away = api.get("/readyz").await.expect(503);
    assert_eq!(away["detail"], "PostgreSQL does not answer; Redis does not answer");
    let version = api.get("/version").await.expect(200);
    assert_eq!((&version["name"], &version["version"]), (&service.name.into(), &service.version.into()));
    assert_eq!(version["commit"], "unknown");
    api.get("/no-such-path").await.expect(404);
    api.post("/", &"x".repeat(Limits::default().body).into()).await.expect(413);

    let manifest = std::fs::read_to_string(Path::new(directory).join("Cargo.toml")).expect("the manifest is there");
    let port = format!("\nport = {}\n", service.port);
    assert!(manifest.contains(&port), "SERVICE.port and the manifest's port differ: write the same number in both");
    let files = std::fs::read_dir(Path::new(directory).join("migrations")).expect("migrations/ is there");
    let mut files: Vec<_> =
        files.map(|file| file.expect("readable").file_name().to_string_lossy().into_owned()).collect();
    files.sort();
    let listed: Vec<_> = service.migrations.iter().map(|migration| format!("{}.sql", migration.name)).collect();
    assert_eq!(files, listed, "SERVICE.migrations lists every file of migrations/, oldest first");
}

/// Runs a test against the real servers of `DATABASE_URL` and `REDIS_URL`, in a database and with keys of its own.
///
/// # Panics
///
/// When the variables are not set, the servers do not answer, or the test fails: the last after tidying up.
pub async fn with_servers<F: Future<Output = ()> + Send + 'static>(
    service: &'static Service,
    test: impl FnOnce(Api) -> F,
) {
    let config = Config::read(service, variable).unwrap_or_else(|error| panic!("{error}; {HOW}"));
    let name = format!("{}_{}", service.prefix(), unique());
    let mut admin = PgConnection::connect_with(&config.database)
        .await
        .unwrap_or_else(|error| panic!("PostgreSQL at DATABASE_URL: {error}; {HOW}"));
    // A name is no value and cannot be bound; this one holds letters and hexadecimal digits only.
    let create = AssertSqlSafe(format!("create database {name}"));
    sqlx::query(create).execute(&mut admin).await.expect("the user of DATABASE_URL may create databases");

    let config = Config { database: config.database.clone().database(&name), ..config };
    let redis = Redis::new(&config, &name).expect("the client opens");
    let servers = Servers { redis: redis.clone(), ..Servers::new(service, &config).expect("the client opens") };
    let pool = servers.postgres.clone();
    // In a task of its own, so that its panic arrives here as a value.
    let outcome = match postgres::migrate(&servers, service.migrations).await {
        Ok(()) => tokio::spawn(test(Api { router: router(service, &config, servers) }))
            .await
            .map_err(|failure| failure.into_panic()),
        Err(error) => Err(Box::new(error.to_string()) as Box<_>),
    };
    pool.close().await;
    let drop = AssertSqlSafe(format!("drop database {name} with (force)"));
    let dropped = sqlx::query(drop).execute(&mut admin).await;
    let removed = remove_keys(&redis).await;
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
    dropped.expect("the test's database can be dropped");
    removed.unwrap_or_else(|error| panic!("Redis at REDIS_URL: {error}; {HOW}"));
}

async fn remove_keys(redis: &Redis) -> Result<(), redis::RedisError> {
    let mut connection = redis.connection();
    let mut cursor = 0_u64;
    loop {
        let mut scan = redis::cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(redis.key('*')).arg("COUNT").arg(1000);
        let (next, keys): (u64, Vec<String>) = scan.query_async(&mut connection).await?;
        if !keys.is_empty() {
            redis::cmd("DEL").arg(keys).exec_async(&mut connection).await?;
        }
        cursor = next;
        if cursor == 0 {
            return Ok(());
        }
    }
}

/// Servers at a port where nothing listens, and little patience.
fn offline(service: &'static Service) -> (Config, Servers) {
    let config = Config::read(service, |name| match name {
        "DATABASE_URL" => Some("postgres://nobody@127.0.0.1:1/none".to_owned()),
        "REDIS_URL" => Some("redis://127.0.0.1:1".to_owned()),
        _ => None,
    });
    let mut config = config.expect("the URLs are well-formed");
    config.limits.server = Duration::from_millis(20);
    let servers = Servers::new(service, &config).expect("the client opens");
    (config, servers)
}
