//! Coverage, with the real cargo-llvm-cov: one number that is shown, recorded and compared; the files for others; one
//! run of the suite for the tests and the measurement; and which tests count.

use crate::support::sandbox::{Sandbox, counts};
use serde_json::Value;

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
    [&coverage["line_percent"], &coverage["services"]["a-service"]].map(Value::as_f64)
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
fn without_a_configured_minimum_the_number_is_reported_and_no_gate() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    let body = "    n += 1;\n".repeat(51);
    let untested = format!("\n/// Untested.\npub fn untested(mut n: u32) -> u32 {{\n{body}    n\n}}\n");
    sandbox.append("services/a-service/src/lib.rs", &untested);
    sandbox.run(&["coverage"]).exits(0).says("9.52 % of lines\n");
    assert_eq!(measured(&sandbox)[0], Some(9.52));
    assert_eq!(sandbox.summary().stages(), ["code-coverage passed: 9.52 % of lines"]);
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
    sandbox.run(&["coverage"]).exits(0).says("0.00 % of lines");
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
    assert_eq!(sandbox.summary().stages(), ["test-services passed", "code-coverage passed: 76.92 % of lines"]);
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

/// A service whose integration tests alone reach two functions of its library: one by calling it, one through the
/// service's program, of which two processes run at once. They note that they ran, and in which database.
const INTEGRATION: &str = r#"use std::io::Write as _;

#[test]
fn a_caller_sees_it() {
    assert_eq!(a_service::thrice(1), 3);
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open("ran.txt").unwrap();
    writeln!(file, "{}", std::env::var("DATABASE_URL").unwrap()).unwrap();
}

#[test]
fn two_programs_at_once() {
    let start = |word: &str| std::process::Command::new(env!("CARGO_BIN_EXE_a-service")).arg(word).spawn().unwrap();
    for mut program in [start("left"), start("right")] {
        assert!(program.wait().unwrap().success());
    }
}
"#;

/// What the unit test does not reach: three lines and five, where the unit test reaches six. Each of the two processes
/// reaches one arm.
const LIBRARY: &str = r#"
/// Thrice.
pub fn thrice(n: u32) -> u32 {
    n * 3
}

/// Either way.
pub fn either(word: &str) -> u32 {
    if word == "left" {
        1
    } else {
        2
    }
}
"#;

/// A workspace with such a service, with this configuration of the coverage.
fn integrated(coverage: &str) -> Sandbox {
    let sandbox = workspace(coverage);
    sandbox.append(
        "services/a-service/Cargo.toml",
        "[[bin]]\nname = \"a-service\"\npath = \"src/main.rs\"\ntest = false\n",
    );
    sandbox.needs("a-service", &["postgres"]);
    sandbox.append("services/a-service/src/lib.rs", LIBRARY);
    let main = "fn main() {\n    a_service::either(&std::env::args().nth(1).unwrap());\n}\n";
    sandbox.file("services/a-service/src/main.rs", main);
    sandbox.file("services/a-service/tests/api.rs", INTEGRATION);
    sandbox
}

/// The plan of a run, as JSON.
fn plan(sandbox: &Sandbox, args: &[&str]) -> Value {
    let output = sandbox.run(&[&["plan", "--json"], args].concat()).exits(0);
    serde_json::from_str(&output.stdout).expect("it is JSON")
}

/// The tasks of a stage of a plan.
fn tasks<'a>(plan: &'a Value, stage: &str) -> impl Iterator<Item = &'a Value> {
    let stages = plan["stages"].as_array().expect("a list").iter().filter(move |known| known["id"] == *stage);
    stages.flat_map(|stage| stage["tasks"].as_array().expect("a list"))
}

/// Texts as words behind each other.
fn words<'a>(texts: impl IntoIterator<Item = &'a Value>) -> String {
    texts.into_iter().map(|text| text.as_str().expect("a text")).collect::<Vec<_>>().join(" ")
}

const ALONE: [&str; 2] = ["--only", "coverage"];
const TESTS: [&str; 4] = ["--only", "test-matrix", "--only", "coverage"];
const ALL_TESTS: [&str; 6] = ["--only", "test-matrix", "--only", "coverage", "--only", "integration"];

