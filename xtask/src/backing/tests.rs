//! Real servers: started, used, broken and taken down. What a machine without them cannot show is said aloud.

use super::scratch::Ledger;
use super::*;
use crate::command::Command;
use crate::process::{self, Child, End, Level, Surroundings};
use serde_json::{Value, json};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A folder for temporary files, a run of its own, and what to check when both are over.
struct Rig {
    temp: tempfile::TempDir,
    run: String,
}

impl Rig {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let temp = tempfile::tempdir().expect("a folder can be made");
        // The servers' user must reach it.
        fs::set_permissions(temp.path(), fs::Permissions::from_mode(0o755)).expect("the mode can be set");
        let run = format!("test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self { temp, run }
    }

    fn request(&self, source: Source, servers: Vec<ServerSpec>) -> Request {
        Request {
            run: self.run.clone(),
            marker: format!("{}:integration-tests/servers", self.run),
            servers,
            services: vec!["auth-service".to_owned(), "user-service".to_owned()],
            source,
            given: BTreeMap::new(),
            path: path(),
            temp: self.scratch(),
            logs: None,
            surroundings: Surroundings::default(),
            limit: Duration::from_secs(60),
            grace: Duration::from_secs(5),
        }
    }

    fn start(&self, source: Source, servers: Vec<ServerSpec>) -> Result<Servers> {
        start(self.request(source, servers), &Stop::new())
    }

    /// Where the starts of this rig put their folders.
    fn scratch(&self) -> PathBuf {
        let folder = self.temp.path().join("tmp");
        fs::create_dir_all(&folder).expect("the folder can be made");
        folder
    }

