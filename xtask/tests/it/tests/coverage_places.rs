//! Coverage of a checkout that is a copy of another one, or that shares its target directory: its own sources, and no
//! other's.

#![expect(clippy::disallowed_methods, reason = "the test copies a directory as a user would")]

use crate::support::sandbox::Sandbox;
use std::process::Command;

/// A service with a function that no test reaches.
fn half_reached() -> Sandbox {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.append("services/a-service/src/lib.rs", "\n/// Untested.\npub fn untested() -> u32 {\n    1\n}\n");
    sandbox
}

/// Requires that a report names sources of this checkout, and no others.
#[track_caller]
fn is_about(sandbox: &Sandbox, lcov: &str) {
    let files: Vec<&str> = lcov.lines().filter_map(|line| line.strip_prefix("SF:")).collect();
    let root = sandbox.root();
    assert!(
        !files.is_empty() && files.iter().all(|file| root.join(file).starts_with(&root)),
        "{}: {files:?}",
        root.display()
    );
}

const REPORT: &str = "target/xtask/coverage/lcov.info";

#[test]
fn two_clones_with_one_target_directory_measure_each_its_own() {
    let mut first = half_reached();
    let target = first.root().join("target");
    first.var("CARGO_TARGET_DIR", &target).run(&["coverage"]).exits(0).says("50.00 % of lines");
    let mut second = Sandbox::with_services(&["a-service"]);
    second.var("CARGO_TARGET_DIR", &target).run(&["coverage"]).exits(0).says("66.66 % of lines");
    is_about(&second, &first.read(REPORT));
    // The first again, although nothing of it has changed.
    first.run(&["coverage"]).exits(0).says("50.00 % of lines");
    is_about(&first, &first.read(REPORT));
    let builds = || {
        let names =
            std::fs::read_dir(&target).expect("the target directory").map(|it| it.expect("an entry").file_name());
        names.filter(|name| name.to_string_lossy().starts_with("llvm-cov-")).count()
    };
    assert_eq!(builds(), 2);
    drop(second);
    first.run(&["coverage"]).exits(0).says("50.00 % of lines");
    assert_eq!(builds(), 1, "the builds of a checkout that is gone stay");
}

#[test]
fn a_copied_checkout_measures_the_copy() {
    let first = half_reached();
    first.run(&["coverage"]).exits(0).says("50.00 % of lines");
    let copy = Sandbox::new();
    let copied = Command::new("cp").arg("-a").arg(first.root()).arg(copy.root()).status().expect("cp runs");
    assert!(copied.success());
    copy.run(&["coverage"]).exits(0).says("50.00 % of lines");
    is_about(&copy, &copy.read(REPORT));
    // Only the program is compiled again.
    let main = "fn main() {}\n\n#[test]\nfn reaches() {\n    assert_eq!(a_service::untested(), 1);\n}\n";
    copy.file("services/a-service/src/main.rs", main).run(&["coverage"]).exits(0).says("92.30 % of lines");
    is_about(&copy, &copy.read(REPORT));
}
