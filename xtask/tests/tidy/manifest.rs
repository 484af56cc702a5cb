//! xtask stays cheap to compile, and its files stay together.

use crate::sources::{read, root};
use cargo_metadata::MetadataCommand;
use std::collections::BTreeSet;

/// The names of the packages in a table of xtask's manifest.
fn table(name: &str) -> Vec<String> {
    let manifest = read("xtask/Cargo.toml");
    let (_, rest) = manifest.split_once(&format!("[{name}]\n")).unwrap_or_else(|| panic!("there is no [{name}]"));
    let lines = rest.lines().take_while(|line| !line.starts_with('['));
    let entries = lines.filter(|line| !line.starts_with('#') && !line.starts_with(' '));
    entries.filter_map(|line| Some(line.split_once(['=', '.'])?.0.trim().to_owned())).collect()
}

#[test]
fn direct_dependencies_are_few_and_the_required_ones_among_them() {
    let direct = table("dependencies");
    assert!(direct.len() <= 18, "{} direct dependencies, and 18 are the most: {direct:?}", direct.len());
    for required in ["xshell", "clap", "cargo_metadata", "rayon", "indicatif", "serde_json", "which"] {
        assert!(direct.iter().any(|name| name == required), "{required} is missing: {direct:?}");
    }
}

#[test]
fn no_build_script_and_no_second_table_of_dependencies() {
    let manifest = read("xtask/Cargo.toml");
    for table in ["[build-dependencies]", "[dependencies.", "[target."] {
        assert!(!manifest.contains(table), "{table} would hide dependencies from the test beside this one");
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
    for part in ["xtask/oci/Cargo.toml", "xtask/cluster/Cargo.toml"] {
        assert_eq!(value(part, "rust-version"), oldest, "{part}");
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
