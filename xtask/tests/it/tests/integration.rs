//! Integration tests of a small workspace against the real PostgreSQL and Redis of this machine and against a server
//! that a few lines of configuration add: each service has databases of its own, and nothing is there afterwards.

use crate::support::sandbox::{Sandbox, counts};
use insta::assert_snapshot;
use std::net::TcpStream;

/// A test over plain TCP, which is all that a workspace without dependencies has: it speaks Redis' own protocol, and
/// the first message of PostgreSQL's. What it was given, and what it was answered, is left in a file.
const TEST: &str = r#"//! Talks to the servers.

use std::io::{Read, Write};
use std::net::TcpStream;

/// User, password, address and the rest of a URL.
fn parts(url: &str) -> (String, String, String) {
    let rest = url.split("://").nth(1).unwrap();
    let (login, place) = rest.rsplit_once('@').unwrap_or(("", rest));
    let (address, database) = place.split_once('/').unwrap_or((place, ""));
    let password = login.split_once(':').map_or("", |(_, password)| password);
    (address.to_owned(), password.to_owned(), database.to_owned())
}

#[test]
fn redis_answers() {
    let (address, password, _) = parts(&std::env::var("REDIS_URL").unwrap());
    let mut stream = TcpStream::connect(address).unwrap();
    let hello = format!("AUTH default {password}\r\nPING\r\n");
    stream.write_all(hello.as_bytes()).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"+OK\r\n+PONG\r\n");
}

#[test]
fn postgres_asks_for_the_password() {
    let url = std::env::var("DATABASE_URL").unwrap();
    std::fs::write("given.txt", format!("{url}\n{}\n", std::env::var("REDIS_URL").unwrap())).unwrap();
    let (address, _, database) = parts(&url);
    let mut message = vec![0, 3, 0, 0];
    for word in ["user", "postgres", "database", &database, ""] {
        message.extend(word.bytes().chain([0]));
    }
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(&u32::try_from(message.len() + 4).unwrap().to_be_bytes()).unwrap();
    stream.write_all(&message).unwrap();
    let mut answer = [0; 9];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!((answer[0], &answer[5..]), (b'R', &[0, 0, 0, 10][..]), "it wants SCRAM");
}
"#;

fn workspace(names: &[&str]) -> Sandbox {
    let sandbox = Sandbox::with_services(names);
    for name in names {
        sandbox.needs(name, &["postgres", "redis"]).file(&format!("services/{name}/tests/servers.rs"), TEST);
    }
    sandbox
}

/// The URLs that a service's tests were given.
fn given(sandbox: &Sandbox, service: &str) -> [String; 2] {
    let text = sandbox.read(&format!("services/{service}/given.txt"));
    let mut lines = text.lines().map(str::to_owned);
    [(); 2].map(|()| lines.next().expect("a line"))
}

/// `127.0.0.1:5432` of a URL.
fn address(url: &str) -> &str {
    let rest = url.rsplit('@').next().expect("a part");
    rest.split('/').next().expect("a part")
}

#[test]
fn every_service_has_its_own_database_and_the_servers_are_gone_afterwards() {
    let sandbox = workspace(&["a-service", "b-service"]);
    let output = sandbox.run(&["integration", "--servers", "local"]).exits(0);
    assert_eq!(output.verdict(), "passed: 1 stage, 4 tests in TIME");
    let summary = sandbox.summary();
    assert_eq!(
        summary.tasks("integration-tests"),
        [
            "integration-tests/a-service passed",
            "integration-tests/b-service passed",
            "integration-tests:compile passed",
            "integration-tests:server-postgres passed",
            "integration-tests:server-redis passed"
        ]
    );
    assert_eq!(counts(&summary.0), [4, 0, 0]);
    let ([a, redis], [b, same]) = (given(&sandbox, "a-service"), given(&sandbox, "b-service"));
    assert_eq!(redis, same, "a Redis has no databases to tell apart by name");
    assert_eq!(address(&a), address(&b), "one server");
    assert_ne!(a, b, "and two databases in it");
    for url in [&a, &redis] {
        assert!(TcpStream::connect(address(url)).is_err(), "{url} still answers");
        assert!(!output.stderr.contains(password(url)), "the password is shown: {}", output.stderr);
    }
    for file in ["events.ndjson", "summary.json", "report.md"] {
        let text = sandbox.read(&format!("target/xtask/runs/latest/{file}"));
        assert!(!text.contains(password(&a)) && !text.contains(password(&redis)), "a password is in {file}");
    }
}

