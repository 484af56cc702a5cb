//! What is kept: jobs and renditions in `PostgreSQL`; how far running jobs are in Redis.
//!
//! Only `PostgreSQL`'s clock decides when a lease has ended.

use std::collections::BTreeMap;

use kit::secret::{digest, token};
use kit::{Answer, Problem, ROWS, Servers};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::domain::{Event, Rendition, State, check_outputs};

/// Jobs that are taken back at once.
const TAKEN_BACK: i64 = 100;

/// A transcoding job.
#[derive(Serialize, ToSchema)]
pub struct Job {
    /// Its number.
    pub id: i64,
    /// Where the video is.
    pub source: String,
    /// Where the job is.
    pub state: State,
    /// What is made of the source, largest first.
    pub renditions: Vec<Rendition>,
    /// How often it was claimed.
    pub attempts: i32,
    /// Who had it last.
    pub worker: Option<String>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// How far it is, in percent; null when nobody knows.
    pub percent: Option<u8>,
}

/// Adds a job and answers its number.
pub async fn add(servers: &Servers, source: &str, (width, height): (i32, i32), ladder: &[Rendition]) -> Answer<i64> {
    let mut transaction = servers.postgres.begin().await?;
    let insert = "insert into jobs (source, width, height) values ($1, $2, $3) returning id";
    let insert = sqlx::query_scalar(insert).bind(source).bind(width).bind(height);
    let id: i64 = insert.fetch_one(&mut *transaction).await?;
    let names: Vec<&str> = ladder.iter().map(|rendition| rendition.name.as_str()).collect();
    let (widths, heights): (Vec<i32>, Vec<i32>) = ladder.iter().map(|one| (one.width, one.height)).unzip();
    let insert = "insert into renditions (job, name, width, height)
        select $1, * from unnest($2::text[], $3::integer[], $4::integer[])";
    let insert = sqlx::query(insert).bind(id).bind(names).bind(widths).bind(heights);
    insert.execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(id)
}

/// A job.
pub async fn job(servers: &Servers, id: i64) -> Answer<Option<Job>> {
    take_back(servers).await?;
    let select = "select id, source, state, attempts, worker, error from jobs where id = $1";
    let rows = sqlx::query_as(select).bind(id).fetch_all(&servers.postgres).await?;
    Ok(assemble(servers, rows).await?.pop())
}

/// The jobs of a state after number `after`, oldest first, for one page.
pub async fn jobs(servers: &Servers, state: State, after: i64) -> Answer<Vec<Job>> {
    take_back(servers).await?;
    let select = "select id, source, state, attempts, worker, error from jobs
        where state = $1 and id > $2 order by id limit $3";
    let select = sqlx::query_as(select).bind(state.name()).bind(after).bind(ROWS);
    assemble(servers, select.fetch_all(&servers.postgres).await?).await
}

type Row = (i64, String, String, i32, Option<String>, Option<String>);

/// Rows with what other places know about them.
async fn assemble(servers: &Servers, rows: Vec<Row>) -> Answer<Vec<Job>> {
    let select =
        "select job, name, width, height, url from renditions where job = any($1) order by width desc, height desc";
    let ids: Vec<i64> = rows.iter().map(|row| row.0).collect();
    let made: Vec<(i64, String, i32, i32, Option<String>)> =
        sqlx::query_as(select).bind(ids).fetch_all(&servers.postgres).await?;
    let mut jobs = Vec::new();
    for (id, source, state, attempts, worker, error) in rows {
        let renditions = made.iter().filter(|one| one.0 == id).cloned();
        let renditions = renditions.map(|(_, name, width, height, url)| Rendition { name, width, height, url });
        let (state, renditions, percent) = (parse(&state)?, renditions.collect(), None);
        jobs.push(Job { id, source, state, renditions, attempts, worker, error, percent });
    }
    tell_progress(servers, &mut jobs).await;
    Ok(jobs)
}

