//! Output of real test executables (Rust 1.95) with planted faults.

use super::super::tests::{binary, read, same};
use super::*;
use std::path::Path;
use xtask_core::command::Command;

macro_rules! real {
    ($file:literal) => {
        include_str!(concat!("../testdata/libtest/", $file))
    };
}

const GOOD: &str = "running 1 test\ntest a ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 3 \
                    filtered out; finished in 0.00s\n";
const NONE: &str = "running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n";

fn how() -> Libtest {
    let call = Command::cargo("/w").args(["test", "--package", "a-lib"]);
    Libtest::new(&Rerun::Cargo { call, targets: Vec::new() })
}

/// Runs of several executables, announced: name, standard output, standard error, exit.
fn binaries(runs: &[(&str, &str, &str, Exit)]) -> Reading {
    let mut reader = how().start(Path::new("/w"), &[]);
    let mut worst = Exit::Code(0);
    for (name, stdout, stderr, exit) in runs {
        let (target, kind) = name.trim_end_matches(')').split_once(" (").unwrap_or((name, "lib"));
        reader.next_binary(&binary(target, kind));
        for line in stdout.lines() {
            reader.line(Stream::Stdout, line.as_bytes());
        }
        for line in stderr.lines() {
            reader.line(Stream::Stderr, line.as_bytes());
        }
        reader.finish_binary(*exit);
        worst = if exit.is_ok() { worst } else { *exit };
    }
    reader.finish(worst, false)
}

/// Passed, failed, ignored.
fn counts(reading: &Reading) -> (u64, u64, u64) {
    let tests = reading.tests.expect("a test task counts");
    (tests.passed, tests.failed, tests.ignored)
}

#[test]
fn failed_tests_come_with_their_output_and_the_command_that_repeats_them() {
    let reading = binaries(&[("a_lib (lib)", real!("failing.txt"), "", Exit::Code(101))]);
    same(&reading, Outcome::Failed, "4 tests failed");
    assert_eq!(counts(&reading), (2, 4, 2));
    let mut tests: Vec<&FailedTest> = reading.failed_tests.iter().collect();
    tests.sort_by_key(|test| &test.name);
    let names: Vec<&str> = tests.iter().map(|test| test.name.as_str()).collect();
    assert_eq!(names, ["tests::bad", "tests::bad_result", "tests::does_not_panic", "tests::wrong_panic"]);
    assert_eq!(tests[0].repeat, "cargo test --package a-lib --lib -- tests::bad --exact");
    assert!(
        tests[0].output.starts_with("hello from bad\ntest fake ... ok\ntest result: ok. 9 passed;"),
        "{:?}",
        tests[0]
    );
    assert!(tests[0].output.ends_with("to display a backtrace"), "{:?}", tests[0]);
    assert_eq!(tests[1].output, "Error: \"no\"");
    // The last one is followed by the list of names, which is not its output.
    assert_eq!(tests[2].output, "note: test did not panic as expected at a/src/lib.rs:38:32");
}

#[test]
fn doc_tests_fail_with_a_filter_that_rustdoc_understands() {
    let reading = read(&how(), real!("doc.txt"), real!("doc.err"), Exit::Code(101));
    same(&reading, Outcome::Failed, "3 tests failed");
    assert_eq!(counts(&reading), (3, 3, 1));
    let of = |name: &str| reading.failed_tests.iter().find(|test| test.name == name).expect("it failed");
    let compile = of("a/src/lib.rs - add (line 12)");
    assert!(compile.output.starts_with("error[E0308]: mismatched types"));
    assert_eq!(compile.repeat, "cargo test --package a-lib -- '12)'");
    let marked = of("a/src/lib.rs - add (line 19)");
    assert_eq!(marked.output, "Test compiled successfully, but it's marked `compile_fail`.");
    assert!(of("a/src/lib.rs - add (line 8)").output.starts_with("Test executable failed (exit status: 101)."));
}

