//! What is in images: each service's own program, built with the flags that the user builds with, and the one that is to be
//! started.

#![expect(clippy::disallowed_methods, reason = "a test stands outside of xtask, and looks into images as a user would")]

use crate::support::sandbox::Sandbox;
use insta::assert_snapshot;
use oci_layout::Image;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// Services with a program each that prints the service's name, and certificates whatever the machine has.
fn sandbox(services: &[&str]) -> Sandbox {
    let sandbox = Sandbox::with_services(services);
    sandbox.file("ca.pem", "-----BEGIN CERTIFICATE-----\n");
    sandbox.append("Cargo.toml", "[workspace.metadata.xtask.image]\nca-bundle = \"ca.pem\"\n");
    for service in services {
        sandbox.file(&format!("services/{service}/src/main.rs"), &printing(service));
    }
    sandbox
}

fn printing(text: &str) -> String {
    format!("fn main() {{\n    println!(\"{text}\");\n}}\n")
}

fn layout(sandbox: &Sandbox, service: &str) -> PathBuf {
    sandbox.root().join("target/xtask/images").join(service)
}

/// What the program of this name in the image of a service prints.
#[track_caller]
fn started(sandbox: &Sandbox, service: &str, program: &str) -> String {
    let to = sandbox.beside("unpacked").join(service);
    fs::create_dir_all(&to).expect("a directory");
    for blob in fs::read_dir(layout(sandbox, service).join("blobs/sha256")).expect("the blobs").flatten() {
        // Those that are no layer are refused.
        let _ = Command::new("tar").arg("-xzf").arg(blob.path()).arg("-C").arg(&to).output().expect("tar runs");
    }
    let output = Command::new(to.join("usr/local/bin").join(program)).output().expect("the program is there");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn two_services_whose_programs_have_one_name_have_their_own_each() {
    let sandbox = sandbox(&["a-service", "b-service", "c-service"]);
    for service in ["a-service", "b-service"] {
        sandbox
            .append(&format!("services/{service}/Cargo.toml"), "[[bin]]\nname = \"server\"\npath = \"src/main.rs\"\n");
    }
    let output = sandbox.run(&["docker"]).exits(0);
    for service in ["a-service", "b-service"] {
        assert_eq!(started(&sandbox, service, "server"), service);
    }
    assert_eq!(started(&sandbox, "c-service", "c-service"), "c-service");
    assert!(!output.stderr.contains("collision"), "{}", output.stderr);
    // A run of the whole pipeline builds them in the stage before.
    let plan = sandbox.run(&["plan", "--event", "push"]).exits(0);
    let builds: Vec<&str> = plan.stdout.lines().filter(|line| line.contains("cargo build")).collect();
    assert_eq!(builds.len(), 2, "one for all but the one whose name is taken: {builds:?}");
    assert!(builds[1].contains("--package b-service") && builds[1].contains("--target-dir"), "{builds:?}");
    let dockerfile = sandbox.run(&["docker", "--dockerfile"]).exits(0).stdout;
    assert!(dockerfile.contains("cp /apart/b-service/*/release/server /programs/b-service/"), "{dockerfile}");
    assert!(dockerfile.contains("COPY --from=xtask-builder /programs/b-service/ /usr/local/bin/"), "{dockerfile}");
}

/// A program that compiles only with this configuration, which the flag `--cfg` gives.
fn wanting(cfg: &str) -> String {
    format!("#[cfg(not({cfg}))]\ncompile_error!(\"the flags are lost\");\n\nfn main() {{}}\n")
}

#[test]
fn images_are_built_with_the_users_flags_and_linked_statically_wherever_these_are_from() {
    let mut sandbox = sandbox(&["a-service"]);
    let tables = [
        "[build]\nrustflags = \"--cfg mine\"\n",
        "[target.'cfg(unix)']\nrustflags = [\"--cfg\", \"mine\"]\n[build]\nrustflags = [\"--cfg\", \"hidden\"]\n",
        "[target.'cfg(windows)']\nrustflags = \"--cfg other\"\n[build]\nrustflags = [\"--cfg\", \"mine\"]\n",
    ];
    sandbox.file("services/a-service/src/main.rs", &wanting("mine"));
    for table in tables {
        sandbox.file(".cargo/config.toml", table);
        sandbox.run(&["build"]).exits(0);
        // One that is not static is refused on `scratch`.
        sandbox.run(&["docker"]).exits(0);
    }
    sandbox.var("RUSTFLAGS", "--cfg given");
    sandbox.file("services/a-service/src/main.rs", &wanting("given"));
    sandbox.run(&["docker"]).exits(0);
    let dockerfile = sandbox.run(&["docker", "--dockerfile"]).exits(0).stdout;
    assert!(dockerfile.contains("RUSTFLAGS='--cfg given -Ctarget-feature=+crt-static' cargo build"), "{dockerfile}");
}

#[test]
fn the_program_that_an_image_starts_is_the_one_that_cargo_run_starts() {
    let sandbox = sandbox(&["a-service"]);
    sandbox.file("services/a-service/src/bin/worker.rs", &printing("worker"));
    let entrypoint = || {
        sandbox.run(&["docker"]).exits(0);
        Image::open(&layout(&sandbox, "a-service"), None).expect("it is whole").config().config.entrypoint.clone()
    };
    assert_eq!(entrypoint(), ["/usr/local/bin/a-service"]);
    let manifest = sandbox.read("services/a-service/Cargo.toml");
    sandbox
        .file("services/a-service/Cargo.toml", &manifest.replace("[package]", "[package]\ndefault-run = \"worker\""));
    assert_eq!(entrypoint(), ["/usr/local/bin/worker"]);
    let renamed = "[[bin]]\nname = \"server\"\npath = \"src/main.rs\"\n";
    sandbox.file("services/a-service/Cargo.toml", &(manifest + renamed));
    let output = sandbox.run(&["docker"]).exits(2);
    output.says("`a-service` has the programs `server` and `worker`, and none is named like it: set `default-run`");
}

#[test]
fn a_service_whose_name_a_registry_would_not_take_is_refused_before_anything_is_built() {
    let sandbox = sandbox(&["a-service", "b_", "A-service"]);
    assert_snapshot!(sandbox.run(&["docker"]), @"
    exit code 2
    ----- stderr -----
    error: cannot make images of the services: 2 problems
      `A-service` and `a-service` are the same name in a registry, which has lower case only: rename one of them
      no registry takes the name `b_`: it needs letters and digits of ASCII in words with `-`, `_` or `.` between them; rename the package, or set `image = false` in its `[package.metadata.xtask.service]`
    ");
    sandbox.run(&["build", "--dry-run"]).exits(0);
    assert!(!sandbox.root().join("target").exists(), "nothing was made");
}
