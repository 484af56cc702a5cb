//! `docker --push` to a real registry: what is there afterwards, who may put it there, and what stops it.
//!
//! Outputs of whole pushes are checked in part: sizes depend on the linker, the order on which task ends first, and some words
//! are skopeo's, with the time in them.

use crate::support::advisories::with_vulnerable_dependency;
use crate::support::peers::{Amazon, Registry};
use crate::support::pushing::{CONFIG, PASSWORD, SHOP, commit, files, holds_the_login, to_push};
use crate::support::sandbox::Sandbox;
use insta::assert_snapshot;
use oci_layout::Digest;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use test_cluster::Cluster;

/// Lines of a password file: what moto gives as Amazon's password, and another user's.
const AWS: &str = "AWS:$2b$04$l/./LSXUZyAo.OS8bBcHoeoZ0xrFJra6RDcyW7jcY19vCdK7oPftC\n";

fn json(sandbox: &Sandbox, path: &str) -> Value {
    serde_json::from_str(&sandbox.read(path)).expect("it is JSON")
}

fn commit_tag(sandbox: &Sandbox) -> String {
    let summary = json(sandbox, "target/xtask/runs/latest/summary.json");
    format!("sha-{}", summary["commit"].as_str().expect("there is a commit"))
}

fn layout(sandbox: &Sandbox, service: &str) -> PathBuf {
    sandbox.root().join("target/xtask/images").join(service)
}

#[test]
fn images_are_pushed_read_back_and_pushed_again_without_a_change() {
    let Some(registry) = Registry::start(None) else { return };
    let sandbox = to_push();
    let to = format!("{}/shop", registry.host);
    let output = sandbox.run(&["docker", "--push", "--registry", &to]).exits(0);
    output.says("  service    size").says("  pushed as\n");
    let pushed = json(&sandbox, "target/xtask/runs/latest/images.json");
    let images = pushed["images"].as_array().expect("a list").clone();
    assert_eq!(images.len(), 2);
    let commit = commit_tag(&sandbox);
    for image in &images {
        let service = image["service"].as_str().expect("a name");
        assert_eq!(image["repository"], format!("{to}/{service}"));
        assert_eq!(image["tags"], serde_json::json!([commit, "main"]));
        for tag in [&commit, "main"] {
            let found = Digest::of(&registry.manifest(&format!("shop/{service}:{tag}")));
            assert_eq!(image["digest"], found.to_string());
        }
    }
    let again = sandbox.run(&["docker", "--push", "--registry", &to, "--json"]).exits(0);
    assert_eq!(serde_json::from_str::<Value>(&again.stdout).expect("it is JSON")["images"], Value::Array(images));
    let log = sandbox.read("target/xtask/runs/latest/logs/build-and-push.a-service+push.log");
    assert!(log.contains("has it already, as sha-"), "{log}");
}

#[test]
fn a_tag_that_names_another_image_is_an_error_and_half_a_set_is_no_set() {
    let Some(registry) = Registry::start(None) else { return };
    let sandbox = to_push();
    let push = ["docker", "--push", "--registry", &registry.host, "--keep-going"];
    sandbox.run(&push).exits(0);
    let commit = commit_tag(&sandbox);
    registry.put(&layout(&sandbox, "b-service"), &format!("a-service:{commit}"));
    sandbox.run(&push).exits(1).says(&format!("a-service:{commit}: the tag exists with another digest"));
    let run = fs::read_dir(sandbox.root().join("target/xtask/runs/latest")).expect("a directory");
    let names: Vec<_> = run.map(|entry| entry.expect("an entry").file_name()).collect();
    assert!(!names.iter().any(|name| name == "images.json"), "{names:?}");
    // A branch's tag may move, and is set right.
    registry.put(&layout(&sandbox, "a-service"), &format!("a-service:{commit}"));
    registry.put(&layout(&sandbox, "b-service"), "a-service:main");
    sandbox.run(&push).exits(0);
    assert_eq!(registry.manifest("a-service:main"), registry.manifest(&format!("a-service:{commit}")));
}

