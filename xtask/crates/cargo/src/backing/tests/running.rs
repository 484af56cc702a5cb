//! Running servers: a database for each service, two starts side by side, custom servers; and their teardown.

use super::*;

#[test]
fn each_service_has_a_postgresql_database_and_all_share_a_redis_that_asks_for_its_password() {
    let rig = Rig::new();
    let servers = rig.start(Source::Local, ServerSpec::defaults()).expect("both servers start");
    let (auth, user) = (&servers.service_env["auth-service"]["DATABASE_URL"], &servers.service_env["user-service"]);
    let user = &user["DATABASE_URL"];
    assert_ne!(auth, user);
    assert_eq!(sql(auth, "CREATE TABLE t AS SELECT 1 AS x; SELECT x FROM t"), "1");
    assert!(sql(user, "SELECT x FROM t").contains("does not exist"));
    assert_eq!(sql(auth, "SHOW fsync"), "off");

    let redis = &servers.env["REDIS_URL"];
    assert_eq!(ask("redis-cli", &["--no-auth-warning", "-u", redis, "ping"]), "PONG");
    let port = redis.rsplit_once(':').expect("the URL has a port").1;
    assert!(ask("redis-cli", &["-p", port, "ping"]).contains("NOAUTH"));
    let auth = url::Url::parse(auth).expect("it is a URL");
    let wrong = format!("postgres://postgres:wrong@127.0.0.1:{}/postgres", auth.port().expect("it has a port"));
    assert!(sql(&wrong, "SELECT 1").contains("password authentication failed"));

    assert!(servers.description[0].starts_with("PostgreSQL 15"), "{:?}", servers.description);
    assert!(servers.description[1].starts_with("Redis 7"), "{:?}", servers.description);
    assert!(!format!("{servers:?}").contains(&auth.password()));
    assert_eq!(servers.stop(), Vec::<String>::new());
    rig.assert_nothing_left();
}

#[test]
fn two_starts_at_once_do_not_meet() {
    let (one, two) = (Rig::new(), Rig::new());
    let (first, second) = std::thread::scope(|scope| {
        let first = scope.spawn(|| one.start(Source::Local, ServerSpec::defaults()));
        let second = two.start(Source::Local, ServerSpec::defaults());
        (first.join().expect("no panic").expect("the first starts"), second.expect("the second starts"))
    });
    assert_ne!(first.env, second.env);
    drop(first);
    one.assert_nothing_left();
    assert_eq!(sql(&second.service_env["auth-service"]["DATABASE_URL"], "SELECT 1"), "1");
    assert_eq!(clean_after(&two.run, &two.scratch(), &path()), Vec::<String>::new(), "a live run is left alone");
    assert_eq!(sql(&second.service_env["auth-service"]["DATABASE_URL"], "SELECT 1"), "1");
    drop(second);
    two.assert_nothing_left();
}

#[test]
fn a_panic_takes_the_servers_down() {
    let rig = Rig::new();
    let redis = vec![ServerSpec::built_in("redis")];
    let panicked = std::panic::catch_unwind(|| {
        let _servers = rig.start(Source::Local, redis).expect("Redis starts");
        panic!("on purpose");
    });
    assert!(panicked.is_err());
    rig.assert_nothing_left();
}

#[test]
fn a_third_server_is_a_few_lines_of_configuration() {
    let rig = Rig::new();
    let spec = json!({
        "title": "Web", "env": "WEB_URL", "url": "http://{host}:{port}/{database}", "files": { "index.html": "hello" },
        "local": {
            "program": "python3", "refuses-root": false,
            "args": ["-m", "http.server", "{port}", "--bind", "{listen}", "--directory", "{dir}"],
        },
    });
    let servers = rig.start(Source::Local, table("web", &spec)).expect("it starts");
    let url = &servers.service_env["auth-service"]["WEB_URL"];
    assert!(url.contains("/xtask_") && url.ends_with("_auth_service"), "{url}");
    let root = url.rsplit_once('/').expect("it has a path").0;
    assert_eq!(ask("curl", &["-sS", &format!("{root}/index.html")]), "hello");
    assert!(servers.description[0].starts_with("Web 3."), "{:?}", servers.description);
    drop(servers);
    rig.assert_nothing_left();
}

#[test]
fn a_port_that_somebody_was_quicker_to_take_is_given_up_for_another() {
    let rig = Rig::new();
    let program = rig.script(
        "quick",
        "[ \"$1\" = --version ] && exit 0\n[ -e \"$2/again\" ] || { touch \"$2/again\"; echo bind: Address already in use; exit 1; }\n\
         exec python3 -m http.server \"$1\" --bind 127.0.0.1",
    );
    let spec = json!({
        "env": "WEB_URL", "url": "http://{host}:{port}", "local": { "program": program, "args": ["{port}", "{dir}"] },
    });
    let servers = rig.start(Source::Local, table("web", &spec)).expect("the second port is free");
    drop(servers);
    rig.assert_nothing_left();
}
