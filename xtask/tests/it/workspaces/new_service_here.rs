//! The template of this repository: a service that is made of it passes everything at once, with its own tests on the
//! real PostgreSQL and Redis.

use crate::support::sandbox::Sandbox;
use serde_json::Value;
use std::fs::{self, File};
use std::path::Path;

/// A copy of this repository, whose builds are shared: what has been compiled here is not compiled again there.
fn copy() -> Sandbox {
    let sandbox = Sandbox::new();
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository");
    copy_folder(here, &sandbox.root());
    let program = Path::new(env!("CARGO_BIN_EXE_xtask"));
    let target = program.ancestors().nth(2).expect("it lies in a profile's directory");
    fs::create_dir_all(target.join("debug")).expect("a directory for what is built");
    fs::create_dir(sandbox.root().join("target")).expect("a target directory");
    std::os::unix::fs::symlink(target.join("debug"), sandbox.root().join("target/debug")).expect("a link to it");
    sandbox
}

/// Copies files with their times, by which cargo knows that it has built them.
fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("it can be read") {
        let entry = entry.expect("an entry");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        let metadata = entry.metadata().expect("what it is");
        if metadata.is_file() {
            fs::copy(&from, &to).expect("a copy");
            let copied = File::options().write(true).open(&to).expect("it can be written");
            copied.set_modified(metadata.modified().expect("a time")).expect("the same time");
        } else if metadata.is_dir() && ![".git", "target"].iter().any(|name| entry.file_name() == *name) {
            copy_folder(&from, &to);
        }
    }
}

#[test]
fn a_new_service_passes_every_stage_as_it_is() {
    let sandbox = copy();
    // A name with a dash, and a long one, so that nothing fits by chance.
    sandbox.run(&["new-service", "customer-relations"]).exits(0);
    let name = "customer-relations-service";
    let plan = sandbox.run(&["plan", "--json"]).exits(0).stdout;
    let plan: Value = serde_json::from_str(&plan).expect("it is JSON");
    let list = |value: &Value| value.as_array().expect("a list").clone();
    assert!(list(&plan["services"]).contains(&name.into()));
    let stages = list(&plan["stages"]).into_iter();
    let with_it = stages.filter(|stage| list(&stage["tasks"]).iter().any(|task| task["service"] == name));
    let with_it: Vec<Value> = with_it.map(|stage| stage["id"].clone()).collect();
    assert_eq!(with_it, ["test-services", "integration-tests"]);
    assert!(sandbox.run(&["matrix", "docker"]).exits(0).stdout.contains(name));
    let only = ["fmt", "lint", "test-matrix", "integration"];
    let args: Vec<&str> = only.iter().flat_map(|stage| ["--only", stage]).collect();
    let run = sandbox.run(&[&["ci", name][..], &args].concat()).exits(0);
    assert!(run.verdict().starts_with("passed: 3 stages, 8 tests"), "{}", run.verdict());
}