#[test]
fn an_executable_that_ends_early_has_failed_whatever_its_exit() {
    for (stdout, stderr, exit, because, repeated) in [
        (
            real!("abort.txt"),
            "",
            Exit::Signal(6),
            "dies (lib) was killed by SIGABRT while b_aborts ran",
            Some("b_aborts"),
        ),
        (
            real!("exit0.txt"),
            "",
            Exit::Code(0),
            "dies (lib) ended early with exit code 0 while c_exits ran",
            Some("c_exits"),
        ),
        (real!("segv.txt"), "", Exit::Signal(11), "dies (lib) was killed by SIGSEGV while d_segv ran", Some("d_segv")),
        (
            real!("segv4.txt"),
            "",
            Exit::Signal(11),
            "dies (lib) was killed by SIGSEGV when 1 of 6 tests had reported",
            None,
        ),
        (
            // In several threads the line of a test only comes with its end, and the runtime names it.
            real!("segv4.txt"),
            real!("so.err"),
            Exit::Signal(6),
            "dies (lib) was killed by SIGABRT while e_overflow ran",
            Some("e_overflow"),
        ),
    ] {
        let reading = binaries(&[("dies", stdout, stderr, exit), ("good", GOOD, "", Exit::Code(0))]);
        same(&reading, Outcome::Failed, because);
        let test = &reading.failed_tests[0];
        assert_eq!(test.name, repeated.unwrap_or("dies (lib)"));
        let repeat = repeated.map_or(String::new(), |name| format!(" -- {name} --exact"));
        assert_eq!(test.repeat, format!("cargo test --package a-lib --lib{repeat}"));
        assert!(test.output.contains("running 6 tests"));
        // What had reported counts, the one that brought the others down has failed, and the next executable counts too.
        let (passed, failed, _) = counts(&reading);
        assert_eq!((passed, failed), (stdout.matches("... ok").count() as u64 + 1, 1));
    }
}

#[test]
fn what_tests_print_does_not_disturb() {
    let reading = binaries(&[("dies", real!("nocapture.txt"), "", Exit::Code(0))]);
    assert_eq!((reading.outcome, counts(&reading)), (Outcome::Passed, (6, 0, 0)));
    let reading = binaries(&[("dies", real!("show-output.txt"), "", Exit::Code(0))]);
    assert_eq!((reading.outcome, counts(&reading)), (Outcome::Passed, (6, 0, 0)));
    // A test that prints what a harness prints, without capture.
    let printed = GOOD.replace("test a ... ok", &format!("test a ... {NONE}failures:\ntest x ... FAILED\nok"));
    let reading = binaries(&[("a", &printed, "", Exit::Code(0))]);
    assert_eq!((reading.outcome, counts(&reading)), (Outcome::Passed, (1, 0, 0)));
}

#[test]
fn an_output_that_imitates_the_end_stays_an_output() {
    let imitation = real!("failing.txt").replace("bar\n", &format!("bar\n\nfailures:\n    x\n\n{NONE}and more\n"));
    let reading = binaries(&[("a_lib", &imitation, "", Exit::Code(101))]);
    same(&reading, Outcome::Failed, "4 tests failed");
    let wrong = reading.failed_tests.iter().find(|test| test.name == "tests::wrong_panic").expect("it failed");
    assert!(wrong.output.contains("and more\n"), "{wrong:?}");
    assert!(wrong.output.ends_with("expected substring: \"foo\""), "{wrong:?}");
    assert_eq!(reading.failed_tests.len(), 4);
}

#[test]
fn every_cut_of_an_executables_output_is_noticed() {
    for output in [real!("failing.txt"), real!("nocapture.txt"), real!("show-output.txt"), GOOD] {
        let lines: Vec<&str> = output.trim_end().lines().collect();
        for end in 0..lines.len() {
            let part = lines[..end].join("\n");
            // An executable with its own harness may print nothing at all, or nothing but an empty line.
            if part.contains("running") {
                let reading = binaries(&[("a", &part, "", Exit::Code(0))]);
                assert_eq!(reading.outcome, Outcome::Failed, "{end} lines");
            }
            let reading = read(&how(), &part, "", Exit::Code(0));
            assert!(reading.outcome.is_bad(), "{end} lines");
        }
    }
}

