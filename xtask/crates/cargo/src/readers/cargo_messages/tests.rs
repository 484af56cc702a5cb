//! Messages of cargo 1.95 for a workspace with planted faults, without the rendered text.

use super::super::tests::{read, same};
use super::*;

const WARNINGS: &str = include_str!("../testdata/clippy-warnings.json");
const DENIED: &str = include_str!("../testdata/clippy-denied.json");
const NO_RUN: &str = include_str!("../testdata/test-no-run.json");
const BROKEN: &str = include_str!("../testdata/broken-build.json");
const FINISHED: &str = r#"{"reason":"build-finished","success":true}"#;
const UNFINISHED: &str = r#"{"reason":"build-finished","success":false}"#;

/// Severity, code and place of each finding.
fn places(reading: &Reading) -> Vec<String> {
    let place = |f: &Finding| {
        let file = f.file.as_deref().unwrap_or("-");
        format!("{:?} {} {file}:{}", f.severity, f.code.as_deref().unwrap_or("-"), f.line.unwrap_or_default())
    };
    reading.findings.iter().map(place).collect()
}

#[test]
fn warnings_are_findings_once_for_all_targets_and_do_not_fail() {
    let reading = read(&CargoMessages::default(), WARNINGS, "", Exit::Code(0));
    assert_eq!((reading.outcome, &reading.because), (Outcome::Passed, &None));
    let wanted = [
        "Warning unused_variables b/src/main.rs:3",
        "Warning dead_code b/src/main.rs:10",
        "Warning clippy::needless_return b/src/main.rs:6",
        "Warning clippy::no_effect b/src/main.rs:11",
        "Warning clippy::items_after_test_module a/src/lib.rs:32",
        "Warning clippy::possible_missing_else b/tests/dies.rs:3",
    ];
    assert_eq!(places(&reading), wanted);
    assert_eq!(reading.findings[2].tool, "clippy");
    assert_eq!(reading.findings[2].package.as_deref(), Some("b-bin 0.1.0"));
}

#[test]
fn denied_lints_fail_and_are_counted() {
    let stderr = "error: could not compile `b-bin` (bin \"b-bin\") due to 4 previous errors";
    let reading = read(&CargoMessages::default(), DENIED, stderr, Exit::Code(101));
    let errors = reading.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    same(&reading, Outcome::Failed, &count(errors, "lint"));
    assert!(errors >= 4);
}

#[test]
fn code_that_does_not_compile_fails() {
    let reading = read(&CargoMessages::default(), BROKEN, "", Exit::Code(101));
    same(&reading, Outcome::Failed, "1 compile error (mismatched types)");
    assert_eq!(places(&reading), ["Error E0308 src/lib.rs:1"]);
}

#[test]
fn executables_say_whether_they_are_tests() {
    let reading = read(&CargoMessages::default(), NO_RUN, "", Exit::Code(0));
    let mut binaries: Vec<String> =
        reading.binaries.iter().map(|b| format!("{} {} test={}", b.target, b.kind, b.test)).collect();
    binaries.sort();
    let wanted = [
        "a_lib lib test=true",
        "b-bin bin test=false",
        "b-bin bin test=true",
        "dies test test=true",
        "noharness test test=true",
    ];
    assert_eq!(binaries, wanted);
    assert!(reading.binaries.iter().all(|b| b.path.starts_with("/w/target/debug") && b.package.contains("/w/")));
}

#[test]
fn a_missing_linker_is_a_failure() {
    let message = r#"{"reason":"compiler-message","package_id":"path+file:///w/x#0.1.0","message":{"level":"error",
        "message":"linker `nolinker` not found\n\nmore","spans":[],"code":null}}"#
        .replace('\n', "");
    let reading = read(&CargoMessages::default(), &format!("{message}\n{UNFINISHED}"), "", Exit::Code(101));
    same(&reading, Outcome::Failed, "1 compile error (linker `nolinker` not found)");
    assert_eq!(reading.findings[0].package.as_deref(), Some("x 0.1.0"));
}

