//! Tests that fail: named with their output and with a command that repeats just them.

use super::ci;
use crate::support::sandbox::{Output, Sandbox, counts};
use insta::assert_snapshot;

#[test]
fn a_failing_unit_test_is_named_with_its_output_and_the_command_that_repeats_it() {
    let sandbox = Sandbox::with_services(&["a-service", "b-service"]);
    let failing = r#"#[cfg(test)]
mod more {
    #[test]
    fn twice_of_three() {
        println!("three comes");
        assert_eq!(crate::twice(3), 7);
    }
}
"#;
    sandbox.append("services/b-service/src/lib.rs", failing);
    let output = ci(&sandbox, &["lint", "coverage", "audit", "deps"]);
    assert_snapshot!(output, @"
    exit code 1
    ----- stderr -----
    – format-and-lint  skipped: left out by --skip
    – security-audit  skipped: left out by --skip
    – dependency-check  skipped: left out by --skip
    – code-coverage  skipped: left out by --skip
    – integration-tests  nothing to do: no selected package has anything for it
    ✓ test-services:compile
    ✓ test-services/a-service  1 test
    ✗ test-services/b-service failed: 1 test failed
        more::twice_of_three
          │ three comes
          │
          │ thread 'more::twice_of_three' (THREAD) panicked at services/b-service/src/lib.rs:24:9:
          │ assertion `left == right` failed
          │  left: 6
          │  right: 7
          │ note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
          run again: cargo test --package b-service --lib -- more::twice_of_three --exact
        log: target/xtask/runs/RUN/logs/test-services.b-service.log
        run again: cargo test --package b-service --lib --bins
    ✓ test-services:doc
    ✓ test-services/a-service:doc  1 test
    ✓ test-services/b-service:doc  1 test
    – build-release  skipped: needs `test-services`, which failed
    ✓ quality-report:report

    – format-and-lint  skipped: left out by --skip
    ✗ test-services  failed: b-service: 1 test failed
    – code-coverage  skipped: left out by --skip
    – security-audit  skipped: left out by --skip
    – dependency-check  skipped: left out by --skip
    – integration-tests  nothing to do: no selected package has anything for it
    – build-release  skipped: needs `test-services`, which failed
    ✓ quality-report

    What went wrong
      ✗ test-services/b-service failed: 1 test failed
          more::twice_of_three
          run again: cargo test --package b-service --lib -- more::twice_of_three --exact
      report: target/xtask/runs/RUN/report.md

    failed: test-services (1 test in b-service) · exit 1
    ");
    let summary = sandbox.summary();
    assert_eq!(
        summary.stages(),
        [
            "test-services failed: b-service: 1 test failed",
            "integration-tests nothing-to-do: no selected package has anything for it",
            "build-release skipped: needs `test-services`, which failed",
            "quality-report passed"
        ]
    );
    assert_eq!(
        summary.tasks("test-services"),
        [
            "test-services/a-service passed",
            "test-services/a-service:doc passed",
            "test-services/b-service failed: 1 test failed",
            "test-services/b-service:doc passed",
            "test-services:compile passed",
            "test-services:doc passed"
        ]
    );
    assert_eq!(counts(summary.task("test-services/a-service")), [1, 0, 0]);
    assert_eq!(counts(summary.task("test-services/b-service")), [1, 1, 0]);
    assert_eq!(counts(&summary.0), [4, 1, 0]);
    let test = summary.failed_test("test-services/b-service");
    assert_eq!(test.name, "more::twice_of_three");
    assert!(test.output.contains("three comes"), "{}", test.output);
    assert!(output.stderr.contains(&test.repeat), "{}", output.stderr);
    let again = sandbox.paste(&test.repeat).exits(101);
    assert_eq!(ran(&again), ["more::twice_of_three"]);
}

#[test]
fn a_failing_doc_test_is_one_too() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    let failing = "/// Half.
///
/// ```
/// assert_eq!(a_service::half(4), 3);
/// ```
pub fn half(n: u32) -> u32 {
    n / 2
}
";
    let library = sandbox.read("services/a-service/src/lib.rs");
    sandbox
        .file("services/a-service/src/lib.rs", &library.replace("#[cfg(test)]", &format!("{failing}\n#[cfg(test)]")));
    assert_snapshot!(ci(&sandbox, &["lint", "coverage", "audit", "deps"]), @"
    exit code 1
    ----- stderr -----
    – format-and-lint  skipped: left out by --skip
    – security-audit  skipped: left out by --skip
    – dependency-check  skipped: left out by --skip
    – code-coverage  skipped: left out by --skip
    – integration-tests  nothing to do: no selected package has anything for it
    ✓ test-services:compile
    ✓ test-services/a-service  1 test
    ✓ test-services:doc
    ✗ test-services/a-service:doc failed: 1 test failed
        services/a-service/src/lib.rs - half (line 14)
          │ Test executable failed (exit status: 101).
          │
          │ stderr:
          │
          │ thread 'main' (THREAD) panicked at /tmp/rustdoctest/doctest_bundle_2024.rs:6:1:
          │ assertion `left == right` failed
          │  left: 2
          │  right: 3
          │ note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
          │
          │
          │
          │ failures:
          │  services/a-service/src/lib.rs - half (line 14)
          │
          │
          │ all doctests ran in TIME; merged doctests compilation took TIME
          run again: cargo test --package a-service --doc -- '14)'
        run again: cargo test --package a-service --doc
    – build-release  skipped: needs `test-services`, which failed
    ✓ quality-report:report

    – format-and-lint  skipped: left out by --skip
    ✗ test-services  failed: a-service:doc: 1 test failed
    – code-coverage  skipped: left out by --skip
    – security-audit  skipped: left out by --skip
    – dependency-check  skipped: left out by --skip
    – integration-tests  nothing to do: no selected package has anything for it
    – build-release  skipped: needs `test-services`, which failed
    ✓ quality-report

    What went wrong
      ✗ test-services/a-service:doc failed: 1 test failed
          services/a-service/src/lib.rs - half (line 14)
          run again: cargo test --package a-service --doc -- '14)'
      report: target/xtask/runs/RUN/report.md

    failed: test-services (1 test in a-service) · exit 1
    ");
    let summary = sandbox.summary();
    assert_eq!(
        summary.tasks("test-services"),
        [
            "test-services/a-service passed",
            "test-services/a-service:doc failed: 1 test failed",
            "test-services:compile passed",
            "test-services:doc passed"
        ]
    );
    assert_eq!(counts(summary.task("test-services/a-service:doc")), [1, 1, 0]);
    let test = summary.failed_test("test-services/a-service:doc");
    assert_eq!(test.name, "services/a-service/src/lib.rs - half (line 14)");
    let again = sandbox.paste(&test.repeat).exits(101);
    assert_eq!(ran(&again), ["services/a-service/src/lib.rs - half (line 14)"]);
}

/// The tests that cargo has run, by what it printed.
fn ran(output: &Output) -> Vec<&str> {
    let lines = output.stdout.lines().filter_map(|line| line.strip_prefix("test ")?.rsplit_once(" ... "));
    lines.map(|(name, _)| name).collect()
}
