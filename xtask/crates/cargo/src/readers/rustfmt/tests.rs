//! Output of rustfmt 1.8 (Rust 1.95), shortened.

use super::super::tests::{read, same};
use super::*;

const DIFFS: &str = "\
Diff in /w/a/src/lib.rs:31:
 #[cfg(test)]
 mod tests {
     use super::*;
-    #[test] fn good() { println!(\"Diff in /w/fake.rs:3:\"); }
+    #[test]
+    fn good() {
 
Diff in /w/b/src/main.rs:1:
-fn  q() {}
+fn q() {}
 
Diff in /w/b/src/main.rs:6:
 }
-fn  r() {}
+fn r() {}
";

const PARSE: &str = "\
error: expected expression, found `;`
 --> /w/src/main.rs:3:13
  |
3 |     let x = ;
  |             ^ expected expression

error[E0765]: unterminated double quote string
 --> /w/src/other.rs:2:13
";

/// The findings as `file:line message`.
fn places(reading: &Reading) -> Vec<String> {
    let place = |f: &Finding| {
        let file = f.file.clone().unwrap_or_default();
        format!("{file}:{} {}", f.line.unwrap_or_default(), f.message)
    };
    reading.findings.iter().map(place).collect()
}

#[test]
fn each_hunk_is_a_finding_at_its_first_changed_line() {
    let reading = read(&Rustfmt::default(), DIFFS, "", Exit::Code(1));
    same(&reading, Outcome::Failed, "2 files are not formatted");
    let wanted = ["a/src/lib.rs:34 not formatted", "b/src/main.rs:1 not formatted", "b/src/main.rs:7 not formatted"];
    assert_eq!(places(&reading), wanted);
}

#[test]
fn a_hunk_reaches_to_the_last_line_that_goes() {
    let diff = "Diff in /w/a.rs:9:\n }\n-a\n-b\n+ab\n c\n-d\n+e\n f\nDiff in /w/a.rs:20:\n g\n+h\n";
    let reading = read(&Rustfmt::default(), diff, "", Exit::Code(1));
    let lines: Vec<_> = reading.findings.iter().map(|finding| (finding.line, finding.end_line)).collect();
    assert_eq!(lines, [(Some(10), Some(13)), (Some(21), Some(21))]);
}

#[test]
fn a_source_that_cannot_be_parsed_is_a_finding_too() {
    let reading = read(&Rustfmt::default(), "Diff in /w/src/lib.rs:1:\n-a\n", PARSE, Exit::Code(1));
    same(&reading, Outcome::Failed, "2 files cannot be parsed and 1 file is not formatted");
    let errors = read(&Rustfmt::default(), "", PARSE, Exit::Code(101));
    let wanted = ["src/main.rs:3 expected expression, found `;`", "src/other.rs:2 unterminated double quote string"];
    assert_eq!(places(&errors), wanted);
    assert_eq!(errors.findings[1].code.as_deref(), Some("E0765"));
    let missing = "Error writing files: failed to resolve mod `gone`: /w/src/gone.rs does not exist";
    let reading = read(&Rustfmt::default(), "", missing, Exit::Code(1));
    same(&reading, Outcome::Failed, "1 file cannot be parsed");
    assert_eq!(places(&reading), ["src/gone.rs:0 module `gone` cannot be resolved"]);
}

#[test]
fn line_ends_are_a_finding_without_a_line() {
    let reading = read(&Rustfmt::default(), "Incorrect newline style in /w/src/main.rs", "", Exit::Code(1));
    same(&reading, Outcome::Failed, "1 file is not formatted");
    assert_eq!(places(&reading), ["src/main.rs:0 the line ends are not as configured"]);
}

#[test]
fn a_formatter_that_could_not_look_found_nothing_and_did_not_pass() {
    for (stderr, because) in [
        (
            "error: 'cargo-fmt' is not installed for the toolchain '1.95.0-x86_64-unknown-linux-gnu'.\n\
             To install, run `rustup component add rustfmt`",
            "rustfmt could not check: 'cargo-fmt' is not installed for the toolchain '1.95.0-x86_64-unknown-linux-gnu'.",
        ),
        ("error: no such command: `fmt`", "rustfmt could not check: no such command: `fmt`"),
        (
            "Could not parse TOML: TOML parse error at line 1, column 6\n  |\n1 | bogus\n",
            "rustfmt could not check: Could not parse TOML: TOML parse error at line 1, column 6",
        ),
        ("", "rustfmt exited with code 1 and did not say why"),
    ] {
        same(&read(&Rustfmt::default(), "", stderr, Exit::Code(1)), Outcome::EnvironmentError, because);
    }
    same(
        &read(&Rustfmt::default(), DIFFS, "", Exit::Signal(9)),
        Outcome::EnvironmentError,
        "rustfmt was killed by SIGKILL (out of memory?)",
    );
    assert_eq!(read(&Rustfmt::default(), "", "", Exit::Code(0)), Reading::passed());
}
