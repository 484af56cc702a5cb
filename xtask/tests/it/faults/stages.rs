//! Planted faults: each thing broken on purpose turns the run red, or only warns, exactly as its stage's policy says;
//! what needs the stage is skipped with the reason, and what does not need it runs.

use crate::support::sandbox::{Output, Sandbox, counts};

/// Runs the stages that matter to a test in the way of a CI machine, where a failure stops only what needs it.
fn ci(sandbox: &Sandbox, skipped: &[&str]) -> Output {
    let mut args = vec!["ci", "--keep-going", "--no-install"];
    args.extend(skipped.iter().flat_map(|stage| ["--skip", *stage]));
    sandbox.run(&args)
}

#[test]
fn without_a_fault_the_run_is_green_and_the_sources_are_as_they_were() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.paste("cargo generate-lockfile").exits(0);
    sandbox.commit();
    let output = ci(&sandbox, &["audit", "deps"]).exits(0);
    assert_eq!(output.verdict(), "passed: 5 stages, 2 tests in TIME");
    let summary = sandbox.summary();
    let head = sandbox.paste("git rev-parse HEAD").exits(0).stdout;
    assert_eq!(summary.0["commit"], head, "and not dirty");
    assert_eq!(sandbox.paste("git status --porcelain").exits(0).stdout, "");
}

#[test]
fn a_file_that_is_not_formatted_stops_everything_behind_it() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.append("services/a-service/src/main.rs", "\n#[test]\nfn  crooked( ) { }\n");
    let output = ci(&sandbox, &["coverage", "audit", "deps"]).exits(1);
    assert_eq!(output.verdict(), "failed: format-and-lint (fmt: 1 file is not formatted) · exit 1");
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
    let output = sandbox.run(&["ci", "--only", "format-and-lint"]).exits(1);
    let both = "failed: format-and-lint (fmt: 1 file is not formatted; lint: 1 lint) · exit 1";
    assert_eq!(output.verdict(), both);
    let place = "::error file=services/a-service/src/main.rs,line=7,endLine=7,";
    let lint = format!("{place}col=3,endColumn=9,title=clippy%3A%3Aneedless_return::");
    output.says(&format!("{place}title=rustfmt::")).says(&lint);
}

#[test]
fn a_lint_is_found_with_its_file_line_and_name() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.append("services/a-service/src/main.rs", "\n#[test]\nfn late() {\n    return;\n}\n");
    let output = ci(&sandbox, &["coverage", "audit", "deps"]).exits(1);
    assert_eq!(output.verdict(), "failed: format-and-lint (lint: 1 lint) · exit 1");
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
    let output = ci(&sandbox, &["lint", "coverage", "audit", "deps"]).exits(1);
    assert_eq!(output.verdict(), "failed: test-services (1 test in b-service) · exit 1");
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
    let output = ci(&sandbox, &["lint", "coverage", "audit", "deps"]).exits(1);
    assert_eq!(output.verdict(), "failed: test-services (1 test in a-service) · exit 1");
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

#[test]
fn a_build_that_is_broken_for_release_only_is_found_by_its_stage() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox
        .append("services/a-service/src/main.rs", "\n#[cfg(not(debug_assertions))]\ncompile_error!(\"no release\");\n");
    let output = ci(&sandbox, &["coverage", "audit", "deps"]).exits(1);
    assert_eq!(output.verdict(), "failed: build-release (release: 1 compile error (no release)) · exit 1");
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

/// The tests that cargo has run, by what it printed.
fn ran(output: &Output) -> Vec<&str> {
    let lines = output.stdout.lines().filter_map(|line| line.strip_prefix("test ")?.rsplit_once(" ... "));
    lines.map(|(name, _)| name).collect()
}
