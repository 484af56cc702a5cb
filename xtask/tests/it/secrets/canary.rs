//! A canary in the surroundings: it reaches the programs that need it, and is seen nowhere else.

use crate::support::running::arguments;
use crate::support::sandbox::Sandbox;
use crate::support::traces::{none_below, none_in};
use insta::assert_snapshot;
use std::fs;
use std::path::Path;

const PASSWORD: &str = "canary%2Fpassword-1";
const MEANT: &str = "canary/password-1";
const TOKEN: &str = "canary-token-2";

/// What the canaries look like, plain and encoded.
const TRACES: [&str; 7] = [
    PASSWORD,
    MEANT,
    TOKEN,
    "canary-token%2D2",
    // Base64 of the token, from each of the three places that it may begin at.
    "Y2FuYXJ5LXRva2VuLT",
    "NhbmFyeS10b2tlbi0y",
    "jYW5hcnktdG9rZW4tM",
];

fn sandbox() -> Sandbox {
    let mut sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.var("DATABASE_URL", format!("postgres://someone:{PASSWORD}@127.0.0.1:9/main"));
    let step = sandbox.beside("step.md");
    sandbox.var("DEPLOY_TOKEN", TOKEN).var("GITHUB_STEP_SUMMARY", step);
    sandbox
}

#[track_caller]
fn no_trace_below(directory: &Path) {
    none_below(&TRACES, directory);
}

#[track_caller]
fn no_trace_in(place: &str, bytes: &[u8]) {
    none_in(&TRACES, place, bytes);
}

/// Prints the canaries in one piece, in two, encoded, and on both streams.
const TELLTALE: &str = r#"printf 'url %s\n' "$DATABASE_URL"
echo "meant canary/password-1" >&2
echo "token $DEPLOY_TOKEN"
printf 'canary-'; printf 'token-2\n'
printf '%s' "$DEPLOY_TOKEN" | base64
printf 'u:%s' "$DEPLOY_TOKEN" | base64
printf 'us:%s' "$DEPLOY_TOKEN" | base64
: >../ready; read -r line <../gate
exit 1"#;

#[test]
fn what_a_child_prints_is_masked_wherever_it_goes() {
    let sandbox = sandbox();
    sandbox.gate("gate").stage("tells", "", TELLTALE);
    let events = sandbox.beside("events");
    let run = sandbox.start(&["ci", "--only", "tells", "--json", "--events", &events.to_string_lossy()]);
    run.until_there("ready");
    for words in arguments(&sandbox.latest()) {
        no_trace_in("an argument list", &words);
    }
    sandbox.open_gate("gate");
    let output = run.finish().exits(1).says("token ***");
    no_trace_in("stderr", output.stderr.as_bytes());
    no_trace_in("stdout", output.stdout.as_bytes());
    no_trace_below(&sandbox.root().join("target/xtask"));
    no_trace_in("the step's summary", &fs::read(sandbox.beside("step.md")).expect("it is written"));
    no_trace_in("the file of --events", &fs::read(events).expect("it is written"));
    no_trace_in("the report", sandbox.run(&["report"]).exits(0).stdout.as_bytes());
    let log = sandbox.run_file(&sandbox.latest(), "logs/tells+command.log");
    assert!(log.contains("url postgres://someone:***@127.0.0.1:9/main\n"), "{log}");
    assert!(log.contains("meant ***\n") && log.contains("\n***\n"), "{log}");
}

#[test]
fn a_failing_test_that_shows_its_surroundings_is_masked() {
    let sandbox = sandbox();
    let tells = "#[test]\nfn tells() {\n    panic!(\"{:?}\", std::env::var(\"DATABASE_URL\"));\n}\n";
    sandbox.append("services/a-service/src/lib.rs", tells);
    let output = sandbox.run(&["test-matrix"]).exits(1).says("someone:***@127.0.0.1");
    no_trace_in("stderr", output.stderr.as_bytes());
    no_trace_below(&sandbox.root().join("target/xtask"));
    no_trace_in("the step's summary", &fs::read(sandbox.beside("step.md")).expect("it is written"));
}

