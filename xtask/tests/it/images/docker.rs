//! `docker` with an engine: the services are compiled in a container, and what comes out is what xtask packs without
//! one.

use crate::support::engine::{engine, said};
use crate::support::peers::has;
use crate::support::sandbox::Sandbox;
use oci_layout::{Digest, Image};
use serde_json::{Value, json};

/// Two services as a commit, and an engine. `None`, and loudly, without one.
fn sandbox(more: &str) -> Option<(Sandbox, &'static str)> {
    let mut sandbox = Sandbox::with_services(&["a-service", "b-service"]);
    let client = engine(&mut sandbox)?;
    sandbox.append("Cargo.toml", &format!("ca-bundle = \"ca.pem\"\nenv = {{ WHO = \"{{service}} for $5\" }}\n{more}"));
    sandbox.append("services/a-service/Cargo.toml", "[package.metadata.xtask.service]\nport = 8081\n");
    sandbox.file("ca.pem", "-----BEGIN CERTIFICATE-----\n");
    sandbox.lock();
    sandbox.commit();
    Some((sandbox, client))
}

fn digests(stdout: &str) -> Vec<Digest> {
    let summary: Value = serde_json::from_str(stdout).expect("it is JSON");
    let images = summary["images"].as_array().expect("a list");
    images.iter().map(|image| Digest::parse(image["digest"].as_str().expect("a text")).expect("a digest")).collect()
}

#[test]
fn services_are_compiled_in_a_container_once_and_the_images_are_the_same_again() {
    let Some((sandbox, client)) = sandbox("") else { return };
    let first = sandbox.run(&["docker", "--json"]).exits(0);
    let log = sandbox.read("target/xtask/runs/latest/logs/build-and-push+compile.log");
    assert!(log.contains("Compiling a-service") && log.contains("Compiling b-service"), "{log}");
    let again = sandbox.run(&["docker", "--json", "--", "--no-cache"]).exits(0);
    assert_eq!(digests(&first.stdout).len(), 2);
    assert_eq!(digests(&first.stdout), digests(&again.stdout), "compiled anew, and the same bytes");

    let packed = Image::open(&sandbox.root().join("target/xtask/images/a-service"), None).expect("it is whole");
    let summary: Value = serde_json::from_str(&first.stdout).expect("it is JSON");
    let name = format!("a-service:sha-{}", summary["commit"].as_str().expect("there is a commit"));
    let inspected = said(client, &["inspect", &name]).expect("the engine has it");
    let inspected: Value = serde_json::from_str(&inspected).expect("it is JSON");
    let (engine, packed) = (&inspected[0]["Config"], json!(packed.config().config));
    for key in ["User", "Entrypoint", "Labels", "ExposedPorts"] {
        assert_eq!(engine[key], packed[key], "{key}");
    }
    assert!(engine["Env"].as_array().expect("a list").contains(&json!("WHO=a-service for $5")), "{engine}");
    assert_eq!(said(client, &["run", "--rm", "--read-only", "--cap-drop", "ALL", &name]).as_deref(), Some(""));
    // Neither a shell nor anything else to run.
    assert_eq!(said(client, &["run", "--rm", "--entrypoint", "/bin/sh", &name]), None);
}

#[test]
fn a_change_of_the_sources_leaves_the_dependencies_as_they_are() {
    let Some((sandbox, _)) = sandbox("") else { return };
    let compile = || {
        sandbox.run(&["docker", "a"]).exits(0);
        sandbox.read("target/xtask/runs/latest/logs/build-and-push+compile.log")
    };
    compile();
    sandbox.append("services/a-service/src/lib.rs", "/// Thrice.\npub fn thrice(n: u32) -> u32 {\n    n * 3\n}\n");
    let log = compile();
    assert_eq!(
        log.matches("Compiling a-service").count(),
        1,
        "what stood in for the sources is not built again: {log}"
    );
    sandbox.append("services/b-service/src/lib.rs", "// another service\n");
    sandbox.append("Cargo.toml", "\n# A manifest.\n");
    assert_eq!(compile().matches("Compiling a-service").count(), 2, "now the dependencies might be others");
}

#[test]
fn the_build_sees_what_it_is_made_from_and_nothing_else() {
    let Some((sandbox, _)) = sandbox("sources = [\"NOTICE\"]\n") else { return };
    sandbox.file("NOTICE", "about us").file("password.txt", "hunter2");
    let main = "fn main() {\n    println!(\"{}\", include_str!(\"../../../NOTICE\"));\n}\n";
    sandbox.file("services/a-service/src/main.rs", main);
    sandbox.run(&["docker", "a"]).exits(0);
    let directory = sandbox.root().join("target/xtask/docker/context");
    assert!(
        directory.join("sources/NOTICE").is_file() && directory.join("sources/services/a-service/src/lib.rs").is_file()
    );
    for absent in ["sources/password.txt", "sources/services/b-service", "sources/Cargo.toml"] {
        assert!(!directory.join(absent).exists(), "{absent}");
    }
    // What has gone from the sources is gone from the next build.
    sandbox
        .file("services/a-service/src/main.rs", "mod gone;\nfn main() {}\n")
        .file("services/a-service/src/gone.rs", "");
    sandbox.run(&["docker", "a"]).exits(0);
    std::fs::remove_file(sandbox.root().join("services/a-service/src/gone.rs")).expect("it was there");
    let output = sandbox.run(&["docker", "a"]).exits(1);
    output.says("in the container: ").says("file not found for module `gone`");
}

#[test]
fn an_engine_that_is_away_is_the_environment_and_auto_goes_without() {
    let mut sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.stub("docker", "echo 'Cannot connect to the Docker daemon. Is it running?' >&2; exit 1");
    sandbox.file("ca.pem", "-----BEGIN CERTIFICATE-----\n");
    sandbox.append("Cargo.toml", "[workspace.metadata.xtask.image]\nca-bundle = \"ca.pem\"\n");
    sandbox.var("DOCKER_HOST", "unix:///nowhere.sock");
    let output =
        sandbox.run(&["docker", "--builder", "docker"]).exits(3).says("buildkit (for build-and-push) is broken");
    output.says("start its engine");
    sandbox.run(&["docker", "--builder", "auto"]).exits(0);
    sandbox.run(&["docker", "--builder", "auto", "--dry-run"]).exits(0).prints("cargo build --locked --release");
}

#[test]
fn a_linter_has_nothing_to_say_about_the_dockerfile() {
    if !has("hadolint") {
        return;
    }
    let sandbox = Sandbox::with_services(&["a-service", "b-service"]);
    let dockerfile = sandbox.run(&["docker", "--dockerfile"]).exits(0).stdout;
    assert!(dockerfile.contains("FROM scratch AS b-service"), "{dockerfile}");
    sandbox.file("Dockerfile", &format!("{dockerfile}\n"));
    let linted = sandbox.paste("hadolint Dockerfile");
    assert_eq!((linted.code, linted.stdout.as_str()), (0, ""), "{}", linted.stderr);
    sandbox.append("Dockerfile", "FROM debian\nRUN cd /tmp && sudo ls\n");
    assert_eq!(sandbox.paste("hadolint Dockerfile").code, 1, "it looks");
}
