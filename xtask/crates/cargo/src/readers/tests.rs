//! What all readers have in common: no bytes make them panic, and lost output never makes them pass.

use super::*;
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use xtask_core::command::{Exit, Stream};
use xtask_core::outcome::Outcome;
use xtask_core::reader::{ExitCode, Read};
use xtask_core::reading::{Binary, Reading};

/// Feeds whole outputs to a reader of a workspace in `/w`.
pub(super) fn read(how: &dyn Read, stdout: &str, stderr: &str, exit: Exit) -> Reading {
    let mut reader = how.start(Path::new("/w"), &[]);
    stdout.lines().for_each(|line| reader.line(Stream::Stdout, line.as_bytes()));
    stderr.lines().for_each(|line| reader.line(Stream::Stderr, line.as_bytes()));
    reader.finish(exit, false)
}

/// Asserts how a task ended and why.
#[track_caller]
pub(super) fn same(reading: &Reading, outcome: Outcome, because: &str) {
    assert_eq!((reading.outcome, reading.because.as_deref()), (outcome, Some(because)));
}

/// A waiver for the tests.
pub(super) fn waiver(id: &str, expired: bool) -> Waiver {
    Waiver { id: id.to_owned(), reason: "accepted".to_owned(), expires: "2026-01-31".to_owned(), expired }
}

fn gate() -> CoverageGate {
    CoverageGate { packages: vec![("a-lib".to_owned(), PathBuf::from("/w/a"))], ..CoverageGate::default() }
}

/// Every reader, with an output that it takes as good, on the stream it reads, and whether that output has an end mark.
fn all() -> Vec<(Box<dyn Read>, Stream, String, bool)> {
    use Stream::{Stderr, Stdout};
    let audit = r#"{"database":{"advisory-count":9,"last-commit":"abc","last-updated":"2026-01-01"},"lockfile":{"dependency-count":2},
"settings":{},"vulnerabilities":{"found":false,"count":0,"list":[]},
"warnings":{}}"#;
    let deny = r#"{"type":"log","fields":{"level":"INFO","message":"x"}}
{"fields":{"bans":{"errors":0,"warnings":0}},"type":"summary"}"#;
    let libtest = "running 2 tests\ntest a ... ok\ntest b ... ok\n\ntest result: ok. 2 passed; 0 failed; 0 ignored; \
                   0 measured; 0 filtered out; finished in 0.00s";
    let update = "     Locking 0 packages to latest Rust 1.95.0 compatible versions\nwarning: not updating lockfile due to dry run";
    let covered =
        include_str!("testdata/llvm-cov.json").replace(",\"files\":", ",\n\"files\":").replace("},{", "},\n{");
    let tarpaulin =
        "{\"files\":[\n{\"path\":[\"/\",\"w\",\"a\",\"src\",\"lib.rs\"],\n\"covered\":1,\"coverable\":1}]\n}";
    let built = include_str!("testdata/clippy-warnings.json");
    let repeat = Rerun::Line("cargo test".to_owned());
    vec![
        (Box::new(ExitCode), Stdout, "x".into(), false),
        (Box::new(Rustfmt::default()), Stdout, String::new(), false),
        (Box::new(CargoMessages::default()), Stdout, built.into(), true),
        (Box::new(Libtest::new(&repeat)), Stdout, libtest.into(), true),
        (Box::new(Environment::new(std::collections::BTreeMap::new())), Stdout, "A=1\nB=2".into(), false),
        (Box::new(CargoAudit::new(&[waiver("X", true)], None)), Stdout, audit.into(), true),
        (Box::new(CargoDeny::new(&[waiver("X", false)], "all", None)), Stderr, deny.into(), true),
        (Box::new(Outdated::default()), Stderr, update.into(), true),
        (Box::new(Duplicates::default()), Stdout, "a v1.0.0\n\na v2.0.0".into(), false),
        (Box::new(LlvmCov::new(gate(), None)), Stdout, covered, true),
        (Box::new(Tarpaulin::new(gate(), Some("/w/r.json".into()))), Stdout, tarpaulin.into(), true),
    ]
}