#[test]
fn no_tests_is_never_a_pass() {
    same(
        &binaries(&[("a", NONE, "", Exit::Code(0)), ("b", NONE, "", Exit::Code(0))]),
        Outcome::NothingToDo,
        "no tests",
    );
    let finished = "    Finished `test` profile [unoptimized + debuginfo] target(s) in 0.01s\n   Doc-tests a_lib";
    same(&read(&how(), "", finished, Exit::Code(0)), Outcome::NothingToDo, "no tests");
    same(&read(&how(), NONE, finished, Exit::Code(0)), Outcome::NothingToDo, "no tests");
    same(&read(&how(), "", "", Exit::Code(0)), Outcome::EnvironmentError, "the output names no tests");
    let ignored = "running 1 test\ntest a ... ignored\n\ntest result: ok. 0 passed; 0 failed; 1 ignored; 0 measured; 0 \
                   filtered out\n";
    same(&binaries(&[("a", ignored, "", Exit::Code(0))]), Outcome::NothingToDo, "no tests ran: 1 test ignored");
    assert_eq!(binaries(&[("a", NONE, "", Exit::Code(0)), ("b", GOOD, "", Exit::Code(0))]).outcome, Outcome::Passed);
}

#[test]
fn a_harness_of_its_own_is_judged_by_its_exit() {
    let own = |exit| binaries(&[("own", "my own harness", "", exit)]);
    let reading = own(Exit::Code(0));
    assert_eq!((reading.outcome, counts(&reading)), (Outcome::Passed, (0, 0, 0)));
    assert_eq!(reading.notes, ["own (lib) has a harness of its own: its exit counts, its tests do not"]);
    same(&own(Exit::Code(3)), Outcome::Failed, "own (lib) exited with code 3 before it ran a test");
    let killed = own(Exit::Signal(11));
    same(&killed, Outcome::Failed, "own (lib) was killed by SIGSEGV before it ran a test");
    assert_eq!(killed.failed_tests[0].output, "my own harness");
    assert_eq!(killed.failed_tests[0].repeat, "cargo test --package a-lib --lib");
}

#[test]
fn a_good_result_and_a_bad_exit_contradict() {
    let reading = binaries(&[("a", GOOD, "", Exit::Code(3)), ("b", GOOD, "", Exit::Code(0))]);
    same(&reading, Outcome::Failed, "a (lib) exited with code 3 although its tests passed");
    same(&read(&how(), GOOD, "", Exit::Code(101)), Outcome::Failed, "it exited with code 101 and no test failed");
}

#[test]
fn cargo_that_could_not_start_the_tests_says_why() {
    let broken = "error: could not compile `a-lib` (lib) due to 1 previous error";
    let because = "could not compile `a-lib` (lib) due to 1 previous error";
    same(&read(&how(), "", broken, Exit::Code(101)), Outcome::Failed, because);
    let full = "error: failed to write `/w/target/x`\n\nCaused by:\n  No space left on device (os error 28)";
    let because = "failed to write `/w/target/x`: No space left on device (os error 28)";
    same(&read(&how(), "", full, Exit::Code(101)), Outcome::EnvironmentError, because);
    same(
        &read(&how(), "", "", Exit::Signal(9)),
        Outcome::EnvironmentError,
        "cargo was killed by SIGKILL (out of memory?)",
    );
}

#[test]
fn failures_and_deaths_are_told_together() {
    let reading = binaries(&[
        ("a_lib", real!("failing.txt"), "", Exit::Code(101)),
        ("dies", real!("abort.txt"), "", Exit::Signal(6)),
    ]);
    same(&reading, Outcome::Failed, "4 tests failed; dies (lib) was killed by SIGABRT while b_aborts ran");
    assert_eq!(counts(&reading), (3, 5, 2));
}

