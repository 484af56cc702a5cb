//! The documented steps for another workspace, followed literally.

use crate::support::sandbox::Sandbox;
use std::collections::BTreeSet;

const ADOPTING: &str = include_str!("../../../../docs/adopting.md");

/// The steps that keep xtask in another workspace.
fn steps() -> &'static str {
    ADOPTING.split_once("\n## By hand\n").expect("docs/adopting.md has steps").1
}

/// The lines of all shell blocks of the steps.
fn script() -> String {
    let blocks = steps().split("```sh\n").skip(1);
    let blocks = blocks.map(|block| block.split_once("```").expect("a block ends").0);
    // In the document they are indented, as parts of a list.
    blocks
        .flat_map(str::lines)
        .fold(String::new(), |script, line| script + line.strip_prefix("   ").unwrap_or(line) + "\n")
}

#[test]
fn the_documented_steps_put_xtask_into_another_workspace() {
    let mut sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.var("FROM", concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    // Crates of the versions that built this test can be had without network.
    sandbox.file("Cargo.lock", include_str!("../../../../Cargo.lock"));
    sandbox.paste(&format!("set -eu\n{}", script())).exits(0);
    assert!(steps().contains("Add `\"xtask\"` to the `members`"), "the step by hand is another one now");
    let manifest = sandbox.read("Cargo.toml");
    sandbox.file("Cargo.toml", &manifest.replacen("members = [", "members = [\"xtask\", ", 1));

    // cargo accepts all manifests, and the alias reaches a program that is there.
    sandbox.paste("cargo tree --offline --package xtask --depth 0").exits(0).prints("xtask v");
    let listed = sandbox.paste("cargo --list").exits(0).stdout;
    let alias = listed.lines().find(|line| line.trim_start().starts_with("xtask ")).expect("an alias");
    assert!(alias.ends_with("alias: run --quiet --package xtask --"), "{alias}");
    let lines = ["xtask/Cargo.toml", "xtask/src/main.rs"].map(|file| sandbox.read(file).lines().count());
    assert!(lines.iter().sum::<usize>() <= 12, "{lines:?}");
    sandbox.paste("cargo check --quiet --offline --package xtask").exits(0);

    // The pipeline is about the workspace's own packages.
    let plan = sandbox.run(&["plan", "--json"]).exits(0).stdout;
    let plan: serde_json::Value = serde_json::from_str(&plan).expect("it is JSON");
    assert_eq!(plan["services"], serde_json::json!(["a-service"]));
    let stages = plan["stages"].as_array().expect("a list").iter();
    let tasks: Vec<_> = stages.flat_map(|stage| stage["tasks"].as_array().expect("a list")).collect();
    let about: BTreeSet<_> = tasks.iter().filter_map(|task| task["service"].as_str()).collect();
    assert_eq!(about, ["a-service"].into());
    for task in tasks {
        let command = task["command"].as_array().expect("a list");
        let names = command.windows(2).filter(|pair| pair[0] == "--package").map(|pair| &pair[1]);
        assert!(names.into_iter().all(|name| name == "a-service"), "{command:?}");
        // Formatting, lints and dependencies are the whole workspace's business.
        let whole = command.iter().any(|word| word == "--workspace");
        assert!(!whole || command[1] == "clippy" || command[1] == "tree", "{command:?}");
    }
}
