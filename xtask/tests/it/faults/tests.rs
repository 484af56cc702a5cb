//! Test binaries that say nothing or go down: no test at all is never a silent pass, and an executable that ends
//! without its result has failed, whatever code it exited with.

use crate::support::sandbox::{Sandbox, counts};
use insta::assert_snapshot;

/// A workspace whose only service has this code as its program, and no other.
fn program(code: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("Cargo.toml", "[package]\nname = \"single\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
    sandbox.file("src/main.rs", code);
    sandbox
}

#[test]
fn no_test_at_all_is_not_a_pass() {
    let sandbox = program("fn main() {}\n");
    assert_snapshot!(sandbox.run(&["test-matrix", "-j1"]), @"
    exit code 4
    ----- stderr -----
    ✓ test-services:compile
    – test-services/single  nothing to do: no tests

    – test-services  nothing to do: single: no tests

    nothing to do: single: no tests · exit 4
    ");
    let summary = sandbox.summary();
    assert_eq!(
        summary.tasks("test-services"),
        ["test-services/single nothing-to-do: no tests", "test-services:compile passed"]
    );
    assert_eq!(counts(&summary.0), [0, 0, 0]);
}

#[test]
fn tests_that_are_all_ignored_or_filtered_out_are_no_pass_either() {
    let sandbox = program("fn main() {}\n\n#[test]\n#[ignore = \"not today\"]\nfn later() {}\n");
    assert_snapshot!(sandbox.run(&["test-matrix", "-j1"]), @"
    exit code 4
    ----- stderr -----
    ✓ test-services:compile
    – test-services/single  nothing to do: no tests ran: 1 test ignored

    – test-services  nothing to do: single: no tests ran: 1 test ignored

    nothing to do: single: no tests ran: 1 test ignored · exit 4
    ");
    assert_eq!(counts(&sandbox.summary().0), [0, 0, 1]);
    assert_snapshot!(sandbox.run(&["test-matrix", "--", "no_such_test"]), @"
    exit code 4
    ----- stderr -----
    ✓ test-services:compile
    – test-services/single  nothing to do: no tests

    – test-services  nothing to do: single: no tests

    nothing to do: single: no tests · exit 4
    ");
    // The filter goes to the test binaries, and so do their flags.
    sandbox.run(&["test-matrix", "--", "--ignored", "later"]).exits(0);
    assert_eq!(counts(&sandbox.summary().0), [1, 0, 0]);
}

#[test]
fn a_pipeline_whose_only_tests_are_none_passes_with_a_word_about_it() {
    let sandbox = program("fn main() {}\n");
    let skip = ["--skip", "coverage", "--skip", "audit", "--skip", "deps", "--skip", "build"];
    assert_snapshot!(sandbox.run(&[&["ci", "-j1"][..], &skip].concat()), @"
    exit code 0
    ----- stderr -----
    – code-coverage  skipped: left out by --skip
    – security-audit  skipped: left out by --skip
    – build-release  skipped: left out by --skip
    – dependency-check  skipped: left out by --skip
    – integration-tests  nothing to do: no selected package has anything for it
    ✓ format-and-lint:fmt
    ✓ format-and-lint:lint
    ✓ test-services:compile
    – test-services/single  nothing to do: no tests
    ✓ quality-report:report

    ✓ format-and-lint
    – test-services  nothing to do: single: no tests
    – code-coverage  skipped: left out by --skip
    – security-audit  skipped: left out by --skip
    – dependency-check  skipped: left out by --skip
    – integration-tests  nothing to do: no selected package has anything for it
    – build-release  skipped: left out by --skip
    ✓ quality-report

    passed: 2 stages in TIME
    ");
    assert_eq!(
        sandbox.summary().stages(),
        [
            "format-and-lint passed",
            "test-services nothing-to-do: single: no tests",
            "integration-tests nothing-to-do: no selected package has anything for it",
            "quality-report passed"
        ]
    );
}

#[test]
fn a_report_about_nothing_does_not_make_a_run_pass() {
    let sandbox = program("fn main() {}\n");
    assert_snapshot!(sandbox.run(&["ci", "-j1", "--only", "test-matrix", "--only", "report"]), @"
    exit code 4
    ----- stderr -----
    ✓ test-services:compile
    – test-services/single  nothing to do: no tests
    ✓ quality-report:report

    – test-services  nothing to do: single: no tests
    ✓ quality-report

    nothing to do: single: no tests · exit 4
    ");
    assert_eq!(sandbox.summary().stages(), ["test-services nothing-to-do: single: no tests", "quality-report passed"]);
    sandbox.run(&["ci", "--only", "report"]).exits(0);
}

#[test]
fn an_executable_that_goes_down_has_failed_with_its_signal() {
    let sandbox = Sandbox::with_services(&["a-service", "b-service", "c-service"]);
    let dying = |service: &str, name: &str, how: &str| {
        let test = format!("\n#[test]\nfn {name}() {{\n    println!(\"last words\");\n    {how};\n}}\n");
        sandbox.append(&format!("services/{service}/src/main.rs"), &test);
    };
    dying("a-service", "aborts", "std::process::abort()");
    dying("b-service", "crashes", "unsafe { std::ptr::without_provenance_mut::<u64>(8).write_volatile(1) }");
    dying("c-service", "leaves", "std::process::exit(0)");
    assert_snapshot!(sandbox.run(&["test-matrix", "--keep-going", "-j1"]), @"
    exit code 1
    ----- stderr -----
    ✓ test-services:compile
    ✗ test-services/a-service failed: a-service (bin) was killed by SIGABRT when 0 of 1 test had reported
        a-service (bin)
          │ running 1 test
          run again: cargo test --package a-service --bin a-service
        log: target/xtask/runs/RUN/logs/test-services.a-service.log
        run again: cargo test --package a-service --lib --bins
    ✗ test-services/b-service failed: b-service (bin) was killed by SIGSEGV when 0 of 1 test had reported
        b-service (bin)
          │ running 1 test
          run again: cargo test --package b-service --bin b-service
        log: target/xtask/runs/RUN/logs/test-services.b-service.log
        run again: cargo test --package b-service --lib --bins
    ✗ test-services/c-service failed: c-service (bin) ended early with exit code 0 when 0 of 1 test had reported
        c-service (bin)
          │ running 1 test
          run again: cargo test --package c-service --bin c-service
        log: target/xtask/runs/RUN/logs/test-services.c-service.log
        run again: cargo test --package c-service --lib --bins
    ✓ test-services:doc
    ✓ test-services/a-service:doc  1 test
    ✓ test-services/b-service:doc  1 test
    ✓ test-services/c-service:doc  1 test

    ✗ test-services  failed: a-service: a-service (bin) was killed by SIGABRT when 0 of 1 test had reported; b-service: b-service (bin) was killed by SIGSEGV when 0 of 1 test had reported; c-service: c-service (bin) ended early with exit code 0 when 0 of 1 test had reported

    What went wrong
      ✗ test-services/a-service failed: a-service (bin) was killed by SIGABRT when 0 of 1 test had reported
          a-service (bin)
          run again: cargo test --package a-service --bin a-service
      ✗ test-services/b-service failed: b-service (bin) was killed by SIGSEGV when 0 of 1 test had reported
          b-service (bin)
          run again: cargo test --package b-service --bin b-service
      ✗ test-services/c-service failed: c-service (bin) ended early with exit code 0 when 0 of 1 test had reported
          c-service (bin)
          run again: cargo test --package c-service --bin c-service
      report: target/xtask/runs/RUN/report.md

    failed: test-services (3 tests in 3 services) · exit 1
    ");
    let summary = sandbox.summary();
    assert_eq!(
        summary.tasks("test-services"),
        [
            "test-services/a-service failed: a-service (bin) was killed by SIGABRT when 0 of 1 test had reported",
            "test-services/a-service:doc passed",
            "test-services/b-service failed: b-service (bin) was killed by SIGSEGV when 0 of 1 test had reported",
            "test-services/b-service:doc passed",
            "test-services/c-service failed: c-service (bin) ended early with exit code 0 when 0 of 1 test had reported",
            "test-services/c-service:doc passed",
            "test-services:compile passed",
            "test-services:doc passed"
        ]
    );
    assert_eq!(summary.failed_test("test-services/a-service").name, "a-service (bin)");
    assert_eq!(summary.failed_test("test-services/b-service").name, "b-service (bin)");
    assert_eq!(summary.failed_test("test-services/c-service").name, "c-service (bin)");
    assert_eq!(summary.failed_test("test-services/c-service").repeat, "cargo test --package c-service --bin c-service");
    // What ran beside them is counted.
    assert_eq!(counts(summary.task("test-services/a-service")), [1, 1, 0]);
}

#[test]
fn tests_that_do_not_compile_are_a_failure_with_the_place() {
    let sandbox = Sandbox::with_services(&["a-service", "b-service"]);
    sandbox.append("services/b-service/src/main.rs", "\n#[test]\nfn wrong() {\n    let _: u32 = \"one\";\n}\n");
    assert_snapshot!(sandbox.run(&["test-matrix", "--keep-going", "-j1"]), @"
    exit code 1
    ----- stderr -----
    ✗ test-services:compile failed: 1 compile error (mismatched types)
        error E0308: mismatched types (services/b-service/src/main.rs:7)
        log: target/xtask/runs/RUN/logs/test-services+compile.log
        run again: cargo test --workspace --lib --bins --no-run

    ✗ test-services  failed: compile: 1 compile error (mismatched types)

    What went wrong
      ✗ test-services:compile failed: 1 compile error (mismatched types)
          run again: cargo test --workspace --lib --bins --no-run
      report: target/xtask/runs/RUN/report.md

    3 tasks of test-services skipped: needs `test-services:compile`, which failed
    2 tasks of test-services skipped: needs `test-services:doc`, which was skipped

    failed: test-services (compile: 1 compile error (mismatched types)) · exit 1
    ");
    let summary = sandbox.summary();
    assert_eq!(
        summary.tasks("test-services"),
        [
            "test-services/a-service skipped: needs `test-services:compile`, which failed",
            "test-services/a-service:doc skipped: needs `test-services:doc`, which was skipped",
            "test-services/b-service skipped: needs `test-services:compile`, which failed",
            "test-services/b-service:doc skipped: needs `test-services:doc`, which was skipped",
            "test-services:compile failed: 1 compile error (mismatched types)",
            "test-services:doc skipped: needs `test-services:compile`, which failed"
        ]
    );
    assert_eq!(summary.findings("test-services:compile"), ["error E0308 services/b-service/src/main.rs:7"]);
}