fn parse(state: &str) -> Answer<State> {
    State::ALL.into_iter().find(|known| known.name() == state).ok_or_else(Problem::internal)
}

/// Adds how far the jobs are. Without Redis nobody knows that of running ones, and everything else can be told.
async fn tell_progress(servers: &Servers, jobs: &mut [Job]) {
    let mut asked = redis::cmd("MGET");
    let mut running = Vec::new();
    for job in jobs {
        match job.state {
            State::Waiting => job.percent = Some(0),
            State::Done => job.percent = Some(100),
            State::Failed | State::Cancelled => {}
            State::Running => {
                asked.arg(progress_key(servers, job.id, job.attempts));
                running.push(job);
            }
        }
    }
    if running.is_empty() {
        return;
    }
    let known: Result<Vec<Option<u8>>, _> = asked.query_async(&mut servers.redis.connection()).await;
    // The log tells of the error; the caller gets the rest.
    if let Ok(known) = known.map_err(Problem::from) {
        running.into_iter().zip(known).for_each(|(job, percent)| job.percent = percent);
    }
}

/// Gives the oldest waiting job to a worker, and answers its number and the claim's token, of which only the digest is
/// kept. Of workers that ask at the same time each gets another job, and none waits for another.
pub async fn claim(servers: &Servers, worker: &str, lease_s: i32) -> Answer<Option<(i64, String)>> {
    take_back(servers).await?;
    let token = token();
    let update = "update jobs
        set state = 'running', attempts = attempts + 1, worker = $1, claim = $2,
            lease_s = $3, lease_ends = now() + make_interval(secs => $3)
        where id = (select id from jobs where state = 'waiting' order by id limit 1 for update skip locked)
        returning id";
    let update = sqlx::query_scalar(update).bind(worker).bind(digest(&token)).bind(lease_s);
    let id: Option<i64> = update.fetch_optional(&servers.postgres).await?;
    Ok(id.map(|id| (id, token)))
}

/// Notes how far a job is, and begins its lease anew.
pub async fn report(servers: &Servers, id: i64, token: &str, percent: u8) -> Answer<()> {
    take_back(servers).await?;
    let update = "update jobs set lease_ends = now() + make_interval(secs => lease_s)
        where id = $1 and claim = $2 and state = 'running' returning attempts, lease_s";
    let update = sqlx::query_as(update).bind(id).bind(digest(token));
    let Some((attempts, lease_s)): Option<(i32, i32)> = update.fetch_optional(&servers.postgres).await? else {
        let job = held(&mut *servers.postgres.acquire().await?, id).await?;
        return Err(job.refuse());
    };
    let mut set = redis::cmd("SET");
    set.arg(progress_key(servers, id, attempts)).arg(percent).arg("EX").arg(lease_s);
    Ok(set.exec_async(&mut servers.redis.connection()).await?)
}

/// Ends a job with what its worker has made: where each rendition is, by name.
pub async fn deliver(servers: &Servers, id: i64, token: &str, outputs: &BTreeMap<String, String>) -> Answer<()> {
    take_back(servers).await?;
    let mut transaction = servers.postgres.begin().await?;
    let job = held(&mut transaction, id).await?.by(token)?;
    if job.change(&mut transaction, Event::Delivered).await? {
        let select = "select name from renditions where job = $1 order by width desc, height desc";
        let wanted: Vec<String> = sqlx::query_scalar(select).bind(id).fetch_all(&mut *transaction).await?;
        check_outputs(&wanted, outputs).map_err(Problem::invalid)?;
        let (names, urls): (Vec<&String>, Vec<&String>) = outputs.iter().unzip();
        let update = "update renditions set url = made.url from unnest($2::text[], $3::text[]) as made (name, url)
            where renditions.job = $1 and renditions.name = made.name";
        sqlx::query(update).bind(id).bind(names).bind(urls).execute(&mut *transaction).await?;
    }
    Ok(transaction.commit().await?)
}

