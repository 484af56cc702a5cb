//! A doc test that has passed is not run again where nothing else could be the result: with the real cargo and git.

use crate::support::sandbox::Sandbox;
use serde_json::Value;
use std::fs;

const TESTS: [&str; 2] = ["test-matrix", "--verbose"];

/// A committed workspace with a lock file and a service with this doc test; no configuration of cargo applies to it.
fn workspace(doc_test: &str) -> Sandbox {
    let mut sandbox = Sandbox::with_services(&["a-service"]);
    let home = sandbox.root().with_file_name("cargo-home");
    sandbox.var("CARGO_HOME", home);
    let more = format!("\n/// Does it.\n///\n/// ```\n/// {doc_test}\n/// ```\npub fn does_it() {{}}\n");
    sandbox.append("services/a-service/src/lib.rs", &more);
    sandbox.lock();
    sandbox.commit();
    sandbox
}

/// How the doc tests of the service ended in the latest run.
fn outcome(sandbox: &Sandbox) -> String {
    let stages = sandbox.summary().0["stages"].clone();
    let tasks = stages.as_array().expect("a list").iter().flat_map(|stage| stage["tasks"].as_array().expect("a list"));
    let mut doc = tasks.filter(|task| task["id"] == "test-services/a-service:doc");
    doc.next().and_then(|task| task["outcome"].as_str()).expect("it has doc tests").to_owned()
}

/// Why the record of the latest run says that something is not cached.
fn recorded(sandbox: &Sandbox) -> Vec<String> {
    let record = sandbox.read("target/xtask/runs/latest/events.ndjson");
    let events = record.lines().map(|line| serde_json::from_str::<Value>(line).expect("it is JSON"));
    let missed = events.filter(|event| event["event"] == "task-not-cached");
    missed.map(|event| event["because"].as_str().expect("a text").to_owned()).collect()
}

#[test]
fn what_sees_only_its_sources_is_cached_and_a_miss_says_why() {
    let mut sandbox = workspace("assert_eq!(a_service::twice(3), 6);");
    sandbox.run(&TESTS).exits(0);
    assert_eq!(outcome(&sandbox), "passed");
    let output = sandbox.run(&TESTS).exits(0).says("with the same inputs");
    assert_eq!(outcome(&sandbox), "cached");
    assert_eq!(output.verdict(), "passed: 1 stage, 3 tests in TIME");
    assert_eq!(recorded(&sandbox), [""; 0]);
    sandbox.var("A_LOGIN", "a-secret-value");
    sandbox.run(&TESTS).exits(0).says(" is not cached: $A_LOGIN is new\n");
    assert_eq!(outcome(&sandbox), "passed");
    assert_eq!(recorded(&sandbox), ["$A_LOGIN is new"]);
    sandbox.append("services/a-service/src/lib.rs", "\n/// One.\npub fn one() {}\n");
    let quiet = sandbox.run(&TESTS[..1]).exits(0);
    assert!(!quiet.stderr.contains("not cached"), "{}", quiet.stderr);
    assert_eq!(recorded(&sandbox), ["services/a-service/src/lib.rs changed"]);
    // Counts that were changed by hand are not believed.
    let cache = sandbox.root().join("target/xtask/cache");
    let mut entries = fs::read_dir(&cache).expect("it is there").map(|entry| entry.expect("an entry").path());
    let entry = entries.next().expect("one is remembered");
    let text = fs::read_to_string(&entry).expect("a text");
    assert!(!text.contains("a-secret-value"), "{text}");
    fs::write(&entry, text.replace("\"passed\":2", "\"passed\":9")).expect("written");
    let output = sandbox.run(&TESTS).exits(0).says("its contents are not those that were written");
    assert_eq!(output.verdict(), "passed: 1 stage, 3 tests in TIME");
}