/// What rustc 1.95 prints on a full disk: about an archive, and when rust-lld has died of it.
#[test]
fn a_full_disk_is_no_compile_error() {
    let error = |message: &str, child: &str| {
        let children = serde_json::json!([{ "message": child }]);
        let message = serde_json::json!({
            "level": "error", "message": message, "spans": [], "code": null, "children": children,
        });
        // Cargo writes the reason first, and the reader looks for it there.
        let package = "\"package_id\":\"c 0.1.0 (x)\"";
        format!("{{\"reason\":\"compiler-message\",{package},\"message\":{message}}}\n{UNFINISHED}")
    };
    let archive =
        "failed to build archive at `/w/target/debug/deps/libc-1.rlib`: No space left on device (os error 28)";
    let linker = "\"cc\" \"-o\" \"/w/target/debug/deps/c-2\" \"-pie\"\ncollect2: fatal error: ld terminated with signal 7 [Bus error]";
    for (message, child, place) in [
        (archive, "", "target/debug/deps/libc-1.rlib"),
        ("linking with `cc` failed: exit status: 1", linker, "target/debug/deps/c-2"),
    ] {
        let reading = read(&CargoMessages::default(), &error(message, child), "", Exit::Code(101));
        let because = format!("no space left on the disk of {place}: {message}");
        same(&reading, Outcome::EnvironmentError, &because);
    }
    let spelled = error("the code says: No space left on device", "").replace("\"spans\":[]", SPAN);
    assert_eq!(read(&CargoMessages::default(), &spelled, "", Exit::Code(101)).outcome, Outcome::Failed);
}

/// A place in a source.
const SPAN: &str = r#""spans":[{"file_name":"src/lib.rs","line_start":1,"is_primary":true,"expansion":null}]"#;

#[test]
fn two_programs_in_one_file_are_noted() {
    let stderr = "warning: output filename collision at /w/target/release/server\n  |\n  = note: the bin target `server` in \
                  package `b v0.1.0 (/w/b)` has the same output filename\nwarning: output filename collision at \
                  /w/target/release/server.dwp\n";
    let reading =
        read(&CargoMessages::default(), "{\"reason\":\"build-finished\",\"success\":true}\n", stderr, Exit::Code(0));
    assert_eq!(reading.outcome, Outcome::Passed);
    assert_eq!(reading.notes, ["cargo has written two programs to target/release/server, which holds the last one"]);
}

#[test]
fn what_cargo_itself_says_is_the_reason() {
    for (stderr, outcome, because) in [
        (
            "error: cannot create the lock file /w/Cargo.lock because --locked was passed to prevent this",
            Outcome::Failed,
            "cannot create the lock file /w/Cargo.lock because --locked was passed to prevent this",
        ),
        (
            "error: failed to run custom build command for `x v0.1.0 (/w)`\n\nCaused by:\n  process didn't exit \
             successfully: `/w/target/debug/build/x-1/build-script-build` (exit status: 101)\n  --- stderr\n",
            Outcome::Failed,
            "failed to run custom build command for `x v0.1.0 (/w)`: process didn't exit successfully: \
             `/w/target/debug/build/x-1/build-script-build` (exit status: 101)",
        ),
        (
            "error: no such command: `clippy`\n\nhelp: view all installed commands",
            Outcome::EnvironmentError,
            "no such command: `clippy`",
        ),
        ("", Outcome::EnvironmentError, "cargo exited with code 101 and did not say why"),
    ] {
        same(&read(&CargoMessages::default(), "", stderr, Exit::Code(101)), outcome, because);
    }
}

#[test]
fn messages_that_end_early_or_contradict_the_exit_are_no_success() {
    for (stdout, exit, because) in [
        ("", Exit::Code(0), "cargo's messages end before the build does"),
        (UNFINISHED, Exit::Code(0), "cargo says that the build failed, and exited with code 0"),
        (FINISHED, Exit::Signal(15), "cargo was killed by SIGTERM"),
        (FINISHED, Exit::Code(2), "cargo exited with code 2 and did not say why"),
    ] {
        same(&read(&CargoMessages::default(), stdout, "", exit), Outcome::EnvironmentError, because);
    }
    let broken = format!("{}\n{FINISHED}", r#"{"reason":"compiler-artifact","package_id":1}"#);
    let reading = read(&CargoMessages::default(), &broken, "", Exit::Code(0));
    assert_eq!(reading.outcome, Outcome::EnvironmentError);
}

#[test]
fn unknown_reasons_and_the_prints_of_macros_are_passed_over() {
    let stdout = format!("hello from a macro\n{{\"reason\":\"brand-new\",\"x\":[]}}\n{FINISHED}");
    assert_eq!(read(&CargoMessages::default(), &stdout, "", Exit::Code(0)), Reading::passed());
}

#[test]
fn a_finding_inside_a_foreign_macro_is_about_the_call() {
    let message = r#"{"reason":"compiler-message","package_id":"a 0.1.0 (path+file:///w)","message":{"level":"warning",
        "message":"m","code":{"code":"x"},"spans":[{"file_name":"/r/macros.rs","line_start":9,"is_primary":true,
        "expansion":{"span":{"file_name":"/w/src/lib.rs","line_start":4,"expansion":null}}}]}}"#
        .replace('\n', "");
    let reading = read(&CargoMessages::default(), &format!("{message}\n{FINISHED}"), "", Exit::Code(0));
    assert_eq!(places(&reading), ["Warning x src/lib.rs:4"]);
    assert_eq!(reading.findings[0].package.as_deref(), Some("a 0.1.0"));
}
