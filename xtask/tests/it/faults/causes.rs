//! What a failure is put down to: the cause and not the attempt, advice that fits, numbers that agree.

use crate::support::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};

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
    assert_snapshot!(sandbox.run(&["ci", "--only", "deploy-docs"]), @"
    exit code 1
    ----- stderr -----
    ✗ deploy-docs:command failed: exited with code 1
        │ broken link
        log: target/xtask/runs/RUN/logs/deploy-docs+command.log
        run again: stub-deploy-docs

    ✗ deploy-docs  failed: command: exited with code 1

    What went wrong
      ✗ deploy-docs:command failed: exited with code 1
          run again: stub-deploy-docs
      report: target/xtask/runs/RUN/report.md

    failed: deploy-docs (command: exited with code 1) · exit 1
    ");
    assert_snapshot!(sandbox.run(&["report"]), @"
    exit code 0
    ----- stdout -----
    # ✗ failed: deploy-docs (command: exited with code 1) · exit 1

    `cargo xtask ci --only deploy-docs` · event `pull-request` · started DATE · run `RUN`

    ## Stages

    |  | stage | policy | outcome | time | what to know |
    | --- | --- | --- | --- | --- | --- |
    | ✗ | `deploy-docs` | blocking | failed | TIME | command: exited with code 1 |

    ## What to do next

    - `deploy-docs:command`: see in its log what is wrong
      - `stub-deploy-docs`

    ## What went wrong

    <details open><summary>✗ <code>deploy-docs:command</code> failed: exited with code 1</summary>

    ```text
    broken link
    ```

    Log: `logs/deploy-docs+command.log`

    Run again: `stub-deploy-docs`

    </details>

    ## Gates

    |  | gate | state | measured |
    | --- | --- | --- | --- |
    | ✗ | `deploy-docs` | closed | command: exited with code 1 |

    ## Slowest tasks

    | task | time |
    | --- | --- |
    | `deploy-docs:command` | TIME |
    ");
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
        allow_duplicates!(assert_snapshot!(sandbox.run(&["test-matrix", "-j1", "--", flag]), @"
        exit code 4
        ----- stderr -----
        ✓ test-services:compile
        – test-services/a-service  nothing to do: no tests ran: `--list` and `--help` run none
        ✓ test-services:doc
        – test-services/a-service:doc  nothing to do: no tests ran: `--list` and `--help` run none

        – test-services  nothing to do: a-service: no tests ran: `--list` and `--help` run none; a-service:doc: no tests ran: `--list` and `--help` run none

        nothing to do: a-service: no tests ran: `--list` and `--help` run none; a-service:doc: no tests ran: `--list` and `--help` run none · exit 4
        "));
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
    assert_snapshot!(sandbox.run(&["lint"]), @"
    exit code 1
    ----- stderr -----
    ✗ format-and-lint:lint failed to run custom build command for `a-service v0.1.0 (/w/services/a-service)`: process didn't exit successfully: `/w/target/debug/build/a-service-HASH/build-script-build` (exit status: 101)
        │ Compiling a-service v0.1.0 (/w/services/a-service)
        │ error: failed to run custom build command for `a-service v0.1.0 (/w/services/a-service)`
        │ Caused by:
        │ process didn't exit successfully: `/w/target/debug/build/a-service-HASH/build-script-build` (exit status: 101)
        │ --- stderr
        │ thread 'main' (THREAD) panicked at services/a-service/build.rs:2:5:
        │ no protoc
        │ note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
        log: target/xtask/runs/RUN/logs/format-and-lint+lint.log
        run again: cargo clippy --workspace --all-targets -- -D warnings

    ✗ format-and-lint  failed: lint: failed to run custom build command for `a-service v0.1.0 (/w/services/a-service)`: process didn't exit successfully: `/w/target/debug/build/a-service-HASH/build-script-build` (exit status: 101)

    What went wrong
      ✗ format-and-lint:lint failed to run custom build command for `a-service v0.1.0 (/w/services/a-service)`: process didn't exit successfully: `/w/target/debug/build/a-service-HASH/build-script-build` (exit status: 101)
          run again: cargo clippy --workspace --all-targets -- -D warnings
      report: target/xtask/runs/RUN/report.md

    failed: format-and-lint (lint: failed to run custom build command for `a-service v...) · exit 1
    ");
    assert_snapshot!(sandbox.run(&["report"]), @"
    exit code 0
    ----- stdout -----
    # ✗ failed: format-and-lint (lint: failed to run custom build command for &#96;a-service v...) · exit 1

    `cargo xtask lint` · event `pull-request` · started DATE · run `RUN`

    ## Stages

    |  | stage | policy | outcome | time | what to know |
    | --- | --- | --- | --- | --- | --- |
    | ✗ | `format-and-lint` | blocking | failed | TIME | lint: failed to run custom build command for &#96;a-service v0.1.0 (/w/services/a-service)&#96;: process didn't exit successfully: &#96;/w/target/debug/build/a-service-HASH/build-script-build&#96; (exit status: 101) |

    ## What to do next

    - `format-and-lint:lint`: make it compile
      - `cargo clippy --workspace --all-targets -- -D warnings`

    ## What went wrong

    <details open><summary>✗ <code>format-and-lint:lint</code> failed to run custom build command for &#96;a-service v0.1.0 (/w/services/a-service)&#96;: process didn&#39;t exit successfully: &#96;/w/target/debug/build/a-service-HASH/build-script-build&#96; (exit status: 101)</summary>

    ```text
       Compiling a-service v0.1.0 (/w/services/a-service)
    error: failed to run custom build command for `a-service v0.1.0 (/w/services/a-service)`
    Caused by:
      process didn't exit successfully: `/w/target/debug/build/a-service-HASH/build-script-build` (exit status: 101)
      --- stderr
      thread 'main' (THREAD) panicked at services/a-service/build.rs:2:5:
      no protoc
      note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
    ```

    Log: `logs/format-and-lint+lint.log`

    Run again: `cargo clippy --workspace --all-targets -- -D warnings`

    </details>

    ## Gates

    |  | gate | state | measured |
    | --- | --- | --- | --- |
    | ✗ | `format-and-lint` | closed | lint: failed to run custom build command for &#96;a-service v0.1.0 (/w/services/a-service)&#96;: process didn't exit successfully: &#96;/w/target/debug/build/a-service-HASH/build-script-build&#96; (exit status: 101) |

    ## Slowest tasks

    | task | time |
    | --- | --- |
    | `format-and-lint:lint` | TIME |
    ");
}

#[test]
fn a_cargo_that_is_killed_says_so() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.stub("cargo", "kill -9 $$");
    assert_snapshot!(sandbox.run(&["plan"]), @"
    exit code 3
    ----- stderr -----
    error: cannot run `cargo metadata` in /w
      because: it was killed by SIGKILL (out of memory?)
    ");
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
