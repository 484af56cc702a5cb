//! `docker` without an engine: what is in the images, what they depend on, and what is refused.

#![expect(clippy::disallowed_methods, reason = "a test stands outside of xtask, and calls git as a user would")]

use crate::support::sandbox::Sandbox;
use insta::assert_snapshot;
use oci_layout::Image;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Two services as a commit, one with a port; certificates are at hand whatever the machine has.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_services(&["a-service", "b-service"]);
    sandbox.file("ca.pem", "-----BEGIN CERTIFICATE-----\n");
    sandbox.append("Cargo.toml", "[workspace.metadata.xtask.image]\nca-bundle = \"ca.pem\"\n");
    sandbox.append("services/a-service/Cargo.toml", "[package.metadata.xtask.service]\nport = 8081\n");
    sandbox.lock();
    sandbox
}

fn open(root: &Path, service: &str) -> Image {
    Image::open(&root.join("target/xtask/images").join(service), None).expect("it is whole")
}

/// The digests in a run's summary, by service.
fn digests(json: &str) -> Vec<(String, String)> {
    let summary: Value = serde_json::from_str(json).expect("it is JSON");
    let images = summary["images"].as_array().expect("a list").iter();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    images.map(|image| (text(&image["service"]), text(&image["digest"]))).collect()
}

/// The sandbox's repository once more, in another directory.
fn clone_of(sandbox: &Sandbox) -> PathBuf {
    let other = sandbox.root().with_file_name("elsewhere");
    let git = Command::new("git").args(["clone", "--quiet"]).args([sandbox.root(), other.clone()]).status();
    assert!(git.expect("git runs").success());
    other
}

#[test]
fn an_image_holds_the_program_the_certificates_and_what_is_known() {
    let sandbox = sandbox();
    sandbox.append("Cargo.toml", "env = { GIT_COMMIT = \"{commit}\", WHO = \"{service} {version} at {port}\" }\n");
    sandbox.commit();
    let output = sandbox.run(&["docker", "a", "--json"]).exits(0);
    let image = open(&sandbox.root(), "a-service");
    assert_eq!(digests(&output.stdout), [("a-service".to_owned(), image.digest().to_string())]);
    let run = &image.config().config;
    assert_eq!((run.user.as_str(), &run.entrypoint[..]), ("65532:65532", &["/usr/local/bin/a-service".to_owned()][..]));
    let summary = sandbox.read("target/xtask/runs/latest/summary.json");
    let summary: Value = serde_json::from_str(&summary).expect("it is JSON");
    let commit = summary["commit"].as_str().expect("there is one").to_owned();
    assert_eq!(run.env, [format!("GIT_COMMIT={commit}"), "WHO=a-service 0.1.0 at 8081".to_owned()]);
    assert_eq!(run.labels["org.opencontainers.image.revision"], commit);
    assert_eq!(Some(&run.labels["org.opencontainers.image.created"]), image.config().created.as_ref());
    assert!(run.exposed_ports.contains_key("8081/tcp"));
    let files = image.files().expect("layers can be read");
    assert!(files.has("/usr/local/bin/a-service") && files.has("/etc/ssl/certs/ca-certificates.crt"));
    assert!(!files.has("/bin/sh"), "no shell");
    let bill: Value =
        serde_json::from_str(&sandbox.read("target/xtask/images/a-service.cdx.json")).expect("it is JSON");
    assert_eq!(bill["metadata"]["component"]["name"], "a-service");
}

#[test]
fn two_clones_of_one_commit_make_the_same_bytes() {
    let sandbox = sandbox();
    sandbox.commit();
    let elsewhere = clone_of(&sandbox);
    let here = sandbox.run(&["docker", "--json"]).exits(0);
    let there = sandbox.run(&["-C", &elsewhere.to_string_lossy(), "docker", "--json"]).exits(0);
    assert_eq!(digests(&here.stdout).len(), 2);
    assert_eq!(digests(&here.stdout), digests(&there.stdout));
}

#[test]
fn a_tree_that_differs_from_its_commit_is_marked() {
    let sandbox = sandbox();
    sandbox.commit();
    // Not even known to git: a build may read it all the same.
    sandbox.file("services/a-service/migrations/1.sql", "");
    sandbox.run(&["docker", "a"]).exits(0);
    let revision =
        open(&sandbox.root(), "a-service").config().config.labels["org.opencontainers.image.revision"].clone();
    assert!(revision.ends_with("-dirty") && revision.len() > 40, "{revision}");
}

#[test]
fn without_git_there_is_neither_revision_nor_time() {
    let sandbox = sandbox();
    sandbox.run(&["docker", "a"]).exits(0);
    let image = open(&sandbox.root(), "a-service");
    assert_eq!(image.config().created, None);
    assert!(!image.config().config.labels.contains_key("org.opencontainers.image.revision"));
}

#[test]
fn a_service_may_go_without_image() {
    let sandbox = sandbox();
    sandbox.append("services/a-service/Cargo.toml", "image = false\n");
    assert_snapshot!(sandbox.run(&["docker", "a"]), @"
    exit code 4
    ----- stderr -----
    error: nothing to run: the plan is empty
      because: build-and-push: no selected package has anything for it
    hint: `cargo xtask plan` shows what would run
    ");
    let output = sandbox.run(&["docker", "--dry-run"]).exits(0);
    assert!(
        output.stdout.contains("  # pack the image of b-service from the programs of ")
            && !output.stdout.contains("a-service")
    );
}

#[test]
fn a_program_that_needs_libraries_is_refused_and_so_is_one_that_is_too_big() {
    let sandbox = sandbox();
    sandbox.append("Cargo.toml", "static = false\n");
    // The rest varies: sizes and names of libraries with the machine, the order with the task that ends first.
    let output = sandbox.run(&["docker", "a"]).exits(1).says("and `scratch` is empty");
    output.says("hint: build it without: `[workspace.metadata.xtask.image] static = true`");
    sandbox.file("Cargo.toml", &sandbox.read("Cargo.toml").replace("static = false", "budget = \"1 KiB\""));
    sandbox.run(&["docker", "a"]).exits(1).says("keep the image of a-service within its budget");
}

#[test]
fn a_push_builds_once_for_both_stages() {
    let sandbox = sandbox();
    let builds = |args: &[&str]| {
        let output = sandbox.run(args).exits(0);
        output.stdout.lines().filter(|line| line.contains("build --locked --release")).map(str::to_owned).collect()
    };
    let push: Vec<String> = builds(&["plan", "--event", "push"]);
    let alone: Vec<String> = builds(&["docker", "--dry-run"]);
    assert_eq!(push.len(), 1);
    assert_eq!(push, alone, "the same command, so that one finds what the other has built");
    assert!(push[0].contains("+crt-static"), "{push:?}");
    let pull_request: Vec<String> = builds(&["plan"]);
    assert!(!pull_request[0].contains("+crt-static"), "without images nothing asks for it: {pull_request:?}");
}
