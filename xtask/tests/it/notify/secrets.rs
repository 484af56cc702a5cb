//! `notify`: the address of a webhook is seen by curl and nobody else, and words from outside call nobody.

use crate::support::hook::Hook;
use crate::support::running::arguments;
use crate::support::sandbox::Sandbox;
use crate::support::traces::{none_below, none_in};
use insta::assert_snapshot;

const PATH: &str = "/services/T0CANARY1/b/canary-in-the-path-of-a-webhook?key=canary-key-2";
const TOKEN: &str = "canary-token-3";
/// What the canaries look like, plain and encoded.
const TRACES: [&str; 6] = [
    PATH,
    "T0CANARY1",
    "canary-in-the-path-of-a-webhook",
    "canary-key-2",
    TOKEN,
    // Base64 of the token, where it begins a text.
    "Y2FuYXJ5LXRva2VuLT",
];

fn sandbox() -> Sandbox {
    let mut sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.run(&["fmt", "--fix"]).exits(0);
    sandbox.var("DEPLOY_TOKEN", TOKEN).var("GITHUB_HEAD_REF", format!("branch-{TOKEN}"));
    sandbox
}

#[test]
fn no_address_is_seen_anywhere() {
    let mut sandbox = sandbox();
    // Both servers show in their answers what they were asked for.
    let (slack, other) = (Hook::held("404 Gone"), Hook::ok());
    sandbox.var("XTASK_SLACK_WEBHOOK", slack.url(PATH)).var("XTASK_WEBHOOK", other.url(PATH));
    // A child that shows its surroundings, and one that is told to fail.
    sandbox.stage("tells", "policy = \"info\"", "env; echo \"$XTASK_WEBHOOK\" | base64 -w0; exit 1");
    let encoded = sandbox.paste("echo \"$XTASK_WEBHOOK\" | base64 -w0").exits(0).stdout;
    let events = sandbox.beside("events");
    let args = ["ci", "--event", "push", "--only", "fmt", "--only", "tells", "--only", "notify", "--verbose"];
    let run = sandbox.start(&[&args[..], &["--json", "--events", &events.to_string_lossy()]].concat());
    slack.until_asked();
    let words = arguments(&sandbox.latest());
    let is_curl =
        |words: &Vec<u8>| String::from_utf8_lossy(words).split('\0').next().is_some_and(|it| it.ends_with("curl"));
    assert!(words.iter().any(is_curl), "curl runs");
    for words in words {
        none_in(&TRACES, "an argument list", &words);
    }
    slack.release();
    let output = run.finish().exits(0).says("cannot notify Slack: it refuses with status 404");
    none_in(&TRACES, "stderr", output.stderr.as_bytes());
    none_in(&TRACES, "stdout", output.stdout.as_bytes());
    none_below(&TRACES, &sandbox.root().join("target/xtask"));
    none_in(&TRACES, "the file of --events", &std::fs::read(events).expect("it is written"));
    none_in(&[&encoded[30..60]], "a log", sandbox.run_file(&sandbox.latest(), "logs/tells+command.log").as_bytes());
    // The token is in no notification either; the other webhook was told all the same.
    none_in(&TRACES[4..], "a notification", other.request().body.as_bytes());
    assert_eq!(other.request().json()["branch"], "branch-***");
}

#[test]
fn typed_alone_it_says_no_more() {
    let mut sandbox = sandbox();
    sandbox.run(&["fmt"]).exits(0);
    for answer in ["404 Gone", "302 Moved\r\nLocation: http://127.0.0.1:9/services/T0CANARY1"] {
        sandbox.var("XTASK_SLACK_WEBHOOK", Hook::answers(&[answer]).url(PATH));
        let output = sandbox.run(&["notify"]).exits(3);
        none_in(&TRACES, "stderr", output.stderr.as_bytes());
        none_in(&TRACES, "stdout", output.stdout.as_bytes());
    }
    for address in
        ["http://hooks.example.org", "https://hooks.example.org/ ", "\"https://hooks.example.org", "ftp://x", "x"]
    {
        sandbox.var("XTASK_SLACK_WEBHOOK", format!("{address}{PATH}"));
        let output = sandbox.run(&["notify"]).exits(2).says("use the webhook in XTASK_SLACK_WEBHOOK: ");
        none_in(&TRACES, "stderr", output.stderr.as_bytes());
    }
    sandbox.var("XTASK_SLACK_WEBHOOK", format!("https://hooks.example.org{PATH}\nproxy = \"http://127.0.0.1:9\""));
    assert_snapshot!(sandbox.run(&["notify"]), @"
    exit code 2
    ----- stderr -----
    error: cannot use the webhook in XTASK_SLACK_WEBHOOK: it holds spaces, quotes, line ends or other characters that no address has
    hint: set XTASK_SLACK_WEBHOOK to an address that begins with https://
    ");
    none_below(&TRACES, &sandbox.root().join("target/xtask"));
}

#[test]
fn words_from_outside_call_nobody() {
    let mut sandbox = Sandbox::with_services(&["a-service"]);
    let failing = "#[test]\nfn fails() {\n    panic!(\"<!channel> *x* `y` | z\");\n}\n";
    sandbox.append("services/a-service/src/lib.rs", failing);
    sandbox.run(&["test-matrix"]).exits(1);
    // No test of Rust has such a name; a record could.
    let record = format!("target/xtask/runs/{}/events.ndjson", sandbox.latest());
    let hostile =
        sandbox.read(&record).replace("\"fails\"", r#""<!channel> *x* `y` | z\n@here <https://evil.example|w>""#);
    sandbox.file(&record, &hostile);
    let (slack, other) = (Hook::ok(), Hook::ok());
    let step = sandbox.beside("step.md");
    sandbox.var("XTASK_SLACK_WEBHOOK", slack.url("/")).var("XTASK_WEBHOOK", other.url("/"));
    sandbox.var("GITHUB_HEAD_REF", "<!everyone>*b*`c`|d").var("GITHUB_STEP_SUMMARY", &step);
    sandbox.run(&["notify"]).exits(0);
    let text = slack.request().text();
    assert!(text.contains("repair &lt;!channel&gt; \u{2217}x\u{2217} \u{2cb}y\u{2cb} | z @\u{200b}here"), "{text}");
    assert!(text.contains("branch `&lt;!everyone&gt;*b*\u{2cb}c\u{2cb}|d`"), "{text}");
    assert!(!text.contains('<'), "{text}");
    let document = other.request().json();
    assert_eq!(document["branch"], "<!everyone>*b*`c`|d");
    let markdown = std::fs::read_to_string(step).expect("it is written");
    assert!(markdown.contains("branch &#60;!everyone&#62;&#42;b&#42;&#96;c&#96;&#124;d"), "{markdown}");
    assert!(markdown.contains("repair &#60;!channel&#62; &#42;x&#42; &#96;y&#96; &#124; z &#64;here"), "{markdown}");
}
