//! What the services share, once: configuration, `PostgreSQL` and Redis, probes, problem details, start and stop.
//!
//! A service says what it is in one [`Service`] and hands it to [`serve()`]; everything else here serves that value.
//! The crate knows nothing about any service: no table, no route of a domain, no name.
//!
//! ```
//! static ECHO: kit::Service = kit::Service {
//!     name: "echo-service",
//!     version: "0.1.0",
//!     about: "Says what it hears",
//!     port: 8099,
//!     migrations: &[],
//!     routes: |_servers| kit::Routes::new(),
//! };
//! assert_eq!(ECHO.prefix(), "echo");
//! ```

mod bearer;
mod cache;
pub mod config;
mod layers;
mod limit;
mod openapi;
mod page;
mod postgres;
mod probes;
mod problem;
mod redis;
pub mod secret;
mod serve;
mod stop;
pub mod testing;

use axum::Router;

pub use bearer::Bearer;
pub use config::Config;
pub use page::{Cursor, PAGE, Page, ROWS};
pub use postgres::Migration;
pub use problem::Problem;
pub use redis::Redis;
pub use serve::serve;
pub use sqlx::PgPool;
pub use stop::Stop;

/// Routes that document themselves: handlers with `#[utoipa::path]`, added with `.routes(routes!(handler))`.
pub type Routes<S = ()> = utoipa_axum::router::OpenApiRouter<S>;

/// What a handler answers: a value, or the [`Problem`] that the caller reads.
pub type Answer<T> = Result<T, Problem>;

/// Everything that tells one service from another.
pub struct Service {
    /// The package's name, as in its manifest.
    pub name: &'static str,
    /// The package's version, as in its manifest.
    pub version: &'static str,
    /// What it is for, in one sentence: the package's description.
    pub about: &'static str,
    /// The TCP port when `LISTEN` is not set; the same as in the manifest's `[package.metadata.xtask.service]`.
    pub port: u16,
    /// Every file of `migrations/`, oldest first.
    pub migrations: &'static [Migration],
    /// The routes of the domain; the probes are added around them.
    pub routes: fn(Servers) -> Routes,
}

impl Service {
    /// What the service's Redis keys begin with: its name without `-service`.
    pub fn prefix(&self) -> &'static str {
        self.name.strip_suffix("-service").unwrap_or(self.name)
    }
}

/// The servers behind a service, and the news that it stops. Cheap to clone; nothing connects before the first use.
#[derive(Clone)]
pub struct Servers {
    /// The pool of `PostgreSQL` connections.
    pub postgres: PgPool,
    /// The Redis connection, and the prefix of this service's keys.
    pub redis: Redis,
    /// Whether the process shall stop: for answers that would not end by themselves.
    pub stop: Stop,
    migrated: postgres::Migrated,
}

impl Servers {
    /// Prepares the connections without making any, so that a service starts while its servers are away.
    ///
    /// Must be called inside a tokio runtime.
    pub fn new(service: &Service, config: &Config) -> Result<Self, ::redis::RedisError> {
        Ok(Self {
            postgres: postgres::pool(config),
            redis: Redis::new(config, service.prefix())?,
            stop: Stop::default(),
            migrated: postgres::Migrated::default(),
        })
    }
}

/// The whole HTTP surface of a service: its routes, the probes, and the layers around both.
pub fn router(service: &'static Service, config: &Config, servers: Servers) -> Router {
    let probes = probes::routes(service, config, servers.clone());
    layers::around(openapi::serve(service, (service.routes)(servers).merge(probes)), config)
}

/// Names one file of the calling package's `migrations/`, without its `.sql`, and embeds it.
#[macro_export]
macro_rules! migration {
    ($name:literal) => {
        $crate::Migration {
            name: $name,
            sql: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/", $name, ".sql")),
        }
    };
}
