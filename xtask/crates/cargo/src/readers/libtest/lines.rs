//! The lines that libtest prints, as data.

use xtask_core::outcome::TestCounts;

/// How one test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Ok,
    Failed,
    Ignored,
}

/// `running 5 tests`. Numbers are read as `u32`, so that no sum of them overflows.
pub(super) fn running(line: &str) -> Option<u64> {
    let rest = line.strip_prefix("running ")?;
    rest.strip_suffix(" tests").or_else(|| rest.strip_suffix(" test"))?.parse::<u32>().ok().map(u64::from)
}

/// `test a::b ... ok` as the name, and how it ended when that is on the line already.
pub(super) fn test(line: &str) -> Option<(&str, Option<Mark>)> {
    let (name, rest) = line.strip_prefix("test ")?.split_once(" ... ")?;
    // Suffixes that the harness adds are not part of the name.
    let suffixes = [" - should panic", " - compile fail", " - compile"];
    let name = suffixes.iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name);
    (!name.is_empty()).then_some((name, mark(rest)))
}

/// The end of a test's line. With `--nocapture` a test's own text may precede it.
fn mark(rest: &str) -> Option<Mark> {
    let word = rest.split([',', ' ']).next().unwrap_or_default();
    match word {
        "ok" | "bench:" => Some(Mark::Ok),
        "FAILED" => Some(Mark::Failed),
        "ignored" => Some(Mark::Ignored),
        _ if rest.ends_with("FAILED") => Some(Mark::Failed),
        _ if rest.ends_with("ok") => Some(Mark::Ok),
        _ => None,
    }
}

/// `ok` or `FAILED` on a line of its own, after what a test printed.
pub(super) fn late_mark(line: &str) -> Option<Mark> {
    match line {
        "ok" => Some(Mark::Ok),
        "FAILED" => Some(Mark::Failed),
        _ => None,
    }
}

/// `test result: ok. 1 passed; 0 failed; 2 ignored; 0 measured; 3 filtered out; …`, measured benchmarks among the passed.
/// A line whose word and numbers disagree is not libtest's.
pub(super) fn result(line: &str) -> Option<TestCounts> {
    let rest = line.strip_prefix("test result: ")?;
    let (ok, rest) = match rest.strip_prefix("ok. ") {
        Some(rest) => (true, rest),
        None => (false, rest.strip_prefix("FAILED. ")?),
    };
    let mut parts = rest.split("; ");
    let mut number = |word: &str| parts.next()?.strip_suffix(word)?.trim_end().parse::<u32>().ok().map(u64::from);
    let (passed, failed) = (number("passed")?, number("failed")?);
    let (ignored, measured) = (number("ignored")?, number("measured")?);
    (ok == (failed == 0)).then_some(TestCounts { passed: passed + measured, failed, ignored })
}

/// `---- a::b stdout ----`, the head of a failed test's output.
pub(super) fn section(line: &str) -> Option<&str> {
    line.strip_prefix("---- ")?.strip_suffix(" stdout ----")
}

/// `thread 'a::b' (123) has overflowed its stack`.
pub(super) fn overflowed(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("thread '")?;
    let (name, rest) = rest.split_once('\'')?;
    rest.ends_with(" has overflowed its stack").then_some(name)
}

/// Whether a line after `stack backtrace:` is a frame, or the place of one.
pub(super) fn frame(line: &str) -> bool {
    let text = line.trim_start();
    let behind_number = text.trim_start_matches(|c: char| c.is_ascii_digit());
    text.len() < line.len()
        && (text.starts_with("at ") || (behind_number.len() < text.len() && behind_number.starts_with(": ")))
}

/// Whether a test executable only listed its tests, or printed its help.
pub(super) fn no_run(line: &str) -> bool {
    let listed = line.split_once(" test").and_then(|(tests, rest)| Some((tests, rest.split_once(", ")?.1)));
    let listed = listed.and_then(|(tests, rest)| Some((tests, rest.split_once(" benchmark")?.0)));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    listed.is_some_and(|(tests, benches)| is_number(tests) && is_number(benches))
        || (line.starts_with("Usage: ") && line.ends_with(" [OPTIONS] [FILTERS...]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_lines() {
        for (line, wanted) in [
            ("test a::b ... ok", Some(("a::b", Some(Mark::Ok)))),
            ("test a ... ok <0.001s>", Some(("a", Some(Mark::Ok)))),
            ("test a - should panic ... FAILED", Some(("a", Some(Mark::Failed)))),
            ("test src/lib.rs - f (line 16) - compile ... ok", Some(("src/lib.rs - f (line 16)", Some(Mark::Ok)))),
            ("test a ... ignored", Some(("a", Some(Mark::Ignored)))),
            ("test a ... ignored, needs a thing ... ok", Some(("a", Some(Mark::Ignored)))),
            ("test a ... bench:         123 ns/iter (+/- 5)", Some(("a", Some(Mark::Ok)))),
            ("test a ... ", Some(("a", None))),
            ("test a ... some output", Some(("a", None))),
            ("test a ... outputFAILED", Some(("a", Some(Mark::Failed)))),
            ("test a has been running for over 60 seconds", None),
            ("test result: ok. 1 passed", None),
        ] {
            assert_eq!(test(line), wanted, "{line}");
        }
    }

    #[test]
    fn result_lines() {
        let counts = |passed, failed, ignored| Some(TestCounts { passed, failed, ignored });
        for (line, wanted) in [
            (
                "test result: ok. 1 passed; 0 failed; 2 ignored; 3 measured; 4 filtered out; finished in 0.00s",
                counts(4, 0, 2),
            ),
            ("test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 4 filtered out", counts(1, 1, 0)),
            ("test result: ok. 1 passed; 1 failed; 0 ignored; 0 measured; 4 filtered out", None),
            ("test result: ok. 1 passed; 0 failed", None),
            ("test result: fine", None),
        ] {
            assert_eq!(result(line), wanted, "{line}");
        }
        assert_eq!(
            (running("running 1 test"), running("running 12 tests"), running("running x tests")),
            (Some(1), Some(12), None)
        );
    }
}