fn password(url: &str) -> &str {
    let login = url.split("://").nth(1).and_then(|rest| rest.rsplit_once('@')).expect("a login").0;
    let password = login.split_once(':').expect("a password").1;
    assert!(password.len() > 8, "{url}");
    password
}

#[test]
fn a_failing_integration_test_turns_the_run_red_and_does_not_stop_the_build() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    let test = r#"#[test]
fn it_is_up() {
    assert!(std::env::var("DATABASE_URL").unwrap().starts_with("postgres://"));
    println!("it was up");
    panic!("it is down");
}

#[test]
fn other() {}
"#;
    sandbox.needs("a-service", &["postgres"]).file("services/a-service/tests/api.rs", test);
    let skipped = ["coverage", "audit", "deps", "lint"].iter().flat_map(|stage| ["--skip", *stage]);
    let args: Vec<&str> = ["ci", "--keep-going", "--servers", "local"].into_iter().chain(skipped).collect();
    let output = sandbox.run(&args).exits(1);
    assert_eq!(output.verdict(), "failed: integration-tests (1 test in a-service) · exit 1");
    let summary = sandbox.summary();
    assert_eq!(
        summary.stages(),
        [
            "test-services passed",
            "integration-tests failed: a-service: 1 test failed",
            "build-release passed",
            "quality-report passed"
        ]
    );
    let test = summary.failed_test("integration-tests/a-service");
    assert_eq!(test.name, "it_is_up");
    assert!(test.output.contains("it was up"), "{}", test.output);
    // The command brings the servers up, and selects this test alone.
    let words = test.repeat.strip_prefix("cargo xtask ").expect("xtask has the servers");
    let again = sandbox.run(&words.split(' ').collect::<Vec<_>>()).exits(1);
    assert_eq!(again.verdict(), "failed: integration-tests (1 test in a-service) · exit 1");
    assert_eq!(counts(&sandbox.summary().0), [0, 1, 0]);
}

/// A server that greets; in Python, because one of the workspace would have to be built first.
const GREETER: &str = r"import socket, sys
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind((sys.argv[1], int(sys.argv[2])))
server.listen()
while True:
    client, _ = server.accept()
    client.sendall(b'hello\n')
    client.close()
";

#[test]
fn a_further_server_is_a_few_lines_of_configuration() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.stub("greeter", "exec python3 \"$@\"");
    let servers = r#"[workspace.metadata.xtask.integration.servers.greeter]
env = "GREETER_URL"
url = "greet://{host}:{port}"
local = { program = "greeter", args = ["{dir}/greeter.py", "{listen}", "{port}"] }
"#;
    sandbox.needs("a-service", &["greeter"]);
    sandbox.append("Cargo.toml", &format!("{servers}files.\"greeter.py\" = '''\n{GREETER}'''\n"));
    let test = r#"use std::io::Read;

#[test]
fn it_greets() {
    let url = std::env::var("GREETER_URL").unwrap();
    std::fs::write("given.txt", &url).unwrap();
    let mut stream = std::net::TcpStream::connect(url.strip_prefix("greet://").unwrap()).unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    assert_eq!(said, "hello\n");
}
"#;
    sandbox.file("services/a-service/tests/greets.rs", test);
    let output = sandbox.run(&["integration", "--servers", "local"]).exits(0);
    assert_eq!(output.verdict(), "passed: 1 stage, 1 test in TIME");
    let url = sandbox.read("services/a-service/given.txt");
    assert!(TcpStream::connect(url.strip_prefix("greet://").expect("its scheme")).is_err(), "{url} still answers");
}

/// A test of what a service is given: `Some("postgres")` is the scheme of the variable's value.
fn given_schemes(database: Option<&str>, redis: Option<&str>) -> String {
    format!(
        "#[test]\nfn it_is_given_what_it_needs() {{\n    let scheme = |name: &str| {{\n        \
         let value = std::env::var(name).ok();\n        \
         value.map(|url| url.split(':').next().unwrap().to_owned())\n    }};\n    \
         assert_eq!(scheme(\"DATABASE_URL\").as_deref(), {database:?});\n    \
         assert_eq!(scheme(\"REDIS_URL\").as_deref(), {redis:?});\n}}\n"
    )
}

