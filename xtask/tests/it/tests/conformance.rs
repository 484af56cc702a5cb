//! The tests that run are cargo's: on a workspace of awkward packages, `test-matrix` and `integration` together run
//! exactly what `cargo test --workspace` runs, with the same results.

use crate::support::awkward::awkward;
use crate::support::sandbox::Sandbox;
use std::collections::BTreeSet;

/// Every test of a text of libtest's, with how it ended, sorted: `tests::a ok`.
fn tests(text: &str) -> Vec<String> {
    let test = |line: &str| {
        let (name, how) = line.strip_prefix("test ")?.split_once(" ... ")?;
        Some(format!("{name} {}", how.split([',', ' ']).next()?))
    };
    let mut found: Vec<String> = text.lines().filter_map(test).collect();
    found.sort_unstable();
    found
}

/// What `cargo test` runs.
fn cargos(sandbox: &Sandbox) -> Vec<String> {
    let output = sandbox.paste("cargo test --workspace --no-fail-fast 2>&1");
    let found = tests(&output.stdout);
    assert!(!found.is_empty(), "cargo ran no test: {}", output.stdout);
    found
}

/// What xtask runs, from the logs of the run.
fn ours(sandbox: &Sandbox) -> Vec<String> {
    // One after the other: integration tests wait for unit tests that pass, and some of these fail on purpose.
    let [unit, integration] = ["test-matrix", "integration"].map(|stage| {
        sandbox.run(&[stage, "--keep-going"]).exits(1);
        logs(sandbox)
    });
    let found = tests(&sandbox.redact(&format!("{unit}\n{integration}")));
    assert!(!found.is_empty(), "xtask ran no test");
    found
}

/// The logs of the latest run, one behind the other.
fn logs(sandbox: &Sandbox) -> String {
    let logs = std::fs::read_dir(sandbox.root().join("target/xtask/runs/latest/logs")).expect("there are logs");
    let texts: Vec<String> = logs
        .map(|log| {
            String::from_utf8_lossy(&std::fs::read(log.expect("a log").path()).expect("it is read")).into_owned()
        })
        .collect();
    texts.join("\n")
}

#[track_caller]
fn same(sandbox: &Sandbox) {
    let (cargos, ours) = (cargos(sandbox), ours(sandbox));
    let only = |these: &[String], those: &[String]| -> Vec<String> {
        let those: BTreeSet<&String> = those.iter().collect();
        these.iter().filter(|test| !those.contains(test)).cloned().collect()
    };
    assert_eq!((only(&cargos, &ours), only(&ours, &cargos)), (vec![], vec![]), "only cargo's, only ours");
    assert_eq!(cargos, ours);
}

/// The failed tests of the latest run, with the commands that run them again.
fn failures(sandbox: &Sandbox) -> Vec<(String, String)> {
    let stages = sandbox.summary().0["stages"].as_array().cloned().unwrap_or_default();
    let tasks = stages.iter().flat_map(|stage| stage["tasks"].as_array().into_iter().flatten());
    let failed = tasks.flat_map(|task| task["failed_tests"].as_array().into_iter().flatten());
    failed.map(|test| ["name", "repeat"].map(|key| test[key].as_str().expect("a text").to_owned()).into()).collect()
}

/// Runs the command of a failed test: it must fail by that test and by no other.
#[track_caller]
fn fails_again(sandbox: &Sandbox, name: &str, repeat: &str) {
    let xtask = repeat.strip_prefix("cargo xtask ").map(|rest| format!("{} {rest} 2>&1", env!("CARGO_BIN_EXE_xtask")));
    let output = sandbox.paste(&xtask.clone().unwrap_or_else(|| format!("{repeat} 2>&1")));
    let failed: Vec<String> = match xtask {
        Some(_) => failures(sandbox).into_iter().map(|(name, _)| name).collect(),
        None => {
            tests(&output.stdout).iter().filter_map(|test| Some(test.strip_suffix(" FAILED")?.to_owned())).collect()
        }
    };
    assert_eq!(failed, [name], "{repeat}\n{}", output.stdout);
}

#[test]
fn the_tests_of_awkward_packages_are_cargos_and_run_again_as_they_failed() {
    let sandbox = awkward();
    same(&sandbox);
    let failures = ["test-matrix", "integration"].map(|stage| {
        sandbox.run(&[stage, "--keep-going"]).exits(1);
        failures(&sandbox)
    });
    let failures = failures.concat();
    assert!(failures.len() >= 7, "{failures:#?}");
    for (name, repeat) in &failures {
        fails_again(&sandbox, name, repeat);
    }
    // Only cargo knows what a runner and `[env]` are to its tests, so it runs them itself; they are the same.
    sandbox.append(".cargo/config.toml", "[env]\nGIVEN = \"by cargo\"\n");
    same(&sandbox);
}

#[test]
fn the_tests_of_awkward_packages_are_cargos_where_cargo_lays_its_artifacts_out_anew() {
    let mut sandbox = awkward();
    sandbox.var("RUSTC_BOOTSTRAP", "1");
    sandbox.append(".cargo/config.toml", "[unstable]\nbuild-dir-new-layout = true\n");
    same(&sandbox);
}

#[test]
fn a_library_that_does_not_compile_is_not_compiled_again_for_its_doc_tests() {
    let sandbox = Sandbox::with_services(&["a-service", "b-service"]);
    sandbox.append("services/a-service/src/lib.rs", "fn wrong() -> u32 { \"\" }\n");
    sandbox.run(&["test-matrix", "--keep-going"]).exits(1);
    let tasks = sandbox.summary().tasks("test-services");
    let ran: Vec<&String> = tasks.iter().filter(|task| !task.contains(" skipped: ")).collect();
    assert_eq!(ran.len(), 1, "{tasks:#?}");
    assert!(ran[0].starts_with("test-services:compile failed"), "{tasks:#?}");
}
