//! Real servers for a test, in a database and with keys of its own.

use std::future::Future;

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::task::JoinError;

use super::Api;
use crate::config::variable;
use crate::layers::unique;
use crate::{Config, Redis, Servers, Service, postgres};

const HOW: &str = "run them with: cargo xtask integration";

/// Runs a test against the real servers of `DATABASE_URL` and `REDIS_URL`, in a database and with keys of its own.
///
/// # Panics
///
/// When the variables are not set, the servers do not answer, or the test fails: the last after tidying up.
pub async fn with_servers<F: Future<Output = ()> + Send + 'static>(
    service: &'static Service,
    test: impl FnOnce(Api) -> F,
) {
    with_database(service, async |config, name| {
        let redis = Redis::new(&config, &name).expect("the client opens");
        let servers = Servers { redis: redis.clone(), ..Servers::new(service, &config).expect("the client opens") };
        let pool = servers.postgres.clone();
        postgres::migrate(&servers, service.migrations).await.expect("the migrations run");
        // In a task of its own, so that its panic arrives here as a value.
        let outcome = tokio::spawn(test(Api::new(service, &config, servers))).await;
        pool.close().await;
        let removed = remove_keys(&redis).await;
        outcome?;
        removed.unwrap_or_else(|error| panic!("Redis at REDIS_URL: {error}; {HOW}"));
        Ok(())
    })
    .await;
}

/// Makes a database, hands its configuration and name to `work`, and drops it, also when `work` says that a test failed.
pub(super) async fn with_database(
    service: &'static Service,
    work: impl AsyncFnOnce(Config, String) -> Result<(), JoinError>,
) {
    let config = Config::read(service, variable).unwrap_or_else(|error| panic!("{error}; {HOW}"));
    let name = database_name(service);
    let mut admin = PgConnection::connect_with(&config.database)
        .await
        .unwrap_or_else(|error| panic!("PostgreSQL at DATABASE_URL: {error}; {HOW}"));
    // A name is no value and cannot be bound; this one needs no quoting either.
    let create = AssertSqlSafe(format!("create database {name}"));
    sqlx::query(create).execute(&mut admin).await.expect("the user of DATABASE_URL may create databases");

    let database = config.database.clone().database(&name);
    let outcome = work(Config { database, ..config }, name.clone()).await;
    let drop = AssertSqlSafe(format!("drop database {name} with (force)"));
    let dropped = sqlx::query(drop).execute(&mut admin).await;
    if let Err(failure) = outcome {
        std::panic::resume_unwind(failure.into_panic());
    }
    dropped.expect("the test's database can be dropped");
}

/// A name for a database of a test's own: letters, digits and underscores only.
fn database_name(service: &Service) -> String {
    format!("{}_{}", service.prefix().replace('-', "_"), unique())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::BARE;

    #[test]
    fn the_name_of_a_database_needs_no_quoting_whatever_the_service_is_called() {
        let name = database_name(&Service { name: "user-profile-service", ..BARE });
        assert!(name.starts_with("user_profile_"), "{name}");
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{name}");
    }
}