#[test]
fn a_server_starts_only_for_the_services_that_need_it() {
    let sandbox = Sandbox::with_services(&["a-service", "b-service", "c-service"]);
    sandbox.needs("a-service", &["redis"]).needs("b-service", &[]);
    sandbox.file("services/a-service/tests/it.rs", &given_schemes(None, Some("redis")));
    for service in ["b-service", "c-service"] {
        sandbox.file(&format!("services/{service}/tests/it.rs"), &given_schemes(None, None));
    }
    sandbox.run(&["integration", "--servers", "local"]).exits(0);
    assert_eq!(
        sandbox.summary().tasks("integration-tests"),
        [
            "integration-tests/a-service passed",
            "integration-tests/b-service passed",
            "integration-tests/c-service passed",
            "integration-tests:compile passed",
            "integration-tests:server-redis passed"
        ]
    );
}

/// What the tasks of the integration tests wait for besides the compile, as the plan says it.
fn waits_for(sandbox: &Sandbox) -> Vec<String> {
    let plan = sandbox.run(&["plan", "--json", "--only", "integration"]).exits(0).stdout;
    let plan: serde_json::Value = serde_json::from_str(&plan).expect("it is JSON");
    let tasks = plan["stages"][0]["tasks"].as_array().expect("a list").iter();
    let short = |id: &serde_json::Value| {
        id.as_str().expect("an id").replace("integration-tests/", "").replace("integration-tests:", "")
    };
    tasks
        .filter(|task| task["service"].is_string())
        .map(|task| {
            let needs: Vec<String> = task["needs"].as_array().expect("a list").iter().map(short).collect();
            let servers: Vec<&str> = needs.iter().map(String::as_str).filter(|need| *need != "compile").collect();
            format!("{}: {}", short(&task["id"]), servers.join(" "))
        })
        .collect()
}