#[test]
fn what_only_others_depend_on_does_not_bring_it_back() {
    const TESTS: [&str; 3] = ["test-matrix", "a-service", "--verbose"];
    let sandbox = workspace("assert_eq!(a_service::twice(3), 6);");
    let helper = |version: &str| {
        let manifest = format!("[package]\nname = \"helper\"\nversion = \"{version}\"\nedition = \"2024\"\n");
        sandbox.repository("helper", &[("Cargo.toml", &manifest), ("src/lib.rs", "")])
    };
    let manifest = "services/b-service/Cargo.toml";
    sandbox.service("b-service");
    sandbox.append(manifest, &format!("\n[dependencies]\nhelper = {{ git = \"file://{}\" }}\n", helper("1.0.0")));
    sandbox.paste("cargo generate-lockfile").exits(0);
    sandbox.run(&TESTS).exits(0);
    assert_eq!(outcome(&sandbox), "passed");
    helper("1.1.0");
    sandbox.paste("cargo generate-lockfile").exits(0);
    assert!(sandbox.read("Cargo.lock").contains("1.1.0"));
    sandbox.append("Cargo.toml", "\n[workspace.metadata.xtask.coverage]\nminimum = 40\n");
    sandbox.run(&TESTS).exits(0);
    assert_eq!((outcome(&sandbox), recorded(&sandbox)), ("cached".to_owned(), Vec::new()));
    sandbox.append("Cargo.toml", "\n[profile.dev]\nopt-level = 1\n");
    sandbox.run(&TESTS).exits(0).says(" is not cached: `profile` in the root manifest is new\n");
    let manifest = sandbox.read("services/a-service/Cargo.toml").replace("0.1.0", "0.2.0");
    sandbox.file("services/a-service/Cargo.toml", &manifest).paste("cargo generate-lockfile").exits(0);
    sandbox.run(&TESTS).exits(0).says(" is not cached: locked a-service 0.1.0 → 0.2.0 (and 1 more)\n");
    assert_eq!(outcome(&sandbox), "passed");
}

/// Requires that a doc test is red once `breaks` was done, although the same commit has passed before.
#[track_caller]
fn is_seen(doc_test: &str, breaks: impl Fn(&mut Sandbox)) {
    let mut sandbox = workspace(doc_test);
    sandbox.run(&TESTS).exits(0);
    breaks(&mut sandbox);
    sandbox.run(&TESTS).exits(1);
    assert_eq!(outcome(&sandbox), "failed");
}

#[test]
fn a_doc_test_that_reads_a_variable_is_run_again() {
    is_seen("assert!(std::env::var_os(\"BREAK\").is_none());", |it| {
        it.var("BREAK", "1");
    });
    is_seen("assert!(option_env!(\"BREAK\").is_none());", |it| {
        it.var("BREAK", "1");
    });
    let configured = "[env]\nBREAK = \"1\"\n";
    is_seen("assert!(std::env::var_os(\"BREAK\").is_none());", |it| {
        it.file("../.cargo/config.toml", configured);
    });
    // One that rustdoc gets its flags from, and the configuration that it would get them from otherwise.
    is_seen("assert!(!cfg!(broken));", |it| {
        it.var("RUSTDOCFLAGS", "--cfg broken");
    });
    let configured = "[build]\nrustdocflags = [\"--cfg\", \"broken\"]\n";
    is_seen("assert!(!cfg!(broken));", |it| {
        it.file("../.cargo/config.toml", configured);
    });
    is_seen("assert!(!cfg!(broken));", |it| {
        it.file("../cargo-home/config.toml", configured);
    });
}

#[test]
fn a_doc_test_that_reads_a_file_is_run_again() {
    let reads = |path: &str| format!("assert!(!std::path::Path::new(\"{path}\").exists());");
    is_seen(&reads("state.txt"), |it| {
        it.file(".git/info/exclude", "state.txt\n").file("services/a-service/state.txt", "");
    });
    is_seen(&reads("../../../outside.txt"), |it| {
        it.file("../outside.txt", "");
    });
}

#[test]
fn a_source_that_git_does_not_compare_is_compiled() {
    let broken = "//! Broken.\n\n/// ```\n/// panic!();\n/// ```\npub fn twice(n: u32) -> u32 {\n    n\n}\n";
    is_seen("assert_eq!(a_service::twice(3), 6);", |it| {
        it.paste("git update-index --assume-unchanged services/a-service/src/lib.rs").exits(0);
        it.file("services/a-service/src/lib.rs", broken);
    });
}
