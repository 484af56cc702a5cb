//! `PostgreSQL`: the pool, and migrations that wait for the server.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::migrate::{MigrateError, MigrationType, Migrator};
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgPool, SqlSafeStr};

use crate::{Config, Servers};

/// One file of a service's `migrations/`: made by [`migration!`](crate::migration).
pub struct Migration {
    /// The file's name without `.sql`: a number, an underscore, what it does.
    pub name: &'static str,
    /// Its statements. Never edited once it has landed: the checksum of what ran is kept.
    pub sql: &'static str,
}

impl Migration {
    /// The number at the front of the name, which orders the migrations.
    fn version(&self) -> i64 {
        let (number, _) = self.name.split_once('_').unwrap_or((self.name, ""));
        number.parse().expect("a migration is named NNNN_what_it_does.sql")
    }
}

/// Whether the tables are there: set once, read by `/readyz`.
#[derive(Clone, Default)]
pub(crate) struct Migrated(Arc<AtomicBool>);

impl Migrated {
    pub(crate) fn get(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

pub(crate) fn pool(config: &Config) -> PgPool {
    PgPoolOptions::new()
        .max_connections(config.limits.connections)
        .acquire_timeout(config.limits.server)
        .connect_lazy_with(config.database.clone())
}

/// Applies the migrations that are missing. Replicas that start together take turns by an advisory lock.
pub(crate) async fn migrate(servers: &Servers, migrations: &[Migration]) -> Result<(), MigrateError> {
    let migrations = migrations.iter().map(|migration| {
        let (sql, simple) = (migration.sql.into_sql_str(), MigrationType::Simple);
        sqlx::migrate::Migration::new(migration.version(), Cow::Borrowed(migration.name), simple, sql, false)
    });
    let mut migrator = Migrator::with_migrations(migrations.collect());
    // During a rolling update, or after going back, a replica meets tables that are newer than itself.
    migrator.set_ignore_missing(true);
    migrator.run(&servers.postgres).await?;
    servers.migrated.0.store(true, Ordering::Release);
    Ok(())
}

/// Applies the migrations as soon as the server is there, however long that takes.
pub(crate) async fn migrate_when_possible(servers: Servers, migrations: &'static [Migration]) {
    const LONGEST_PAUSE: Duration = Duration::from_secs(5);
    let mut pause = Duration::from_millis(100);
    while let Err(error) = migrate(&servers, migrations).await {
        tracing::warn!(%error, retry_s = pause.as_secs_f64(), "cannot migrate the database yet");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    tracing::info!("the database is migrated");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_migration_is_ordered_by_the_number_in_its_name() {
        assert_eq!(Migration { name: "0012_more", sql: "" }.version(), 12);
    }

    #[test]
    #[should_panic(expected = "NNNN_what_it_does.sql")]
    fn a_migration_without_a_number_is_a_mistake() {
        Migration { name: "more", sql: "" }.version();
    }
}