#[test]
fn what_only_an_integration_test_reaches_counts_unless_the_configuration_says_otherwise() {
    let sandbox = integrated("tests = \"unit\"\nminimum = 10");
    sandbox.run(&["coverage"]).exits(0).says("42.85 %");
    assert_eq!(counts(&sandbox.summary().0), [1, 0, 0]);
    let sandbox = integrated("minimum = 100");
    let output = sandbox.run(&["coverage", "--servers", "local"]).exits(0).says("100.00 %");
    assert_eq!(output.verdict(), "passed: 1 stage, 3 tests in TIME");
    assert_eq!(measured(&sandbox), [Some(100.0), Some(100.0)]);
    let lcov = sandbox.read("target/xtask/coverage/lcov.info");
    let sum = |key: &str| lcov.lines().filter_map(|line| line.strip_prefix(key)?.parse::<u32>().ok()).sum::<u32>();
    assert_eq!((sum("LH:"), sum("LF:")), (14, 14), "{lcov}");
    let cobertura = sandbox.read("target/xtask/coverage/cobertura.xml");
    assert!(cobertura.contains("lines-covered=\"14\" lines-valid=\"14\""), "{cobertura}");
}

#[test]
fn integration_tests_that_do_not_count_are_not_measured_where_cargo_runs_them_in_one_call() {
    let sandbox = integrated("tests = \"unit\"");
    sandbox.append("services/a-service/Cargo.toml", "\n[features]\nmore = []\n");
    sandbox.service("b-service");
    let needs = "\n[dependencies]\na-service = { path = \"../a-service\", features = [\"more\"] }\n";
    sandbox.append("services/b-service/Cargo.toml", needs);
    sandbox.file(".cargo/config.toml", "[env]\nGIVEN = \"by cargo\"\n");
    let plan = plan(&sandbox, &ALL_TESTS);
    let call = tasks(&plan, "integration-tests").find(|task| task["id"] == "integration-tests:all");
    assert_eq!(call.expect("one call")["env"]["LLVM_PROFILE_FILE"], "/dev/null");
}

#[test]
fn the_coverage_runs_only_the_tests_that_have_no_stage_in_the_run_and_needs_all_that_count() {
    #[track_caller]
    fn case(counted: &str, args: &[&str], own: &str, needs: &str) {
        let plan = plan(&integrated(&format!("tests = \"{counted}\"")), args);
        let names = tasks(&plan, "code-coverage").map(|task| &task["id"]);
        assert_eq!(words(names).replace("code-coverage/", "").replace("code-coverage:", ""), own);
        let gate = tasks(&plan, "code-coverage").find(|task| task["id"] == "code-coverage:gate").expect("a gate");
        assert_eq!(words(gate["needs"].as_array().expect("a list")), needs);
        // What does not count leaves no measurement.
        for task in tasks(&plan, "integration-tests").filter(|task| task["service"] == "a-service") {
            let unmeasured = task["env"]["LLVM_PROFILE_FILE"].as_str();
            assert_eq!(unmeasured, (counted == "unit").then_some("/dev/null"));
        }
    }
    let tests = "test-services:instrument test-services:clean test-services:compile test-services/a-service";
    // The compile of the unit tests serves the integration tests too.
    let both = format!("{tests} integration-tests:server-postgres integration-tests/a-service");
    case("all", &ALL_TESTS, "gate lcov cobertura", &both);
    case("unit", &ALL_TESTS, "gate lcov cobertura", tests);

    let integration = "server-postgres a-service:integration";
    let own = "code-coverage:server-postgres code-coverage/a-service:integration";
    case("all", &TESTS, &format!("{integration} gate lcov cobertura"), &format!("{tests} {own}"));

    let unit = "instrument clean compile a-service";
    let tests = tests.replace("test-services", "code-coverage");
    case("all", &ALONE, &format!("{unit} {integration} gate lcov cobertura"), &format!("{tests} {own}"));
    case("unit", &ALONE, &format!("{unit} gate lcov cobertura"), &tests);
    let both =
        format!("{tests} integration-tests:server-postgres integration-tests:compile integration-tests/a-service");
    case("all", &ALL_TESTS[2..], &format!("{unit} gate lcov cobertura"), &both);
}

