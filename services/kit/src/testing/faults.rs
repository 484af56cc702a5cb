//! Bad days: servers away at the start, lost, too slow, and a stop under load.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use sqlx::{Connection, PgConnection};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use url::Url;

use super::between::Between;
use super::process::{InFlight, Process, get};
use super::servers::with_database;
use crate::config::variable;
use crate::{Config, Service};

/// `PostgreSQL` connections of the process: few, so that they are soon exhausted.
const CONNECTIONS: usize = 2;
/// How long a service may take to recover, or to stop.
const PATIENCE: Duration = Duration::from_secs(10);

/// Starts a service's own program between wires to the real servers, and breaks them one after the other.
///
/// `path` is a GET of the service that needs `PostgreSQL`, and that answers below 500 when all is well.
///
/// # Panics
///
/// When the service answers anything but 503 while a server is away, does not recover by itself, tells about its
/// inside, or does not stop as it should.
pub async fn faults(service: &'static Service, program: &'static str, path: &'static str) {
    with_database(service, async |config, name| tokio::spawn(bad_days(config, name, program, path)).await).await;
}

async fn bad_days(config: Config, database: String, program: &str, path: &'static str) {
    let database_at = format!("{}:{}", config.database.get_host(), config.database.get_port());
    let mut postgres = Between::cut_off(database_at);
    let mut redis = Between::cut_off(config.redis.addr().to_string());
    let mut database_url = through("DATABASE_URL", &postgres);
    database_url.set_path(&database);
    let place = [
        ("DATABASE_URL", database_url.into()),
        ("REDIS_URL", through("REDIS_URL", &redis).into()),
        ("RATE_LIMIT", "0".to_owned()),
    ];
    let little = [
        ("DATABASE_CONNECTIONS", CONNECTIONS.to_string()),
        ("SERVER_TIMEOUT_MS", "300".to_owned()),
        ("REQUEST_TIMEOUT_MS", "1000".to_owned()),
    ];
    let process = Process::start(program, &[&place[..], &little].concat()).await;

    away(&process, path).await;
    away(&process, "/readyz").await;
    postgres.mend();
    redis.mend();
    recovers(&process, "/readyz").await;
    recovers(&process, path).await;

    postgres.cut();
    away(&process, path).await;
    postgres.mend();
    recovers(&process, path).await;

    redis.cut();
    away(&process, "/readyz").await;
    redis.mend();
    recovers(&process, "/readyz").await;

    postgres.stall();
    exhausted(process.address(), path).await;
    postgres.mend();
    recovers(&process, path).await;

    locked(&config, process.address(), path).await;
    recovers(&process, path).await;

    // The load is another process's: with so little patience a busy machine would be a fault as well.
    let process = Process::start(program, &place).await;
    recovers(&process, "/readyz").await;
    stops_under_load(process, path).await;
}

/// The variable's URL with the wire in front of the server.
fn through(name: &str, wire: &Between) -> Url {
    let url = variable(name).and_then(|text| text.parse().ok());
    let mut url: Url = url.unwrap_or_else(|| panic!("{name} is a URL"));
    url.set_host(Some("127.0.0.1")).unwrap_or_else(|error| panic!("{name} names a host: {error}"));
    url.set_port(Some(wire.port())).unwrap_or_else(|()| panic!("{name} names a host"));
    url
}

/// The service is alive, and says 503 and nothing about its inside.
async fn away(process: &Process, path: &str) {
    is_503(process.get(path).await);
    assert_eq!(process.get("/healthz").await.0, 200);
}

fn is_503((status, body): (u16, String)) {
    assert_eq!(status, 503, "{body}");
    let problem: Value = serde_json::from_str(&body).expect("a problem document");
    let detail = problem["detail"].as_str().expect("it says what is wrong");
    for inside in ["sqlx", "os error", "refused", "127.0.0.1", "timed out", "pool"] {
        assert!(!detail.contains(inside), "the answer tells about the inside: {detail}");
    }
}

/// Without a restart the path answers again.
async fn recovers(process: &Process, path: &str) {
    let again = async {
        while process.get(path).await.0 >= 500 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, again).await.unwrap_or_else(|_| panic!("{path} still fails with all servers back"));
}

/// More requests at once than there are connections, and none of them comes back: each request is answered.
async fn exhausted(address: SocketAddr, path: &'static str) {
    let requests: JoinSet<_> = (0..4 * CONNECTIONS).map(|_| get(address, path)).collect();
    for answer in timeout(PATIENCE, requests.join_all()).await.expect("each request is answered") {
        is_503(answer.expect("a connection").expect("an answer"));
    }
}

/// Somebody holds all tables: queries are sent, and do not end. Each request is answered all the same.
async fn locked(config: &Config, address: SocketAddr, path: &'static str) {
    const LOCK: &str = "do $$ declare name text; begin
        for name in select tablename from pg_tables where schemaname = 'public' loop
            execute format('lock table %I in access exclusive mode', name);
        end loop;
    end $$";
    let mut other = PgConnection::connect_with(&config.database).await.expect("the test's own connection");
    let mut transaction = other.begin().await.expect("a transaction");
    sqlx::raw_sql(LOCK).execute(&mut *transaction).await.expect("the tables are the test's own");
    let requests: JoinSet<_> = (0..4 * CONNECTIONS).map(|_| get(address, path)).collect();
    for answer in timeout(PATIENCE, requests.join_all()).await.expect("each request is answered") {
        let answer = answer.expect("a connection").expect("an answer");
        // A path that looks at no table has nothing to wait for.
        if answer.0 >= 500 {
            is_503(answer);
        }
    }
    transaction.rollback().await.expect("the tables are free again");
}

/// Clients ask without pause; then SIGTERM. No answer breaks off, what is in flight is answered, and the process ends
/// with 0.
async fn stops_under_load(process: Process, path: &'static str) {
    let address = process.address();
    let answered = watch::Sender::new(0);
    let mut clients = JoinSet::new();
    for _ in 0..8 {
        let answered = answered.clone();
        clients.spawn(async move {
            while let Ok(Some((status, body))) = get(address, path).await {
                assert!(status < 500, "{status}: {body}");
                answered.send_modify(|count| *count += 1);
            }
        });
    }
    let mut enough = answered.subscribe();
    tokio::select! {
        ended = clients.join_next() => panic!("a client has ended before the stop: {ended:?}"),
        enough = enough.wait_for(|count| *count >= 100) => drop(enough),
    }
    let in_flight = InFlight::get(address, path).await.expect("the service reads");
    process.terminate();
    // They end with the port: from then on the service stops.
    timeout(PATIENCE, clients.join_all()).await.expect("the port closes");
    let (code, body) = in_flight.finish().await.expect("what was in flight at the stop is answered");
    assert!(code < 500, "{code}: {body}");
    let (status, log) = timeout(PATIENCE, process.ended()).await.expect("it ends in time");
    assert_eq!(status.code(), Some(0), "a stop that was asked for is no failure");
    let said = |message: &str| log.iter().any(|line| line["fields"]["message"] == message);
    assert!(said("draining") && said("stopped"), "the log tells the stop");
    assert!(!said("panicked") && !said("left requests unfinished"), "nothing has gone wrong meanwhile");
}
