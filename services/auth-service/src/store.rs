//! What is kept: accounts in `PostgreSQL`; sessions and counters of logins in Redis.

use std::time::{SystemTime, UNIX_EPOCH};

use kit::secret::{digest, token};
use kit::{Answer, Servers};

use crate::domain::{FAILURES_KEPT_S, SESSION_S};

/// An account as it is stored.
pub struct Account {
    /// Its number.
    pub id: i64,
    /// The PHC string of its password.
    pub password_hash: String,
}

/// A session that lasts still.
pub struct Session {
    /// Whose it is.
    pub account: i64,
    /// The seconds that are left of it.
    pub expires_in_s: u64,
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
pub async fn count_attempt(servers: &Servers, email: &str) -> Answer<u64> {
    servers.redis.count_within(&attempts_key(servers, email), FAILURES_KEPT_S).await
}

/// Forgets the attempts after a login that succeeded.
pub async fn forget_attempts(servers: &Servers, email: &str) -> Answer<()> {
    servers.redis.forget(&attempts_key(servers, email)).await
}

/// Begins a session and answers its token, which is kept nowhere: Redis knows its digest.
pub async fn begin_session(servers: &Servers, account: i64) -> Answer<String> {
    let token = token();
    let digest = digest(&token);
    let (session, all) = (session_key(servers, &digest), sessions_key(servers, account));
    let now = now_s();
    let mut steps = redis::pipe();
    steps.atomic();
    steps.cmd("SET").arg(session).arg(account).arg("EX").arg(SESSION_S).ignore();
    // The account's sessions by their end, so that all of them can be ended, and old ones leave the list.
    steps.cmd("ZREMRANGEBYSCORE").arg(&all).arg("-inf").arg(now).ignore();
    steps.cmd("ZADD").arg(&all).arg(now + SESSION_S).arg(digest).ignore();
    steps.cmd("EXPIRE").arg(&all).arg(SESSION_S).ignore();
    steps.exec_async(&mut servers.redis.connection()).await?;
    Ok(token)
}

/// The session of a token, when it lasts still.
pub async fn session(servers: &Servers, token: &str) -> Answer<Option<Session>> {
    let key = session_key(servers, &digest(token));
    let mut steps = redis::pipe();
    steps.atomic().cmd("GET").arg(&key).cmd("TTL").arg(&key);
    let (account, left): (Option<i64>, i64) = steps.query_async(&mut servers.redis.connection()).await?;
    Ok(account.map(|account| Session { account, expires_in_s: u64::try_from(left).unwrap_or_default() }))
}

/// Ends the session of a token.
pub async fn end_session(servers: &Servers, token: &str, account: i64) -> Answer<()> {
    let digest = digest(token);
    let mut steps = redis::pipe();
    steps.atomic().cmd("DEL").arg(session_key(servers, &digest)).ignore();
    steps.cmd("ZREM").arg(sessions_key(servers, account)).arg(digest).ignore();
    Ok(steps.exec_async(&mut servers.redis.connection()).await?)
}

/// Ends all sessions of an account.
pub async fn end_sessions(servers: &Servers, account: i64) -> Answer<()> {
    let all = sessions_key(servers, account);
    let list = redis::cmd("ZRANGE").arg(&all).arg(0).arg(-1).to_owned();
    let digests: Vec<String> = list.query_async(&mut servers.redis.connection()).await?;
    let mut steps = redis::pipe();
    steps.atomic();
    for digest in digests {
        // The list keeps what begins meanwhile: that session is newer than the wish to end all.
        steps.cmd("DEL").arg(session_key(servers, &digest)).ignore();
        steps.cmd("ZREM").arg(&all).arg(digest).ignore();
    }
    Ok(steps.exec_async(&mut servers.redis.connection()).await?)
}

fn attempts_key(servers: &Servers, email: &str) -> String {
    servers.redis.key(format_args!("attempts:{email}"))
}

fn session_key(servers: &Servers, digest: &str) -> String {
    servers.redis.key(format_args!("session:{digest}"))
}

fn sessions_key(servers: &Servers, account: i64) -> String {
    servers.redis.key(format_args!("sessions:{account}"))
}

/// Seconds since 1970.
fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