#[test]
fn a_given_server_that_does_not_answer_is_named_without_its_password() {
    let sandbox = sandbox();
    sandbox.needs("a-service", &["postgres"]).file("services/a-service/tests/it.rs", "#[test]\nfn it() {}\n");
    // The rest is psql's words, beside a compilation that may end before or after.
    let output = sandbox.run(&["integration"]).exits(3).says("postgres://someone:***@127.0.0.1:9/main");
    no_trace_in("stderr", output.stderr.as_bytes());
    no_trace_below(&sandbox.root().join("target/xtask"));
}

#[test]
fn what_was_typed_is_masked_in_the_record() {
    let sandbox = sandbox();
    let output = sandbox.commit().run(&["test-matrix", "--", "--skip", TOKEN]).exits(0);
    no_trace_in("stderr", output.stderr.as_bytes());
    no_trace_below(&sandbox.root().join("target/xtask"));
}

/// Prints the canaries with what a terminal does not show inside, on two lines, and in encodings of common libraries.
const DISGUISED: &str = r#"printf 'coloured \033[31mcanary-\033[1mtok\033[0men-2\n'
printf 'linked canary-\033]8;;https://example.org\033\\token\033]8;;\033\\-2\n'
printf 'controls canary\0-tok\ren\007-2\n'
printf 'lines canary-\n'; printf 'token-2\n'
printf 'json {"a":"canary\\u002dtoken-2","b":"{\\"c\\":\\"canary\\\\u002Dtoken\\\\u001b[1m-2\\"}"}\n'
printf 'url canary%%2dtoken%%252D2\n'
printf '%060d%s' 0 "$DEPLOY_TOKEN" | base64
exit 1"#;

#[test]
fn a_secret_in_colours_or_in_pieces_is_masked_wherever_it_goes() {
    let sandbox = sandbox();
    sandbox.stage("tells", "", DISGUISED);
    let coloured = "#[test]\nfn tells() {\n    let token = std::env::var(\"DEPLOY_TOKEN\").unwrap();\n    \
                    panic!(\"\\u{1b}[31m{}\\u{1b}[32m{}\\u{1b}[0m\", &token[..9], &token[9..]);\n}\n";
    sandbox.append("services/a-service/src/lib.rs", coloured);
    let events = sandbox.beside("events");
    let args = ["ci", "--only", "tells", "--only", "test-matrix", "--events", &events.to_string_lossy()];
    let output = sandbox.run(&[&args[..], &["--keep-going", "--verbose"]].concat()).exits(1);
    for said in ["coloured ***", "linked ***", "controls ***", "lines ***", "url ***"] {
        assert!(output.stderr.contains(said), "{said} in:\n{}", output.stderr);
    }
    no_trace_in("stderr", output.stderr.as_bytes());
    no_trace_below(&sandbox.root().join("target/xtask"));
    no_trace_in("the step's summary", &fs::read(sandbox.beside("step.md")).expect("it is written"));
    no_trace_in("the file of --events", &fs::read(events).expect("it is written"));
    no_trace_in("the report", sandbox.run(&["report"]).exits(0).stdout.as_bytes());
}

#[test]
fn a_login_in_front_of_the_registry_is_not_repeated() {
    let mut sandbox = Sandbox::with_services(&["a-service"]);
    let login = format!("someone:{TOKEN}@registry.example.org/shop");
    let output = sandbox.run(&["docker", "--registry", &login]);
    no_trace_in("stderr", output.stderr.as_bytes());
    assert_snapshot!(output, @r#"
    exit code 2
    ----- stderr -----
    error: invalid value '***@registry.example.org/shop' for '--registry <REGISTRY>': it must be a host with an optional port and path, such as "registry.example.org/shop"; set XTASK_REGISTRY_USER and XTASK_REGISTRY_PASSWORD for a login

    For more information, try '--help'.
    "#);
    sandbox.var("XTASK_REGISTRY", &login);
    no_trace_in("stderr", sandbox.run(&["docker"]).exits(2).stderr.as_bytes());
}