#[test]
fn tarpaulin_counts_the_same_tests_and_gets_the_servers() {
    #[track_caller]
    fn case(counted: &str, names: &str, targets: &[&str]) {
        let sandbox = integrated(&format!("tests = \"{counted}\""));
        let plan = plan(&sandbox, &[&ALONE[..], &["--engine", "tarpaulin"]].concat());
        assert_eq!(words(tasks(&plan, "code-coverage").map(|task| &task["id"])), names);
        let last = tasks(&plan, "code-coverage").last().expect("a task");
        let command = last["command"].as_array().expect("a list");
        let flags = ["--lib", "--bins", "--tests"];
        let found: Vec<&str> = flags.into_iter().filter(|flag| command.iter().any(|arg| arg == flag)).collect();
        assert_eq!(found, targets);
    }
    case("unit", "code-coverage:tarpaulin", &["--lib", "--bins"]);
    case("all", "code-coverage:server-postgres code-coverage:tarpaulin", &["--tests"]);
}

#[test]
fn in_one_run_of_all_stages_no_test_runs_twice() {
    let sandbox = integrated("tests = \"all\"\nminimum = 100");
    sandbox.run(&[&["ci", "--servers", "local"], &ALL_TESTS[..]].concat()).exits(0);
    assert_eq!(sandbox.read("services/a-service/ran.txt").lines().count(), 1);
    let summary = sandbox.summary();
    assert_eq!(counts(&summary.0), [4, 0, 0]);
    assert_eq!(measured(&sandbox), [Some(100.0), Some(100.0)]);
}

#[test]
fn integration_tests_that_do_not_pass_leave_nothing_to_measure() {
    let sandbox = integrated("tests = \"all\"");
    sandbox.append("services/a-service/tests/api.rs", "\n#[test]\nfn fails() {\n    panic!(\"no\");\n}\n");
    sandbox.run(&[&["ci", "--keep-going", "--servers", "local"], &ALL_TESTS[..]].concat()).exits(1);
    let summary = sandbox.summary();
    assert_eq!(
        summary.stages(),
        [
            "test-services passed",
            "code-coverage skipped: needs `integration-tests/a-service`, which failed",
            "integration-tests failed: a-service: 1 test failed"
        ]
    );
    assert!(summary.0["coverage"].is_null());
    // Alone, the coverage is red for the test's sake, and tells how to repeat it with servers.
    let output = sandbox.run(&["coverage", "--servers", "local"]).exits(1);
    assert_eq!(output.verdict(), "failed: code-coverage (1 test in a-service) · exit 1");
    let test = sandbox.summary().failed_test("code-coverage/a-service:integration");
    assert_eq!(test.repeat, "cargo xtask integration a-service -- fails --exact");
}

#[test]
fn without_servers_there_is_no_number() {
    let sandbox = integrated("tests = \"all\"");
    sandbox.file("services/b-service/Cargo.toml", "[package]\nname = \"b-service\"\nedition = \"2024\"\n");
    sandbox.needs("b-service", &["absent"]);
    sandbox.file("services/b-service/tests/it.rs", "#[test]\nfn it() {}\n");
    let absent = "[workspace.metadata.xtask.integration.servers.absent]\nenv = \"ABSENT_URL\"\n\
                  url = \"absent://{host}:{port}\"\nlocal = { program = \"no-such-server\" }\n";
    sandbox.append("Cargo.toml", absent);
    sandbox.run(&[&["ci", "--keep-going", "--servers", "local"], &ALL_TESTS[..]].concat()).exits(3);
    let summary = sandbox.summary();
    let why =
        "code-coverage environment-error: gate: needs `integration-tests:server-absent`, which could not do its work";
    assert!(summary.stages()[1].starts_with(why), "{:?}", summary.stages());
    assert!(summary.0["coverage"].is_null());
}
