//! What a failure is put down to: the cause and not the attempt, advice that fits, numbers that agree.

use crate::support::sandbox::Sandbox;

/// Fails the test when a text holds one of these.
#[track_caller]
fn without(text: &str, words: &[&str]) {
    for word in words {
        assert!(!text.contains(word), "`{word}` in:\n{text}");
    }
}

#[test]
fn advice_does_not_come_from_the_name_of_a_stage() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.stage("deploy-docs", "", "echo broken link; exit 1");
    let output = sandbox.run(&["ci", "--only", "deploy-docs"]).exits(1);
    let report = sandbox.run(&["report"]).exits(0).stdout;
    assert!(report.contains("see in its log what is wrong"), "{report}");
    without(&format!("{}{report}", output.stderr), &["cargo xtask status", "cargo xtask rollback"]);
}

#[test]
fn a_panic_is_shown_before_its_backtrace() {
    let mut sandbox = Sandbox::with_services(&["a-service"]);
    let deep = "#[cfg(test)]\nfn deep(n: u32) {\n    if n == 0 {\n        panic!(\"the reason\");\n    }\n    \
                deep(n - 1);\n    std::hint::black_box(n);\n}\n\n#[test]\nfn fails() {\n    deep(100);\n}\n";
    sandbox.append("services/a-service/src/lib.rs", deep);
    sandbox.var("RUST_BACKTRACE", "1");
    let output = sandbox.run(&["test-matrix"]).exits(1);
    let place = |word: &str| output.stderr.find(word).unwrap_or_else(|| panic!("no `{word}` in:\n{}", output.stderr));
    assert!(place("the reason") < place("stack backtrace:"));
    output.says("more lines of the backtrace only in the log");
}

#[test]
fn a_list_of_tests_is_no_pass() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    for flag in ["--list", "--help"] {
        let output = sandbox.run(&["test-matrix", "--", flag]).exits(4).says("`--list` and `--help` run none");
        without(&output.stderr, &["passed: 1 stage"]);
    }
}

#[test]
fn a_missing_compiler_wrapper_is_the_environment() {
    let mut sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.var("RUSTC_WRAPPER", "/no/such/wrapper");
    sandbox.run(&["lint"]).exits(3).says("/no/such/wrapper");
}

#[test]
fn a_build_script_that_fails_is_nothing_for_clippy_to_repair() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.file("services/a-service/build.rs", "fn main() {\n    panic!(\"no protoc\");\n}\n");
    sandbox.run(&["lint"]).exits(1).says("failed to run custom build command");
    let report = sandbox.run(&["report"]).exits(0).stdout;
    assert!(report.contains("make it compile"), "{report}");
    without(&report, &["lint --fix"]);
}

#[test]
fn a_cargo_that_is_killed_says_so() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.stub("cargo", "kill -9 $$");
    sandbox.run(&["plan"]).exits(3).says("run `cargo metadata` in").says("it was killed by SIGKILL");
}

#[test]
fn hundreds_of_failures_have_one_number() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    let failing = "#[cfg(test)]\nmod many {\n    macro_rules! many {\n        ($($name:ident)*) => {\n            \
                   $(#[test]\n            fn $name() {\n                panic!(\"no\");\n            })*\n        \
                   };\n    }\n    many! { NAMES }\n}\n";
    let names: Vec<String> = (0..300).map(|n| format!("t{n}")).collect();
    sandbox.append("services/a-service/src/lib.rs", &failing.replace("NAMES", &names.join(" ")));
    let output =
        sandbox.run(&["test-matrix"]).exits(1).says("300 tests in a-service").says("and 290 more failed tests");
    without(&output.stderr, &["200"]);
    let report = sandbox.run(&["report"]).exits(0).stdout;
    assert!(report.contains("295 more") && report.contains("280 more failed tests"), "{report}");
}