/// Ends an attempt that its worker gives up.
pub async fn give_up(servers: &Servers, id: i64, token: &str, reason: &str) -> Answer<()> {
    take_back(servers).await?;
    let mut transaction = servers.postgres.begin().await?;
    let job = held(&mut transaction, id).await?.by(token)?;
    job.fail(&mut transaction, reason).await?;
    Ok(transaction.commit().await?)
}

/// Ends a job that nobody wants any more. Its worker learns it from the answer to its next report.
pub async fn cancel(servers: &Servers, id: i64) -> Answer<()> {
    take_back(servers).await?;
    let mut transaction = servers.postgres.begin().await?;
    let job = held(&mut transaction, id).await?;
    job.change(&mut transaction, Event::Cancelled).await?;
    Ok(transaction.commit().await?)
}

/// Takes jobs back from workers that were silent for longer than their leases. Comes before whatever depends on states:
/// so a job is given back as soon as anybody could notice, and no timer has to run.
async fn take_back(servers: &Servers) -> Answer<()> {
    let select = "select id from jobs where state = 'running' and lease_ends <= now() order by lease_ends limit $1";
    let late: Vec<i64> = sqlx::query_scalar(select).bind(TAKEN_BACK).fetch_all(&servers.postgres).await?;
    for id in late {
        let mut transaction = servers.postgres.begin().await?;
        let job = held(&mut transaction, id).await?;
        // Its worker may have reported after all, or somebody else has taken it back.
        if job.is_late {
            job.fail(&mut transaction, "the worker was silent for longer than its lease").await?;
            transaction.commit().await?;
        }
    }
    Ok(())
}

/// A job that nobody else changes before the transaction ends.
struct Held {
    id: i64,
    state: State,
    attempts: i32,
    claim: Option<String>,
    is_late: bool,
}

async fn held(connection: &mut PgConnection, id: i64) -> Answer<Held> {
    let select = "select state, attempts, claim, state = 'running' and lease_ends <= now() from jobs
        where id = $1 for update";
    let row: Option<(String, i32, Option<String>, bool)> =
        sqlx::query_as(select).bind(id).fetch_optional(connection).await?;
    let (state, attempts, claim, is_late) =
        row.ok_or_else(|| Problem::not_found("there is no job with this number"))?;
    Ok(Held { id, state: parse(&state)?, attempts, claim, is_late })
}

impl Held {
    /// The job, provided that its last claim has this token.
    fn by(self, token: &str) -> Answer<Self> {
        if self.claim.as_ref() == Some(&digest(token)) { Ok(self) } else { Err(self.refuse()) }
    }

    fn refuse(&self) -> Problem {
        let state = self.state.name();
        Problem::conflict(format_args!(
            "the job is {state}, not by this claim: drop it, and claim one with POST /claims"
        ))
    }

    /// Does what the rules say, and answers whether anything has changed.
    async fn change(&self, connection: &mut PgConnection, event: Event) -> Answer<bool> {
        let state = self.state.name();
        let then = self.state.after(event, self.attempts);
        let then =
            then.ok_or_else(|| Problem::conflict(format_args!("the job is {state}: it is too late for this")))?;
        let update = sqlx::query("update jobs set state = $2 where id = $1").bind(self.id).bind(then.name());
        update.execute(connection).await?;
        Ok(then != self.state)
    }

    async fn fail(&self, connection: &mut PgConnection, reason: &str) -> Answer<()> {
        if self.change(connection, Event::GivenUp).await? {
            let update = sqlx::query("update jobs set error = $2 where id = $1").bind(self.id).bind(reason);
            update.execute(connection).await?;
        }
        Ok(())
    }
}

/// Of one attempt: the next one begins at nothing, whatever the last worker still writes.
fn progress_key(servers: &Servers, id: i64, attempts: i32) -> String {
    servers.redis.key(format_args!("progress:{id}:{attempts}"))
}
