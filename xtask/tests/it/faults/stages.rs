//! Planted faults: each thing broken on purpose turns the run red, or only warns, exactly as its stage's policy says;
//! what needs the stage is skipped with the reason, and what does not need it runs.

use super::ci;
use crate::support::sandbox::Sandbox;
use insta::assert_snapshot;

#[test]
fn without_a_fault_the_run_is_green_and_the_sources_are_as_they_were() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.lock();
    sandbox.commit();
    assert_snapshot!(ci(&sandbox, &["audit", "deps"]), @"
    exit code 0
    ----- stderr -----
    – security-audit  skipped: left out by --skip
    – dependency-check  skipped: left out by --skip
    – integration-tests  nothing to do: no selected package has anything for it
    ✓ format-and-lint:fmt
    ✓ format-and-lint:lint
    ✓ test-services:instrument
    ✓ test-services:clean
    ✓ test-services:compile
    ✓ test-services/a-service  1 test
    ✓ test-services:doc
    ✓ test-services/a-service:doc  1 test
    ✓ code-coverage:gate  66.66 % of lines
    ✓ code-coverage:lcov
    ✓ code-coverage:cobertura
    ✓ build-release:release
    ✓ quality-report:report

    ✓ format-and-lint
    ✓ test-services  2 tests
    ✓ code-coverage  66.66 % of lines
    – security-audit  skipped: left out by --skip
    – dependency-check  skipped: left out by --skip
    – integration-tests  nothing to do: no selected package has anything for it
    ✓ build-release
    ✓ quality-report

    passed: 5 stages, 2 tests in TIME
    ");
    let summary = sandbox.summary();
    let head = sandbox.paste("git rev-parse HEAD").exits(0).stdout;
    assert_eq!(summary.0["commit"], head, "and not dirty");
    assert_eq!(sandbox.paste("git status --porcelain").exits(0).stdout, "");
}

#[test]
fn a_file_that_is_not_formatted_stops_everything_behind_it() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.append("services/a-service/src/main.rs", "\n#[test]\nfn  crooked( ) { }\n");
    assert_snapshot!(ci(&sandbox, &["coverage", "audit", "deps"]), @"
    exit code 1
    ----- stderr -----
    – code-coverage  skipped: left out by --skip
    – security-audit  skipped: left out by --skip
    – dependency-check  skipped: left out by --skip
    – integration-tests  nothing to do: no selected package has anything for it
    ✗ format-and-lint:fmt failed: 1 file is not formatted
        error: not formatted (services/a-service/src/main.rs:6)
        log: target/xtask/runs/RUN/logs/format-and-lint+fmt.log
        run again: cargo fmt --all --check -- --color=never
    ✓ format-and-lint:lint
    – test-services  skipped: needs `format-and-lint`, which failed
    – build-release  skipped: needs `format-and-lint`, which failed
    ✓ quality-report:report

    ✗ format-and-lint  failed: fmt: 1 file is not formatted
    – test-services  skipped: needs `format-and-lint`, which failed
    – code-coverage  skipped: left out by --skip
    – security-audit  skipped: left out by --skip
    – dependency-check  skipped: left out by --skip
    – integration-tests  nothing to do: no selected package has anything for it
    – build-release  skipped: needs `format-and-lint`, which failed
    ✓ quality-report

    What went wrong
      ✗ format-and-lint:fmt failed: 1 file is not formatted
          run again: cargo fmt --all --check -- --color=never
      report: target/xtask/runs/RUN/report.md

    failed: format-and-lint (fmt: 1 file is not formatted) · exit 1
    ");
    assert_eq!(
        sandbox.summary().stages(),
        [
            "format-and-lint failed: fmt: 1 file is not formatted",
            "test-services skipped: needs `format-and-lint`, which failed",
            "integration-tests nothing-to-do: no selected package has anything for it",
            "build-release skipped: needs `format-and-lint`, which failed",
            "quality-report passed"
        ]
    );
    assert_eq!(
        sandbox.summary().tasks("format-and-lint"),
        ["format-and-lint:fmt failed: 1 file is not formatted", "format-and-lint:lint passed"]
    );
    assert_eq!(sandbox.summary().findings("format-and-lint:fmt"), ["error - services/a-service/src/main.rs:6"]);
}

