//! What is kept: accounts in `PostgreSQL`, counters of failed logins in Redis.

use kit::{Answer, Servers};

use crate::domain::FAILURES_KEPT_S;

/// An account as it is stored.
pub struct Account {
    /// Its number.
    pub id: i64,
    /// The PHC string of its password.
    pub password_hash: String,
}

/// Adds an account and answers its number, or nothing when the address has one already.
pub async fn add_account(servers: &Servers, email: &str, password_hash: &str) -> Answer<Option<i64>> {
    let insert = "insert into accounts (email, password_hash) values ($1, $2) on conflict do nothing returning id";
    let id = sqlx::query_scalar(insert).bind(email).bind(password_hash);
    Ok(id.fetch_optional(&servers.postgres).await?)
}

/// The account of an address.
pub async fn account(servers: &Servers, email: &str) -> Answer<Option<Account>> {
    let select = sqlx::query_as("select id, password_hash from accounts where email = $1").bind(email);
    let row: Option<(i64, String)> = select.fetch_optional(&servers.postgres).await?;
    Ok(row.map(|(id, password_hash)| Account { id, password_hash }))
}

/// Counts a login before its password is checked, so that guesses sent at once count too. Answers how many there are.
pub async fn count_attempt(servers: &Servers, email: &str) -> Answer<u32> {
    let key = servers.redis.key(format_args!("attempts:{email}"));
    let mut steps = redis::pipe();
    // In one transaction: a counter without an end would lock an account out for ever.
    steps.atomic().cmd("SET").arg(&key).arg(0).arg("EX").arg(FAILURES_KEPT_S).arg("NX").ignore().incr(&key, 1);
    let (attempts,) = steps.query_async(&mut servers.redis.connection()).await?;
    Ok(attempts)
}

/// Forgets the attempts after a login that succeeded.
pub async fn forget_attempts(servers: &Servers, email: &str) -> Answer<()> {
    let key = servers.redis.key(format_args!("attempts:{email}"));
    Ok(redis::cmd("DEL").arg(key).exec_async(&mut servers.redis.connection()).await?)
}