#[test]
fn endless_output_is_kept_short() {
    let mut reader = how().start(Path::new("/w"), &[]);
    reader.line(Stream::Stdout, b"running 2 tests");
    reader.line(Stream::Stdout, b"test a ... FAILED");
    reader.line(Stream::Stdout, b"failures:");
    reader.line(Stream::Stdout, b"---- a stdout ----");
    let long = vec![b'x'; 100_000];
    for _ in 0..1_000 {
        reader.line(Stream::Stdout, &long);
    }
    let reading = reader.finish(Exit::Code(101), false);
    assert!(reading.failed_tests.iter().all(|test| test.output.len() <= 33 * 1024));
}

#[test]
fn a_doc_test_run_that_ends_early_is_a_failure_without_a_culprit() {
    let reading = read(&how(), "running 3 tests\ntest src/lib.rs - f (line 3) ... ok", "", Exit::Code(101));
    same(&reading, Outcome::Failed, "a test executable ended early when 1 of 3 tests had reported");
    assert_eq!(reading.failed_tests[0].repeat, "cargo test --package a-lib");
}

#[test]
fn several_blocks_of_one_cargo_are_added() {
    let reading = read(&how(), &format!("{GOOD}\n{GOOD}\nall doctests ran in 0.46s"), "", Exit::Code(0));
    assert_eq!((reading.outcome, counts(&reading)), (Outcome::Passed, (2, 0, 0)));
    let lost = "running 2 tests\ntest a ... ok\n\n";
    let reading = read(&how(), &format!("{lost}{GOOD}"), "", Exit::Code(0));
    same(&reading, Outcome::Failed, "a test executable ended early when 1 of 2 tests had reported");
}

#[test]
fn an_executable_whose_end_nobody_told_is_noticed() {
    let mut reader = how().start(Path::new("/w"), &[]);
    reader.next_binary(&binary("first", "lib"));
    reader.line(Stream::Stdout, b"running 2 tests");
    reader.next_binary(&binary("second", "lib"));
    GOOD.lines().for_each(|line| reader.line(Stream::Stdout, line.as_bytes()));
    let reading = reader.finish(Exit::Code(0), false);
    same(&reading, Outcome::Failed, "first (lib) ended early when 0 of 2 tests had reported");
}

#[test]
fn quiet_tests_are_read_as_well() {
    let reading = binaries(&[("a_lib", real!("quiet.txt"), "", Exit::Code(101))]);
    same(&reading, Outcome::Failed, "4 tests failed");
    assert_eq!(counts(&reading), (2, 4, 2));
    let result = reading.failed_tests.iter().find(|test| test.name == "tests::bad_result").expect("it failed");
    assert_eq!((result.output.as_str(), reading.failed_tests.len()), ("Error: \"no\"", 4));
}

#[test]
fn a_backtrace_leaves_room_for_the_panic_before_it() {
    let frames: String = (0..200)
        .map(|n| ["  ", &n.to_string(), ": a_lib::deeper\n     at ./src/lib.rs:", &n.to_string(), ":5\n"].concat())
        .collect();
    let text = format!(
        "running 1 test\ntest bad ... FAILED\n\nfailures:\n\n---- bad stdout ----\n\nthread 'bad' (1) panicked at \
         src/lib.rs:3:5:\nthe reason\nstack backtrace:\n{frames}note: Some details are omitted\n\n\nfailures:\n    \
         bad\n\ntest result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n"
    );
    let reading = binaries(&[("a_lib (lib)", &text, "", Exit::Code(101))]);
    let output = &reading.failed_tests[0].output;
    assert!(
        output.starts_with("thread 'bad' (1) panicked at src/lib.rs:3:5:\nthe reason\nstack backtrace:\n"),
        "{output}"
    );
    assert!(
        output.contains("at ./src/lib.rs:5:5\n  [388 more lines of the backtrace only in the log]\nnote: "),
        "{output}"
    );
}

#[test]
fn a_list_or_the_help_is_no_pass() {
    for text in ["a: test\nb: test\n\n2 tests, 0 benchmarks\n", "Usage: [OPTIONS] [FILTERS...]\n\nOptions:\n"] {
        let reading = binaries(&[("a_lib (lib)", text, "", Exit::Code(0))]);
        same(&reading, Outcome::NothingToDo, "no tests ran: `--list` and `--help` run none");
    }
}