#[test]
fn a_service_that_says_nothing_gets_the_servers_that_its_dependencies_make_likely() {
    let sandbox = Sandbox::with_services(&["a-service", "b-service", "c-service", "d-service", "e-service"]);
    let depends = |service: &str, on: &str| {
        sandbox.append(&format!("services/{service}/Cargo.toml"), &format!("\n[dependencies]\n{on}\n"));
        sandbox.file(&format!("services/{service}/tests/it.rs"), "#[test]\nfn it() {}\n");
    };
    sandbox.file("services/kit/Cargo.toml", "[package]\nname = \"kit\"\nedition = \"2024\"\n");
    sandbox.file("services/kit/src/lib.rs", "");
    depends("kit", "sqlx.workspace = true\n[dev-dependencies]\nredis = \"1\"");
    sandbox.append("Cargo.toml", "[workspace.dependencies]\nsqlx = { version = \"0.9\", features = [\"postgres\"] }\n");
    depends("a-service", "kit.path = \"../kit\"");
    depends("b-service", "kit.path = \"../kit\"\nfred = \"10\"");
    sandbox.needs("b-service", &["redis"]);
    depends("c-service", "kit.path = \"../kit\"");
    sandbox.needs("c-service", &[]);
    depends("d-service", "serde = \"1\"\n[build-dependencies]\npostgres = \"0.19\"");
    depends("e-service", "db = { package = \"sqlx\", version = \"0.9\" }\n[features]\npg = [\"db/postgres\"]");
    assert_eq!(
        waits_for(&sandbox),
        [
            "a-service: server-postgres",
            "b-service: server-redis",
            "c-service: ",
            "d-service: ",
            "e-service: server-postgres",
            "kit: server-postgres server-redis"
        ]
    );
    let printed = sandbox.run(&["plan", "--only", "integration"]).exits(0);
    assert_snapshot!(printed, @"
    exit code 0
    ----- stdout -----
    # integration-tests (9 tasks, at most 6 at once)
      # start PostgreSQL for a-service, e-service and kit, unless a running one is given
      # start Redis for b-service and kit, unless a running one is given
    cargo test --workspace --no-run --message-format=json
      # run the compiled integration tests of a-service
      # run the compiled integration tests of b-service
      # run the compiled integration tests of c-service
      # run the compiled integration tests of d-service
      # run the compiled integration tests of e-service
      # run the compiled integration tests of kit
    ");
    sandbox.append("Cargo.toml", "[workspace.metadata.xtask.integration]\nservers = {}\n");
    let without = ["a-service: ", "b-service: ", "c-service: ", "d-service: ", "e-service: ", "kit: "];
    assert_eq!(waits_for(&sandbox), without, "an empty table switches all servers off");
}

#[test]
fn a_server_that_cannot_be_had_fails_only_those_that_need_it_and_names_the_way_out() {
    let sandbox = Sandbox::with_services(&["a-service", "b-service"]);
    let servers = r#"[workspace.metadata.xtask.integration.servers.absent]
env = "ABSENT_URL"
url = "absent://{host}:{port}"
local = { program = "no-such-server" }
"#;
    sandbox.append("Cargo.toml", servers).needs("a-service", &["absent"]);
    for service in ["a-service", "b-service"] {
        sandbox.file(&format!("services/{service}/tests/it.rs"), "#[test]\nfn it() {}\n");
    }
    let output = sandbox
        .run(&["integration", "--servers", "local", "--keep-going"])
        .exits(3)
        .says("because: local: `no-such-server` is not on PATH")
        .says("hint: install `no-such-server`");
    assert_eq!(
        output.verdict(),
        "could not run: integration-tests (server-absent: cannot start absent for the integration te...) · exit 3"
    );
    assert_eq!(
        sandbox.summary().tasks("integration-tests"),
        [
            "integration-tests/a-service environment-error: needs `integration-tests:server-absent`, which could not do its work",
            "integration-tests/b-service passed",
            "integration-tests:compile passed",
            "integration-tests:server-absent environment-error: cannot start absent for the integration tests: local: `no-such-server` is not on PATH"
        ]
    );
}

/// A server that dies when it is asked to, as one does that runs out of memory.
const MORTAL: &str = r"import os, signal, socket, sys
server = socket.socket()
server.bind((sys.argv[1], int(sys.argv[2])))
server.listen()
while True:
    client, _ = server.accept()
    if client.recv(3) == b'die':
        print('PANIC: no page left', flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    client.close()
";

/// A service whose test has its server die, and then does this with the stream to it.
fn with_mortal_server(then: &str) -> Sandbox {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.stub("mortal", "exec python3 \"$@\"");
    let servers = r#"[workspace.metadata.xtask.integration]
servers.mortal.env = "MORTAL_URL"
servers.mortal.url = "mortal://{host}:{port}"
servers.mortal.local = { program = "mortal", args = ["{dir}/mortal.py", "{listen}", "{port}"] }
"#;
    sandbox.append("Cargo.toml", &format!("{servers}servers.mortal.files.\"mortal.py\" = '''\n{MORTAL}'''\n"));
    let test = r#"use std::io::{Read, Write};

#[test]
fn it_lives() {
    let url = std::env::var("MORTAL_URL").unwrap();
    let mut stream = std::net::TcpStream::connect(url.strip_prefix("mortal://").unwrap()).unwrap();
    stream.write_all(b"die").unwrap();
    THEN
}
"#;
    let test = test.replace("THEN", then);
    sandbox.needs("a-service", &["mortal"]).file("services/a-service/tests/lives.rs", &test);
    sandbox
}

#[test]
fn a_server_that_dies_under_its_tests_is_the_reason_and_not_the_tests() {
    let sandbox = with_mortal_server("assert_eq!(stream.read(&mut [0]).unwrap(), 1);");
    let because = "mortal died during the tests: it was killed by SIGKILL (out of memory?)";
    let output = sandbox
        .run(&["integration", "--servers", "local"])
        .exits(3)
        .says(&format!("integration-tests/a-service could not run after TIME: {because}"))
        .says("PANIC: no page left")
        .says("its log: target/xtask/runs/RUN/logs/server.mortal.log");
    assert!(
        output.verdict().starts_with("could not run: integration-tests (a-service: mortal"),
        "{}",
        output.verdict()
    );
    let report = sandbox.read("target/xtask/runs/latest/report.md");
    assert!(report.contains("PANIC: no page left") && report.contains("see the server's log"), "{report}");
    let summary = sandbox.summary();
    assert_eq!(
        summary.tasks("integration-tests")[0],
        format!("integration-tests/a-service environment-error: {because}")
    );
    assert_eq!(summary.failed_test("integration-tests/a-service").name, "it_lives", "the failed test is still named");
}

#[test]
fn a_server_that_dies_under_tests_that_pass_is_a_warning_beside_their_result() {
    let sandbox = with_mortal_server("assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0);");
    let output = sandbox.run(&["integration", "--servers", "local"]).exits(0);
    let died = "mortal died during the tests: it was killed by SIGKILL (out of memory?), although the tests passed";
    let log = "target/xtask/runs/RUN/logs/server.mortal.log";
    output.says(&format!("note: {died}; its log: {log}"));
    let summary = sandbox.summary();
    assert_eq!(summary.tasks("integration-tests")[0], "integration-tests/a-service passed");
    let report = sandbox.read("target/xtask/runs/latest/report.md");
    assert!(report.contains(died), "{report}");
}
