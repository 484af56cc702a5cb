//! xtask stays cheap to compile, and its files stay together.

use crate::sources::read;

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