#[test]
fn in_ci_a_file_that_is_not_formatted_does_not_hide_the_lints() {
    let mut sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.append("services/a-service/src/main.rs", "\n#[test]\nfn late() {\n  return;\n}\n");
    sandbox.var("CI", "true").var("GITHUB_ACTIONS", "true").var("NO_COLOR", "1");
    assert_snapshot!(sandbox.run(&["ci", "-j1", "--only", "format-and-lint"]), @"
    exit code 1
    ----- stderr -----
    format-and-lint has started: 2 tasks
    ::error file=services/a-service/src/main.rs,line=7,endLine=7,title=rustfmt::not formatted
    ✗ format-and-lint:fmt failed: 1 file is not formatted
        error: not formatted (services/a-service/src/main.rs:7)
        log: target/xtask/runs/RUN/logs/format-and-lint+fmt.log
        run again: cargo fmt --all --check -- --color=never
    ::error file=services/a-service/src/main.rs,line=7,endLine=7,col=3,endColumn=9,title=clippy%3A%3Aneedless_return::a-service 0.1.0: unneeded `return` statement
    ✗ format-and-lint:lint failed: 1 lint
        error clippy::needless_return: unneeded `return` statement (services/a-service/src/main.rs:7)
        log: target/xtask/runs/RUN/logs/format-and-lint+lint.log
        run again: cargo clippy --workspace --all-targets -- -D warnings
    ✗ format-and-lint  failed: fmt: 1 file is not formatted; lint: 1 lint

    ✗ format-and-lint  failed: fmt: 1 file is not formatted; lint: 1 lint

    What went wrong
      ✗ format-and-lint:fmt failed: 1 file is not formatted
          run again: cargo fmt --all --check -- --color=never
      ✗ format-and-lint:lint failed: 1 lint
          run again: cargo clippy --workspace --all-targets -- -D warnings
      report: target/xtask/runs/RUN/report.md

    failed: format-and-lint (fmt: 1 file is not formatted; lint: 1 lint) · exit 1
    ");
}

#[test]
fn a_lint_is_found_with_its_file_line_and_name() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.append("services/a-service/src/main.rs", "\n#[test]\nfn late() {\n    return;\n}\n");
    assert_snapshot!(ci(&sandbox, &["coverage", "audit", "deps"]), @"
    exit code 1
    ----- stderr -----
    – code-coverage  skipped: left out by --skip
    – security-audit  skipped: left out by --skip
    – dependency-check  skipped: left out by --skip
    – integration-tests  nothing to do: no selected package has anything for it
    ✓ format-and-lint:fmt
    ✗ format-and-lint:lint failed: 1 lint
        error clippy::needless_return: unneeded `return` statement (services/a-service/src/main.rs:7)
        log: target/xtask/runs/RUN/logs/format-and-lint+lint.log
        run again: cargo clippy --workspace --all-targets -- -D warnings
    – test-services  skipped: needs `format-and-lint`, which failed
    – build-release  skipped: needs `format-and-lint`, which failed
    ✓ quality-report:report

    ✗ format-and-lint  failed: lint: 1 lint
    – test-services  skipped: needs `format-and-lint`, which failed
    – code-coverage  skipped: left out by --skip
    – security-audit  skipped: left out by --skip
    – dependency-check  skipped: left out by --skip
    – integration-tests  nothing to do: no selected package has anything for it
    – build-release  skipped: needs `format-and-lint`, which failed
    ✓ quality-report

    What went wrong
      ✗ format-and-lint:lint failed: 1 lint
          run again: cargo clippy --workspace --all-targets -- -D warnings
      report: target/xtask/runs/RUN/report.md

    failed: format-and-lint (lint: 1 lint) · exit 1
    ");
    assert_eq!(
        sandbox.summary().stages()[..2],
        ["format-and-lint failed: lint: 1 lint", "test-services skipped: needs `format-and-lint`, which failed"]
    );
    assert_eq!(
        sandbox.summary().tasks("format-and-lint"),
        ["format-and-lint:fmt passed", "format-and-lint:lint failed: 1 lint"]
    );
    assert_eq!(
        sandbox.summary().findings("format-and-lint:lint"),
        ["error clippy::needless_return services/a-service/src/main.rs:7"]
    );
}

#[test]
fn a_build_that_is_broken_for_release_only_is_found_by_its_stage() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox
        .append("services/a-service/src/main.rs", "\n#[cfg(not(debug_assertions))]\ncompile_error!(\"no release\");\n");
    assert_snapshot!(ci(&sandbox, &["coverage", "audit", "deps"]), @"
    exit code 1
    ----- stderr -----
    – code-coverage  skipped: left out by --skip
    – security-audit  skipped: left out by --skip
    – dependency-check  skipped: left out by --skip
    – integration-tests  nothing to do: no selected package has anything for it
    ✓ format-and-lint:fmt
    ✓ format-and-lint:lint
    ✓ test-services:compile
    ✓ test-services/a-service  1 test
    ✓ test-services:doc
    ✓ test-services/a-service:doc  1 test
    ✗ build-release:release failed: 1 compile error (no release)
        error: no release (services/a-service/src/main.rs:6)
        log: target/xtask/runs/RUN/logs/build-release+release.log
        run again: cargo build --release --workspace --bins
    ✓ quality-report:report

    ✓ format-and-lint
    ✓ test-services  2 tests
    – code-coverage  skipped: left out by --skip
    – security-audit  skipped: left out by --skip
    – dependency-check  skipped: left out by --skip
    – integration-tests  nothing to do: no selected package has anything for it
    ✗ build-release  failed: release: 1 compile error (no release)
    ✓ quality-report

    What went wrong
      ✗ build-release:release failed: 1 compile error (no release)
          run again: cargo build --release --workspace --bins
      report: target/xtask/runs/RUN/report.md

    failed: build-release (release: 1 compile error (no release)) · exit 1
    ");
    let summary = sandbox.summary();
    assert_eq!(
        summary.stages(),
        [
            "format-and-lint passed",
            "test-services passed",
            "integration-tests nothing-to-do: no selected package has anything for it",
            "build-release failed: release: 1 compile error (no release)",
            "quality-report passed"
        ]
    );
    assert_eq!(summary.findings("build-release:release"), ["error - services/a-service/src/main.rs:6"]);
}