    /// A program of the test's own.
    fn script(&self, name: &str, text: &str) -> String {
        let file = self.temp.path().join(name);
        fs::write(&file, format!("#!/bin/bash\n{text}\n")).expect("the file can be written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("the mode can be set");
        file.to_string_lossy().into_owned()
    }

    #[track_caller]
    fn assert_nothing_left(&self) {
        assert_eq!(process::survivors(&self.run), []);
        let left: Vec<_> = fs::read_dir(self.scratch()).expect("the folder is there").flatten().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[expect(clippy::disallowed_methods, reason = "the tests have no run that would hand them its surroundings")]
fn path() -> OsString {
    std::env::var_os("PATH").expect("there is a PATH")
}

fn postgres() -> Vec<ServerSpec> {
    vec![ServerSpec::built_in("postgres")]
}

fn table(name: &str, table: &Value) -> Vec<ServerSpec> {
    vec![ServerSpec::from_table(name, table).expect("the table is valid")]
}

/// Runs a client to its end and returns what it said, on both streams.
fn ask(program: &str, args: &[&str]) -> String {
    let command = Command::new(program, "/").args(args.iter().copied());
    let mut said = Vec::new();
    let marker = marker();
    let ended = process::run(&child(&command, &marker), &mut |_, line| {
        said.push(String::from_utf8_lossy(line).into_owned());
    });
    let exited = matches!(&ended, Ok(ended) if matches!(ended.end, End::Exited(_)));
    assert!(exited, "{program} is needed by this test: {ended:?}");
    said.join("\n")
}

/// One of its own for every child: what has the same as one that ends is taken for its leftovers.
fn marker() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("backing-test-{}:client-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn child<'a>(command: &'a Command, marker: &'a str) -> Child<'a> {
    static AROUND: std::sync::LazyLock<Surroundings> = std::sync::LazyLock::new(Surroundings::default);
    static STOP: std::sync::LazyLock<Stop> = std::sync::LazyLock::new(Stop::new);
    Child {
        command,
        surroundings: &AROUND,
        marker,
        log: Path::new("/dev/null"),
        log_cap: 1024,
        timeout: Duration::from_secs(60),
        grace: Duration::from_secs(1),
        stop: &STOP,
        user: None,
        jobserver: None,
    }
}

fn sql(url: &str, query: &str) -> String {
    ask("psql", &["-XAtq", "-w", url, "-c", query])
}

#[track_caller]
fn failure(result: Result<Servers>) -> String {
    result.expect_err("the start fails").to_string()
}

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
fn a_server_that_does_not_start_is_quoted() {
    #[track_caller]
    fn case(limit: u64, script: &str, expected: &[&str]) {
        let rig = Rig::new();
        let program = rig.script("fakedb", script);
        let spec = json!({ "env": "FAKE_URL", "url": "fake://{host}:{port}", "local": { "program": program } });
        let mut request = rig.request(Source::Local, table("fake", &spec));
        request.limit = Duration::from_secs(limit);
        let error = failure(start(request, &Stop::new()));
        for part in expected {
            assert!(error.contains(part), "{part:?} is not in {error}");
        }
        rig.assert_nothing_left();
    }
    case(60, "exit 3", &["start fake for the integration tests", "local:", "exit code 3"]);
    case(60, "echo cannot map memory >&2; exit 1", &["exit code 1", "cannot map memory"]);
    case(60, "[ \"$1\" = --version ] && exit 0; trap '' TERM; sleep 60 & kill -9 $$", &["ended by signal 9"]);
    // Long enough for a busy machine to get as far as the script's first line.
    let hangs = "[ \"$1\" = --version ] && exit 0; echo warming up; exec sleep 60";
    case(3, hangs, &["not ready within 3.00s", "warming up", "Connection refused"]);
}

#[test]
fn a_preparation_that_fails_is_quoted_without_the_password() {
    let rig = Rig::new();
    let prepare = rig.script("prepare", "echo no room on this disk; cat \"$1/secret\"; exit 1");
    let spec = json!({
        "env": "FAKE_URL", "url": "fake://{host}:{port}", "files": { "secret": "{password}\n" },
        "local": { "program": "true", "prepare": [[prepare, "{dir}"]], "refuses-root": true },
    });
    let error = failure(rig.start(Source::Local, table("fake", &spec)));
    assert!(error.contains("exit code 1") && error.contains("no room on this disk"), "{error}");
    assert!(error.ends_with("***\nhint: install `true`"), "{error}");
    rig.assert_nothing_left();
}

#[test]
fn every_source_that_fell_through_is_named_with_its_reason_and_what_to_do() {
    let rig = Rig::new();
    let mut request = rig.request(Source::Auto, postgres());
    request.path = rig.temp.path().as_os_str().to_owned();
    request.servers[0].local.as_mut().expect("it has one").folders.clear();
    let error = failure(start(request, &Stop::new()));
    assert_eq!(
        error,
        "start PostgreSQL for the integration tests\n  because: given: DATABASE_URL is not set\n  \
         because: docker: no `docker` on PATH\n  because: local: `postgres` is not on PATH\nhint: `apt-get install \
         postgresql`, or start Docker, or set DATABASE_URL to the URL of a running server"
    );
    rig.assert_nothing_left();
}

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

    // What a run leaves that was killed with its ledger written.
    let dead = Scratch::create(&guest.scratch(), "dead").expect("the folder can be made");
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

#[test]
fn the_order_to_stop_ends_a_start_wherever_it_is() {
    #[track_caller]
    fn case(local: impl Fn(&Rig) -> Value) {
        let rig = Rig::new();
        let spec = json!({ "env": "FAKE_URL", "url": "fake://{host}:{port}", "local": local(&rig) });
        let stop = Stop::new();
        let request = rig.request(Source::Local, table("fake", &spec));
        let began = rig.temp.path().join("began");
        std::thread::scope(|scope| {
            let running = scope.spawn(|| start(request, &stop));
            while !began.exists() {
                assert!(!running.is_finished(), "it ended before it was stopped");
                std::thread::yield_now();
            }
            stop.raise(Level::Terminate);
            let error = failure(running.join().expect("no panic"));
            assert!(error.contains("the run was stopped"), "{error}");
        });
        rig.assert_nothing_left();
    }
    let hang = |rig: &Rig, guard: &str| {
        let began = rig.temp.path().join("began");
        rig.script("hang", &format!("{guard}\ntouch {}; exec sleep 100", began.display()))
    };
    case(|rig| json!({ "program": hang(rig, "") }));
    case(|rig| json!({ "program": "true", "prepare": [[hang(rig, "")]] }));
    case(|rig| json!({ "program": hang(rig, "[ \"$1\" = --version ] && exit 0") }));
}

/// The other half of the next test: started by it as a process of its own, to be killed.
#[test]
fn victim() {
    #[expect(clippy::disallowed_methods, reason = "how the next test tells the process that it starts from any other")]
    let (Ok(run), Ok(temp)) = (std::env::var("BACKING_TEST_RUN"), std::env::var("BACKING_TEST_TEMP")) else { return };
    let rig = Rig { temp: tempfile::tempdir().expect("a folder can be made"), run };
    let mut request = rig.request(Source::Local, ServerSpec::defaults());
    request.temp = temp.into();
    let _servers = start(request, &Stop::new()).expect("both servers start");
    eprintln!("VICTIM IS UP");
    loop {
        std::thread::park();
    }
}

#[test]
fn what_a_killed_run_leaves_is_found_and_removed() {
    let rig = Rig::new();
    let this = std::env::current_exe().expect("the test has a program");
    let command = Command::new(this.to_string_lossy(), "/")
        .args(["--exact", "backing::tests::victim", "--nocapture"])
        .env("BACKING_TEST_RUN", &rig.run)
        .env("BACKING_TEST_TEMP", rig.scratch().to_string_lossy());
    let marker = marker();
    let victim = process::spawn_background(&child(&command, &marker)).expect("the test can start itself");
    while !victim.tail().iter().any(|line| line.contains("VICTIM IS UP")) {
        assert!(victim.is_alive(), "{:?}", victim.tail());
        std::thread::yield_now();
    }
    assert_eq!(clean_after(&rig.run, &rig.scratch(), &path()), Vec::<String>::new(), "it is alive");
    let servers = process::survivors(&rig.run);
    let found =
        |name: &str| servers.iter().any(|one| one.name == name && one.marker.contains("integration-tests/servers"));
    assert!(found("postgres") && found("redis-server"), "{servers:?}");
    let ended = victim.stop(process::Signal::KILL, Duration::from_secs(5)).expect("it can be killed");
    assert_ne!(ended.end, End::Exited(0));
    // The processes are left to the folder on purpose: that is how those are found that have lost their mark. And the
    // next start does it, whether or not anybody knows of that run.
    let mut next = rig.request(Source::Local, Vec::new());
    next.run += "-next";
    let next = start(next, &Stop::new()).expect("nothing is to be started");
    let said = next.cleaned.clone();
    drop(next);
    assert!(said.iter().any(|line| line.starts_with("killed redis-server (pid ")), "{said:?}");
    assert!(said.last().is_some_and(|line| line.starts_with("removed the folder ")), "{said:?}");
    rig.assert_nothing_left();
}

mod docker_engine;
