//! Coverage, with the real cargo-llvm-cov: one number that is shown, recorded and compared; the files for others; and
//! one run of the suite for the tests and the measurement.

use crate::sandbox::{Sandbox, counts};

/// One service whose tests reach the library and not the program, with this configuration of the coverage.
fn workspace(coverage: &str) -> Sandbox {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.append("Cargo.toml", &format!("\n[workspace.metadata.xtask.coverage]\n{coverage}\n"));
    sandbox
}

/// What the latest run measured: of the workspace and of the service.
fn measured(sandbox: &Sandbox) -> [Option<f64>; 2] {
    let summary = sandbox.summary();
    let coverage = &summary.0["coverage"];
    [&coverage["line_percent"], &coverage["services"]["a-service"]].map(serde_json::Value::as_f64)
}

#[test]
fn under_the_gate_the_run_is_red_and_the_build_goes_on() {
    let sandbox = workspace("minimum = 66.67");
    let skipped = ["lint", "audit", "deps"].iter().flat_map(|stage| ["--skip", *stage]);
    let output = sandbox.run(&["ci", "--keep-going"].into_iter().chain(skipped).collect::<Vec<_>>()).exits(1);
    assert_eq!(
        output.verdict(),
        "failed: code-coverage (gate: line coverage 66.66 % is under the gate of 66.67 %) · exit 1"
    );
    let summary = sandbox.summary();
    assert_eq!(
        summary.stages(),
        [
            "test-services passed",
            "code-coverage failed: gate: line coverage 66.66 % is under the gate of 66.67 %",
            "integration-tests nothing-to-do: no selected package has anything for it",
            "build-release passed",
            "quality-report passed"
        ]
    );
    assert_eq!(counts(&summary.0), [2, 0, 0]);
}

#[test]
fn the_number_that_is_shown_is_the_one_that_is_compared() {
    let sandbox = workspace("minimum = 66.66");
    let output = sandbox.run(&["coverage"]).exits(0).says("66.66 %");
    assert_eq!(measured(&sandbox), [Some(66.66), Some(66.66)]);
    assert_eq!(output.verdict(), "passed: 1 stage, 1 test in TIME");
    assert!(sandbox.read("target/xtask/runs/latest/report.md").contains("66.66 %"));
    // The files say the same in their own words: six lines of nine.
    let lcov = sandbox.read("target/xtask/coverage/lcov.info");
    let sum = |key: &str| lcov.lines().filter_map(|line| line.strip_prefix(key)?.parse::<u32>().ok()).sum::<u32>();
    assert_eq!((sum("LH:"), sum("LF:")), (6, 9), "{lcov}");
    let cobertura = sandbox.read("target/xtask/coverage/cobertura.xml");
    assert!(cobertura.contains("lines-covered=\"6\" lines-valid=\"9\""), "{cobertura}");
}

#[test]
fn a_floor_is_a_gate_for_one_package() {
    let sandbox = workspace("minimum = 10\nfloors.a-service = 80");
    let output = sandbox.run(&["coverage"]).exits(1);
    assert_eq!(output.verdict(), "failed: code-coverage (gate: a-service 66.66 % is under its floor of 80 %) · exit 1");
    assert_eq!(measured(&sandbox), [Some(66.66), Some(66.66)]);
}

#[test]
fn without_a_test_there_is_no_data_and_that_is_no_percentage() {
    let sandbox = Sandbox::new();
    sandbox.file("Cargo.toml", "[package]\nname = \"empty\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
    sandbox.file("src/lib.rs", "//! Nothing.\n");
    let output = sandbox.run(&["coverage"]).exits(3);
    assert_eq!(
        output.verdict(),
        "could not run: code-coverage (gate: no coverage data: failed to generate report: proces...) · exit 3"
    );
    assert!(sandbox.summary().0["coverage"].is_null());
    // What is there without a test is measured: nothing of it was reached.
    sandbox.file("src/lib.rs", "//! One.\n\n/// One.\npub fn one() -> u32 {\n    1\n}\n");
    let output = sandbox.run(&["coverage"]).exits(1);
    assert_eq!(
        output.verdict(),
        "failed: code-coverage (gate: line coverage 0.00 % is under the gate of 50 %) · exit 1"
    );
}

#[test]
fn one_run_of_the_suite_serves_the_tests_and_the_coverage() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    let ran = sandbox.root().join("ran");
    let test = r#"
#[test]
fn counts() {
    use std::io::Write as _;
    let file = std::fs::OpenOptions::new().create(true).append(true).open("FILE");
    file.unwrap().write_all(b"ran\n").unwrap();
}
"#;
    let test = test.replace("FILE", ran.to_str().expect("a name"));
    sandbox.append("services/a-service/src/main.rs", &test);
    let only = ["--only", "test-matrix", "--only", "coverage"];
    sandbox.run(&[&["ci"][..], &only].concat()).exits(0);
    assert_eq!(sandbox.read("ran"), "ran\n");
    assert_eq!(
        sandbox.summary().stages(),
        ["test-services passed", "code-coverage passed: 76.92 % of lines, 50 % are needed"]
    );
    assert_eq!(counts(&sandbox.summary().0), [3, 0, 0]);
    // Alone, each runs it for itself.
    sandbox.run(&["coverage"]).exits(0);
    sandbox.run(&["test-matrix"]).exits(0);
    assert_eq!(sandbox.read("ran"), "ran\nran\nran\n");
}

#[test]
fn a_failing_test_leaves_nothing_to_measure() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.append("services/a-service/src/main.rs", "\n#[test]\nfn fails() {\n    panic!(\"no\");\n}\n");
    let only = ["--keep-going", "--only", "test-matrix", "--only", "coverage"];
    sandbox.run(&[&["ci"][..], &only].concat()).exits(1);
    assert_eq!(
        sandbox.summary().stages(),
        [
            "test-services failed: a-service: 1 test failed",
            "code-coverage skipped: needs `test-services`, which failed"
        ]
    );
    // Alone, the coverage is red for the test's sake and names it.
    let output = sandbox.run(&["coverage"]).exits(1);
    assert_eq!(output.verdict(), "failed: code-coverage (1 test in a-service) · exit 1");
    assert_eq!(sandbox.summary().failed_test("code-coverage/a-service").name, "fails");
}
