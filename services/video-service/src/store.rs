//! What is kept: jobs in `PostgreSQL`, their progress in Redis.

use kit::{Answer, Servers};

/// How long progress is kept after its last change, in seconds.
const PROGRESS_KEPT_S: u64 = 24 * 60 * 60;

/// A job as it is stored.
pub struct Job {
    /// Its number.
    pub id: i64,
    /// Where the video is.
    pub source: String,
    /// The heights to make, in pixels.
    pub heights: Vec<i32>,
    /// Who works on it.
    pub worker: Option<String>,
}

type Row = (i64, String, Vec<i32>, Option<String>);

impl From<Row> for Job {
    fn from((id, source, heights, worker): Row) -> Self {
        Self { id, source, heights, worker }
    }
}

/// Adds a job and answers its number.
pub async fn add_job(servers: &Servers, source: &str, heights: &[i32]) -> Answer<i64> {
    let insert = "insert into jobs (source, heights) values ($1, $2) returning id";
    Ok(sqlx::query_scalar(insert).bind(source).bind(heights).fetch_one(&servers.postgres).await?)
}

/// A job.
pub async fn job(servers: &Servers, id: i64) -> Answer<Option<Job>> {
    let select = sqlx::query_as("select id, source, heights, worker from jobs where id = $1").bind(id);
    let row: Option<Row> = select.fetch_optional(&servers.postgres).await?;
    Ok(row.map(Job::from))
}

/// Gives the oldest waiting job to a worker. Of workers that ask at the same time, each gets another one at once.
pub async fn claim(servers: &Servers, worker: &str) -> Answer<Option<Job>> {
    let update = "update jobs set worker = $1
        where id = (select id from jobs where worker is null order by id limit 1 for update skip locked)
        returning id, source, heights, worker";
    let row: Option<Row> = sqlx::query_as(update).bind(worker).fetch_optional(&servers.postgres).await?;
    Ok(row.map(Job::from))
}

/// Notes how far a job is.
pub async fn set_progress(servers: &Servers, id: i64, percent: u8) -> Answer<()> {
    let mut set = redis::cmd("SET");
    set.arg(servers.redis.key(format_args!("progress:{id}"))).arg(percent).arg("EX").arg(PROGRESS_KEPT_S);
    Ok(set.exec_async(&mut servers.redis.connection()).await?)
}

/// How far a job is, in percent.
pub async fn progress(servers: &Servers, id: i64) -> Answer<u8> {
    let key = servers.redis.key(format_args!("progress:{id}"));
    let percent: Option<u8> = redis::cmd("GET").arg(key).query_async(&mut servers.redis.connection()).await?;
    Ok(percent.unwrap_or_default())
}
