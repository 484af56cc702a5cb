use super::super::tests::{binary, same};
use super::*;
use xtask_core::ids::StageId;
use xtask_core::outcome::TestCounts;

const GOOD: &str = "\nrunning 1 test\ntest good ... ok\n\n\
    test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\n";
const BAD: &str = "\nrunning 1 test\ntest bad ... FAILED\n\nfailures:\n\n---- bad stdout ----\n     Running away (x)\n\n\n\
    failures:\n    bad\n\ntest result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\n\
    error: test failed, to rerun pass `-p b --lib`\n";

fn part(package: &str) -> Part {
    let repeat = Rerun::Line(format!("cargo test --package {package}"));
    Part { package: package.to_owned(), id: format!("id-{package}"), crate_name: package.to_owned(), repeat }
}

/// The reading of a call for the packages `a` and `b`, each of which has a library with tests.
fn read(is_doc: bool, text: &str, exit: Exit) -> Reading {
    let ran = Ran { compiled_by: StageId::new("test-services").job("compile"), integration: false };
    let built = ["a", "b"].map(|name| Binary { package: format!("id-{name}"), ..binary(name, "lib") });
    let how = CargoTest::new(vec![part("a"), part("b")], (!is_doc).then_some(ran));
    let mut reader = how.start(Path::new("/w"), &built);
    text.lines().for_each(|line| reader.line(Stream::Stdout, line.as_bytes()));
    reader.finish(exit, false)
}

#[track_caller]
fn counted(reading: &Reading, package: &str, outcome: Outcome, passed: u64, failed: u64) {
    let part = &reading.parts[package];
    assert_eq!((part.outcome, part.tests), (outcome, Some(TestCounts { passed, failed, ignored: 0 })), "{part:#?}");
}

#[test]
fn each_package_has_its_own_results() {
    let text = format!(
        "    Finished `test` profile in 0.05s\n     Running unittests src/lib.rs (target/debug/deps/a-1)\n{GOOD}     \
         Running unittests src/lib.rs (target/debug/deps/b-1)\n{BAD}error: 1 target failed:\n    `-p b --lib`\n"
    );
    let reading = read(false, &text, Exit::Code(101));
    assert_eq!(reading.outcome, Outcome::Passed, "cargo has run everything");
    counted(&reading, "a", Outcome::Passed, 1, 0);
    counted(&reading, "b", Outcome::Failed, 0, 1);
    assert_eq!(reading.parts["b"].failed_tests[0].repeat, "cargo test --package b -- bad --exact");
    assert!(reading.parts["b"].failed_tests[0].output.contains("Running away"), "a test may print what cargo prints");
    assert!(!reading.parts["b"].failed_tests[0].output.contains("to rerun pass"), "cargo's words are not the test's");
}

#[test]
fn an_executable_that_dies_has_failed_with_its_signal() {
    let text = format!(
        "     Running unittests src/lib.rs (target/debug/deps/a-1)\n\nrunning 1 test\nerror: test failed, to rerun pass `-p a --lib`\n\n\
         Caused by:\n  process didn't exit successfully: `/w/target/debug/deps/a-1` (signal: 6, SIGABRT: process abort signal)\n     \
         Running unittests src/lib.rs (target/debug/deps/b-1)\n{GOOD}"
    );
    let reading = read(false, &text, Exit::Code(101));
    same(&reading.parts["a"], Outcome::Failed, "a (lib) was killed by SIGABRT when 0 of 1 test had reported");
    counted(&reading, "b", Outcome::Passed, 1, 0);
}

#[test]
fn doc_tests_go_by_the_names_of_libraries_and_those_of_others_do_not_count() {
    let text = format!("   Doc-tests a\n{GOOD}{GOOD}   Doc-tests switched_off\n{BAD}   Doc-tests b\n{GOOD}");
    let reading = read(true, &text, Exit::Code(101));
    assert_eq!(reading.outcome, Outcome::Passed);
    counted(&reading, "a", Outcome::Passed, 2, 0);
    counted(&reading, "b", Outcome::Passed, 1, 0);
    assert_eq!(reading.parts.len(), 2);
}

#[test]
fn a_call_that_did_not_run_everything_has_not_passed() {
    #[track_caller]
    fn case(is_doc: bool, text: &str, exit: Exit, outcome: Outcome, because: &str) {
        let reading = read(is_doc, text, exit);
        same(&reading, outcome, because);
        assert!(reading.parts.is_empty() || outcome == Outcome::Failed, "nothing is taken from a part");
    }
    let one = format!("     Running unittests src/lib.rs (target/debug/deps/a-1)\n{GOOD}");
    let missing = "cargo did not run b (lib), which it has compiled";
    case(false, &one, Exit::Code(0), Outcome::EnvironmentError, missing);
    let doc = format!("   Doc-tests a\n{GOOD}");
    case(true, &doc, Exit::Signal(9), Outcome::EnvironmentError, &format!("cargo {}", Exit::Signal(9)));
    case(true, &doc, Exit::Code(101), Outcome::Failed, "cargo exited with code 101 and no test failed");
    case(true, "", Exit::Code(0), Outcome::EnvironmentError, "the output names no tests");
    let broken = "error[E0425]: cannot find value `x` in this scope\nerror: could not compile `a` (lib) due to 1 previous error\n";
    assert_eq!(read(true, broken, Exit::Code(101)).outcome, Outcome::Failed);
}
