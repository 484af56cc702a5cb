//! Servers that are already running: a run's own databases on them, and what can go wrong.

use super::*;

#[test]
fn a_given_url_that_does_not_work_is_an_error_that_hides_the_password() {
    let rig = Rig::new();
    let closed =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("there is a port").port();
    let case = |spec: &str, url: &str, expected: &str| {
        let mut request = rig.request(Source::Auto, vec![ServerSpec::built_in(spec)]);
        request.limit = Duration::from_millis(200);
        request.given.insert(request.servers[0].env.clone(), url.to_owned());
        let error = failure(start(request, &Stop::new()));
        assert!(error.contains(expected), "{expected:?} is not in {error}");
        assert!(!error.contains("hunter") && !error.contains("docker:"), "{error}");
    };
    case("postgres", &format!("postgres://u:hunter2@127.0.0.1:{closed}/x"), "u:***@127.0.0.1");
    case("postgres", &format!("postgres://u:hunter%2F2@127.0.0.1:{closed}/x"), "Connection refused");
    case("redis", &format!("redis://:hunter2@127.0.0.1:{closed}"), "REDIS_URL gives, redis://:***@");
    case("postgres", "u:hunter2@127.0.0.1", "not of the form postgres://");
    case("redis", "http://u:hunter2@127.0.0.1", "not of the form redis://");
    rig.assert_nothing_left();
}

#[test]
fn a_given_server_gets_databases_that_are_dropped_again_even_those_of_a_dead_run() {
    let (owner, guest) = (Rig::new(), Rig::new());
    let host = owner.start(Source::Local, postgres()).expect("PostgreSQL starts");
    let url = url::Url::parse(&host.service_env["auth-service"]["DATABASE_URL"]).expect("it is a URL");
    let url = url.with_database("postgres");
    let databases = || sql(&url.expose(), "SELECT datname FROM pg_database WHERE datname LIKE 'xtask%'");
    let before = databases();

    // The leftovers of a run that was killed after writing its ledger.
    let dead = Scratch::create(&guest.scratch(), "dead").expect("the directory can be made");
    let ledger = Ledger {
        server: "postgres".into(),
        address: format!("postgres@127.0.0.1:{}", url.port().expect("it has a port")),
        databases: vec!["xtask_dead_x".into(), "xtask_dead_never_made".into()],
    };
    dead.note_databases(&[ledger]).expect("the ledger can be written");
    drop(dead);
    sql(&url.expose(), "CREATE DATABASE xtask_dead_x");
    let said = clean_after("dead", &guest.scratch(), &path());
    assert!(said.len() == 1 && said[0].contains("drops xtask_dead_x and xtask_dead_never_made there"), "{said:?}");

    let mut request = guest.request(Source::Auto, postgres());
    request.given.insert("DATABASE_URL".into(), url.expose());
    let servers = start(request, &Stop::new()).expect("the given server is used");
    assert!(servers.description[0].ends_with("given by DATABASE_URL"), "{:?}", servers.description);
    let mine = &servers.service_env["user-service"]["DATABASE_URL"];
    assert_eq!(sql(mine, "CREATE TABLE t AS SELECT 2 AS x; SELECT x FROM t"), "2");
    assert_eq!(databases().lines().count(), before.lines().count() + 2);
    assert!(!databases().contains("xtask_dead"));
    assert_eq!(servers.stop(), Vec::<String>::new());
    assert_eq!(databases(), before);
    guest.assert_nothing_left();
    drop(host);
    owner.assert_nothing_left();
}

#[test]
fn a_database_that_cannot_be_dropped_is_named_and_remembered() {
    let (owner, guest) = (Rig::new(), Rig::new());
    let host = owner.start(Source::Local, postgres()).expect("PostgreSQL starts");
    let mut request = guest.request(Source::Given, postgres());
    request.services.truncate(1);
    request.given.insert("DATABASE_URL".into(), host.service_env["auth-service"]["DATABASE_URL"].clone());
    let servers = start(request, &Stop::new()).expect("the given server is used");
    drop(host);
    let left = servers.stop();
    assert!(left.len() == 1 && left[0].starts_with("the database xtask_"), "{left:?}");
    assert_eq!(scratch::Abandoned::find(&guest.scratch(), None)[0].ledgers[0].databases.len(), 1);
}