#[test]
fn what_has_no_clean_commit_or_no_place_to_go_is_not_even_built() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    let push = |registry: &[&str]| sandbox.run(&[&["docker", "--push"][..], registry].concat());
    let registry = ["--registry", "127.0.0.1:1/shop"];
    assert_snapshot!(push(&registry), @"
    exit code 2
    ----- stderr -----
    error: cannot push the images: there is no commit to name them after
    hint: commit first, in a git repository
    ");
    sandbox.commit();
    assert_snapshot!(push(&[]), @"
    exit code 2
    ----- stderr -----
    error: cannot push the images: no registry is configured
    hint: name one: `--registry HOST/DIR`, or `[workspace.metadata.xtask.image] registry`
    ");
    assert_snapshot!(push(&["--registry", "https://example.org"]), @r#"
    exit code 2
    ----- stderr -----
    error: invalid value 'https://example.org' for '--registry <REGISTRY>': it must be a host with an optional port and path, such as "registry.example.org/shop"

    For more information, try '--help'.
    "#);
    sandbox.file("services/a-service/new.sql", "");
    assert_snapshot!(push(&registry), @"
    exit code 2
    ----- stderr -----
    error: cannot push the images: the tree differs from the commit that they would be named after
    hint: commit or remove what `git status` shows; without `--push` images are made and marked
    ");
    assert!(!sandbox.root().join("target").exists(), "nothing was made");
}

#[test]
fn a_password_goes_to_the_registry_and_nowhere_else() {
    let Some(registry) = Registry::start(Some(SHOP)) else { return };
    let mut sandbox = to_push();
    sandbox.var("XTASK_REGISTRY_USER", "shop").var("XTASK_REGISTRY_PASSWORD", PASSWORD);
    // Whoever lists processes sees their arguments.
    let argv = sandbox.root().with_file_name("argv");
    let body = format!("echo \"$@\" >> '{}'\nPATH=\"${{PATH#*:}}\" exec skopeo \"$@\"", argv.display());
    sandbox.stub("skopeo", &body);
    sandbox.run(&["docker", "a", "--push", "--registry", &registry.host, "--verbose"]).exits(0);
    let argv = fs::read_to_string(argv).expect("it was called");
    assert!(argv.contains("login --authfile") && !argv.contains(PASSWORD), "{argv}");
    let home = sandbox.root().with_file_name("home");
    let left: Vec<PathBuf> = files(&home).into_iter().map(|(path, _)| path).collect();
    assert!(left.iter().all(|path| !path.to_string_lossy().contains("auth.json")), "{left:?}");
    for (path, content) in files(&sandbox.root().join("target/xtask/runs")) {
        assert!(!holds_the_login(&content), "{} holds the password", path.display());
    }
    // A deployment of what was pushed has to ask for it, with the same login.
    let cluster = Cluster::start();
    cluster.create_namespace("shop");
    let environment = "[workspace.metadata.xtask.environments.staging]\ncontext = \"test\"\nnamespace = \"shop\"\n";
    sandbox.file("kubeconfig", &cluster.kubeconfig()).append("Cargo.toml", environment).commit();
    sandbox.var("KUBECONFIG", sandbox.root().join("kubeconfig"));
    let plan = sandbox.run(&["deploy", "staging", "a", "--plan"]).exits(0);
    assert!(plan.stdout.contains("+ Deployment a-service"), "{}", plan.stdout);
    sandbox.var("XTASK_REGISTRY_PASSWORD", "wrong-horse-battery");
    let output = sandbox.run(&["docker", "a", "--push", "--registry", &registry.host]).exits(3);
    output.says("log in to").says("check the login");
    let refused = format!("{} denies access: ", registry.host);
    sandbox.run(&["deploy", "staging", "a", "--plan"]).exits(3).says(&refused);
}

#[test]
fn amazons_registry_gets_the_password_that_aws_gives() {
    let (Some(registry), Some(amazon)) = (Registry::start(Some(AWS)), Amazon::start()) else { return };
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.append("Cargo.toml", CONFIG).append("Cargo.toml", "image.login = \"ecr\"\n");
    let mut sandbox = commit(sandbox, "another-crate");
    sandbox.var("AWS_ENDPOINT_URL", &amazon.url).var("AWS_DEFAULT_REGION", "eu-central-1");
    sandbox.var("AWS_ACCESS_KEY_ID", "testing").var("AWS_SECRET_ACCESS_KEY", "testing");
    sandbox.run(&["docker", "--push", "--registry", &registry.host]).exits(0);
    assert!(json(&sandbox, "target/xtask/runs/latest/images.json")["images"][0]["digest"].is_string());
    for (path, content) in files(&sandbox.root().join("target/xtask/runs")) {
        let text = String::from_utf8_lossy(&content);
        assert!(!text.contains("123456789012-auth-token"), "{} holds the password", path.display());
    }
    sandbox.var("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    let output = sandbox.run(&["docker", "--push", "--registry", &registry.host]).exits(3);
    output.says("get a password of Amazon's registry");
}

#[test]
fn what_is_known_against_the_images_is_told_before_they_are_pushed_and_stops_them_when_it_blocks() {
    let Some(registry) = Registry::start(None) else { return };
    let sandbox = with_vulnerable_dependency();
    sandbox.append("Cargo.toml", CONFIG);
    let sandbox = commit(sandbox, "old-time");
    let push = ["docker", "--push", "--registry", &registry.host];
    let output = sandbox.run(&push).exits(0).says("Potential segfault");
    let place = |text: &str| output.stderr.find(text).unwrap_or_else(|| panic!("{text}: {}", output.stderr));
    assert!(place("security-audit:cargo-audit") < place("build-and-push/a-service:push"), "told before the push");
    let first = registry.manifest("a-service:main");
    sandbox.append("Cargo.toml", "stages.security-audit.policy = \"blocking\"\n");
    sandbox.commit();
    sandbox.run(&push).exits(1).says("failed: security-audit (cargo-audit: 1 vulnerability)");
    assert_eq!(registry.manifest("a-service:main"), first, "nothing was pushed");
}

#[test]
fn only_what_may_pass_is_tried_again() {
    let Some(registry) = Registry::start(None) else { return };
    let sandbox = to_push();
    let calls = sandbox.root().with_file_name("calls");
    let stub = |first: &str| {
        let _ = fs::remove_file(&calls);
        let body = format!(
            "case \"$1\" in --version) ;; *)\n  echo \"$1\" >> '{0}'\n  \
             if [ \"$(wc -l < '{0}')\" = 1 ]; then echo '{first}' >&2; exit 1; fi\nesac\n\
             PATH=\"${{PATH#*:}}\" exec skopeo \"$@\"",
            calls.display()
        );
        sandbox.stub("skopeo", &body);
    };
    let push = ["docker", "a", "--push", "--registry", &registry.host];
    stub("pinging container registry: dial tcp: connect: connection refused");
    sandbox.run(&push).exits(0);
    stub("trying to reuse blob: received unexpected HTTP status: 503 Service Unavailable");
    sandbox.run(&push).exits(0);
    stub("reading manifest: unauthorized: authentication required");
    sandbox.run(&push).exits(3).says("check the login");
    assert_eq!(fs::read_to_string(&calls).expect("it was called"), "inspect\n");
}

/// What `cargo` runs before it compiles a-service: a hand that changes the checkout meanwhile.
const MEDDLER: &str = r#"use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=MEDDLE");
    match std::env::var("MEDDLE").as_deref() {
        Ok("tree") => std::fs::write("../../new-file", "").expect("it can be written"),
        Ok("head") => {
            let commit = ["-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--allow-empty", "-m", "x"];
            assert!(Command::new("git").args(commit).status().expect("git runs").success());
        }
        _ => {}
    }
}
"#;

#[test]
fn nothing_is_pushed_when_the_checkout_changes_after_it_was_checked() {
    let Some(registry) = Registry::start(None) else { return };
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.file("services/a-service/build.rs", MEDDLER).append("Cargo.toml", CONFIG);
    let mut sandbox = commit(sandbox, "another-crate");
    let push = ["docker", "--push", "--registry", &registry.host];
    let changed = "the checkout has changed since the run began";
    // While the programs are built.
    for what in ["tree", "head"] {
        sandbox.var("MEDDLE", what);
        sandbox.run(&push).exits(3).says(&format!("pack the image of a-service: {changed}")).says("run it again");
        let _ = fs::remove_file(sandbox.root().join("new-file"));
    }
    // Between that and the push.
    sandbox.var("MEDDLE", "").var("XTASK_REGISTRY_USER", "shop").var("XTASK_REGISTRY_PASSWORD", PASSWORD);
    let login = "case \"$1\" in login) touch new-file ;; *) PATH=\"${PATH#*:}\" exec skopeo \"$@\" ;; esac";
    sandbox.stub("skopeo", login);
    sandbox.run(&push).exits(3).says(&format!("push the image of a-service: {changed}"));
    assert!(!registry.has("a-service"), "nothing is there");
    fs::remove_file(sandbox.root().join("new-file")).expect("it was written");
    sandbox.stub("skopeo", "PATH=\"${PATH#*:}\" exec skopeo \"$@\"");
    sandbox.var("XTASK_REGISTRY_PASSWORD", "");
    sandbox.run(&push).exits(0);
    assert!(registry.has("a-service"));
}