/// A test executable.
pub(super) fn binary(target: &str, kind: &str) -> Binary {
    let path = format!("/w/target/debug/deps/{target}-1").into();
    Binary {
        package: "id".to_owned(),
        target: target.to_owned(),
        kind: kind.to_owned(),
        test: true,
        path,
        bytes: 0,
        digest: None,
    }
}

/// The name of a reader.
fn name(how: &dyn Read) -> String {
    format!("{how:?}").split([' ', '(']).next().unwrap_or_default().to_owned()
}

fn feed(how: &dyn Read, stream: Stream, lines: &[&str], cut: bool) -> Reading {
    let mut reader = how.start(Path::new("/w"), &[]);
    for line in lines {
        reader.line(stream, line.as_bytes());
    }
    reader.finish(Exit::Code(0), cut)
}

#[test]
fn good_output_passes_and_a_part_of_it_never_does() {
    for (how, stream, output, marked) in all() {
        let lines: Vec<&str> = output.lines().collect();
        assert_eq!(feed(how.as_ref(), stream, &lines, false).outcome, Outcome::Passed, "{how:?}");
        for end in (0..lines.len()).filter(|_| marked) {
            let outcome = feed(how.as_ref(), stream, &lines[..end], false).outcome;
            assert!(outcome.is_bad(), "{how:?} {outcome:?} after {end} lines");
        }
    }
}

#[test]
fn output_that_was_lost_on_the_way_never_passes() {
    for (how, stream, output, _) in all().into_iter().filter(|(how, ..)| name(how.as_ref()) != "ExitCode") {
        let lines: Vec<&str> = output.lines().collect();
        if name(how.as_ref()) == "Libtest" {
            // A test printed a line that long; one of libtest's own that is missing is noticed, see above.
            assert_eq!(feed(how.as_ref(), stream, &lines, true).outcome, Outcome::Passed);
            continue;
        }
        assert_eq!(feed(how.as_ref(), stream, &lines, true).outcome, Outcome::EnvironmentError, "{how:?}");
    }
}

#[test]
fn silence_is_no_answer() {
    let silent = ["ExitCode", "Rustfmt"];
    for (how, ..) in all().into_iter().filter(|(how, ..)| !silent.contains(&name(how.as_ref()).as_str())) {
        assert_eq!(feed(how.as_ref(), Stream::Stdout, &[], false).outcome, Outcome::EnvironmentError, "{how:?}");
    }
}

/// Words that the readers look for, so that random lines get past their first look.
const WORDS: [&str; 22] = [
    "test ",
    "running ",
    "result: ",
    "ok. ",
    " ... ",
    "FAILED",
    "failures:",
    "    ",
    "---- a stdout ----",
    "1",
    " tests",
    "Diff in /w/a.rs:",
    ":",
    "error: ",
    " --> ",
    "{\"reason\":",
    "{\"files\":[",
    "Unchanged ",
    " v1",
    "=",
    "\u{1b}[31m",
    "é",
];

fn line() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        proptest::sample::select(&WORDS[..]).prop_map(|word| word.as_bytes().to_vec()),
        proptest::collection::vec(any::<u8>(), 0..6),
    ];
    proptest::collection::vec(word, 0..6).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_a_reader_panic(
        lines in proptest::collection::vec((any::<bool>(), line()), 0..30),
        code in prop_oneof![Just(0), Just(1), Just(101), any::<i32>()],
        signal in any::<bool>(),
        cut in any::<bool>(),
        binaries in any::<bool>(),
    ) {
        for (how, _, good, _) in all() {
            let mut reader = how.start(Path::new("/w"), &[]);
            for (index, (stdout, line)) in lines.iter().enumerate() {
                if binaries && index % 7 == 0 {
                    reader.next_binary(&binary("one", "lib"));
                }
                reader.line(if *stdout { Stream::Stdout } else { Stream::Stderr }, line);
                reader.line(Stream::Stdout, good.lines().nth(index).unwrap_or_default().as_bytes());
                if binaries && index % 11 == 0 {
                    reader.finish_binary(Exit::Code(code));
                }
            }
            let exit = if signal { Exit::Signal(code) } else { Exit::Code(code) };
            let reading = reader.finish(exit, cut);
            prop_assert!(reading.outcome == Outcome::Passed || reading.because.is_some());
            prop_assert!(exit.is_ok() || reading.outcome.is_bad());
        }
    }
}
