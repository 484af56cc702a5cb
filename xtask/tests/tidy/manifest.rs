//! The crates that xtask is made of: which may use which, and what the manifests ask for.

use crate::sources::{read, root};
use cargo_metadata::MetadataCommand;
use std::collections::{BTreeMap, BTreeSet};

/// Which crates each crate may use, from the bottom up.
const LAYERS: [(&str, &[&str]); 8] = [
    ("oci", &[]),
    ("core", &[]),
    ("process", &["core"]),
    ("engine", &["core", "process"]),
    ("report", &["core", "process"]),
    ("cargo", &["core", "process", "engine"]),
    ("ship", &["core", "process", "engine", "report"]),
    ("app", &["core", "process", "engine", "report", "cargo", "ship"]),
];

/// The names in a table of a manifest.
fn table(manifest: &str, name: &str) -> BTreeSet<String> {
    let text = read(manifest);
    let Some((_, rest)) = text.split_once(&format!("[{name}]\n")) else { return BTreeSet::new() };
    let lines = rest.lines().take_while(|line| !line.starts_with('['));
    let entries = lines.filter(|line| !line.starts_with('#') && !line.starts_with(' '));
    entries.filter_map(|line| Some(line.split_once(['=', '.'])?.0.trim().to_owned())).collect()
}

#[test]
fn crates_know_only_those_below() {
    let layers: BTreeMap<&str, &[&str]> = LAYERS.into();
    let entries = std::fs::read_dir(root().join("xtask/crates")).expect("the crates are readable");
    let crates: BTreeSet<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    assert!(crates.iter().map(String::as_str).eq(layers.keys().copied()), "LAYERS does not list {crates:?}");
    for name in &crates {
        let known: BTreeSet<String> = table(&format!("xtask/crates/{name}/Cargo.toml"), "dependencies")
            .iter()
            .filter_map(|dependency| dependency.strip_prefix("xtask-").map(str::to_owned))
            .collect();
        let allowed: BTreeSet<String> = layers[name.as_str()].iter().map(|&name| name.to_owned()).collect();
        assert!(known.is_subset(&allowed), "{name} uses {known:?}, and may use {allowed:?}");
    }
}

#[test]
fn the_required_crates_are_used() {
    let mut used = BTreeSet::new();
    for (name, _) in LAYERS {
        used.extend(table(&format!("xtask/crates/{name}/Cargo.toml"), "dependencies"));
    }
    for required in ["xshell", "clap", "cargo_metadata", "rayon", "indicatif", "serde_json", "which"] {
        assert!(used.contains(required), "{required} is missing: {used:?}");
    }
}

#[test]
fn xtask_is_a_member_and_no_default_member() {
    let manifest = read("Cargo.toml");
    let line = |key: &str| manifest.lines().find(|line| line.starts_with(key)).unwrap_or_default().to_owned();
    assert!(line("members").contains("\"xtask\""));
    assert!(line("default-members").contains("services/*") && !line("default-members").contains("xtask"));
}

/// The value of a key in a manifest, without its quotes.
fn value(manifest: &str, key: &str) -> String {
    let text = read(manifest);
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{key} = ")));
    line.unwrap_or_else(|| panic!("{manifest} has no {key}")).trim_matches('"').to_owned()
}

#[test]
fn the_oldest_toolchain_is_the_same_everywhere() {
    let oldest = value("xtask/Cargo.toml", "rust-version");
    let crates = LAYERS.iter().map(|(name, _)| format!("xtask/crates/{name}/Cargo.toml"));
    for part in crates.chain(["cluster", "own"].map(|name| format!("xtask/testing/{name}/Cargo.toml"))) {
        assert_eq!(value(&part, "rust-version"), oldest, "{part}");
    }
    let sentence = format!("You need Rust {oldest} or newer");
    assert!(read("docs/adopting.md").contains(&sentence), "docs/adopting.md lacks `{sentence}`");
    // Clippy compares the APIs in use with it, those of the tests included.
    assert!(read("clippy.toml").contains("\ncheck-incompatible-msrv-in-tests = true\n"));
    assert!(!read("clippy.toml").contains("\nmsrv"), "`msrv` would take precedence over the manifests");
}

#[test]
fn the_locked_dependencies_compile_with_the_oldest_toolchain() {
    let manifest = root().join("Cargo.toml");
    let options = ["--locked", "--offline"].map(str::to_owned).to_vec();
    let metadata = MetadataCommand::new().manifest_path(manifest).other_options(options).exec();
    let metadata = metadata.expect("cargo reads the workspace");
    let own = metadata.packages.iter().find(|package| package.name == "xtask").expect("xtask is a member");
    let oldest = own.rust_version.clone().expect("xtask has a `rust-version`");
    let nodes = metadata.resolve.expect("cargo has resolved the dependencies").nodes;
    let (mut seen, mut next) = (BTreeSet::new(), vec![own.id.clone()]);
    while let Some(id) = next.pop().filter(|id| seen.insert(id.clone())) {
        next.extend(nodes.iter().filter(|node| node.id == id).flat_map(|node| node.dependencies.iter().cloned()));
        next.retain(|id| !seen.contains(id));
    }
    assert!(seen.len() > 100, "only {} packages", seen.len());
    for package in metadata.packages.iter().filter(|package| seen.contains(&package.id)) {
        let needs = package.rust_version.as_ref();
        assert!(needs.is_none_or(|needs| *needs <= oldest), "{} needs Rust {}", package.id, needs.expect("some"));
    }
}
