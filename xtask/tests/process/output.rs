//! Children that print: garbage, too much, nothing any more; and logs that cannot be written.

use crate::bench::{Bench, alone};
use std::fs;
use xtask_core::command::Stream;
use xtask_process::process::{Child, End, LINE_CAP, Listener, each_line, listen};

#[test]
fn both_streams_are_told_apart_and_logged_together() {
    let ran = Bench::new().bash("echo one; echo two >&2; printf three");
    assert_eq!((ran.stdout, ran.stderr), (vec!["one".to_owned(), "three".to_owned()], vec!["two".to_owned()]));
    let mut log: Vec<&str> = std::str::from_utf8(&ran.log).expect("text").split_inclusive('\n').collect();
    log.sort_unstable();
    assert_eq!(log.concat().replace('\n', ""), "onethreetwo");
    assert!(!ran.ended.cut);
}

#[test]
fn streams_that_are_read_as_one_keep_the_order_in_which_they_were_written() {
    let bench = Bench::new();
    let script = "for n in 1 2 3; do echo out $n; echo err $n >&2; done";
    let ran = bench.run_with(&bench.command(script).one_stream(), |_| ()).expect("bash starts");
    assert_eq!(ran.stdout, ["out 1", "err 1", "out 2", "err 2", "out 3", "err 3"]);
    assert_eq!((ran.stderr.len(), ran.ended.leaked.len()), (0, 0));
}

#[test]
fn the_log_keeps_the_order_of_arrival() {
    let bench = Bench::new();
    let mark = |line: &str| fs::write(bench.directory.path().join(line), "").expect("a file");
    let script = "echo a; until [ -e a ]; do sleep 0.01; done; echo b >&2; until [ -e b ]; do sleep 0.01; done; echo c";
    let ran = bench.run_with(&bench.command(script), mark).expect("bash starts");
    assert_eq!(ran.log, b"a\nb\nc\n");
}

#[test]
fn bytes_that_are_no_text_are_kept_raw_and_shown_clean() {
    let ran = Bench::new().bash(r"printf '\xff\xfe\x00\x1b[31mred\n::error::x\n'; printf '\xc3'");
    assert_eq!(ran.log, b"\xff\xfe\0\x1b[31mred\n::error::x\n\xc3");
    assert_eq!(ran.ended.tail[0], "\u{fffd}\u{fffd}red");
    assert!(!ran.ended.tail[1].starts_with("::"));
    assert_eq!(ran.ended.tail[2], "\u{fffd}");
}

#[test]
fn a_child_that_closes_its_output_goes_on() {
    let bench = Bench::new();
    let ran = bench.bash("exec >&- 2>&-; until [ -e done ]; do touch done; done; exit 4");
    assert_eq!(ran.ended.end, End::Exited(4));
}

#[test]
fn a_slow_reader_loses_nothing_and_is_told_of_no_leak() {
    let bench = Bench::new();
    let ran = bench
        .run_with(
            &bench.command("head -c 1000000 /dev/zero | tr '\\0' '\\n'; head -c 300000 /dev/zero | tr '\\0' '\\n' >&2"),
            |_| {
                std::hint::black_box(std::fs::metadata("/").is_ok());
            },
        )
        .expect("bash starts");
    assert_eq!((ran.stdout.len(), ran.stderr.len()), (1_000_000, 300_000));
    assert_eq!(ran.ended.leaked, [] as [&str; 0]);
}

/// Counts what it hears.
#[derive(Default)]
struct Counting {
    lines: usize,
    calls: usize,
    pauses: usize,
}

impl Listener for Counting {
    fn lines(&mut self, _: Stream, lines: &[u8]) {
        self.calls += 1;
        each_line(lines, &mut |_| self.lines += 1);
    }

    fn pause(&mut self) {
        self.pauses += 1;
    }
}

#[test]
fn lines_that_arrive_together_stay_together_and_each_of_them_arrives() {
    let bench = Bench::new();
    let command = bench.command("seq 300000");
    let mut heard = Counting::default();
    listen(&bench.child(&command), &mut heard).expect("bash starts");
    assert_eq!(heard.lines, 300_000);
    // The line that a chunk ends, and those that are whole in it.
    assert!(heard.calls <= 2 * heard.pauses, "{} in {}", heard.calls, heard.pauses);
}

#[test]
fn of_millions_of_lines_a_few_of_each_chunk_are_handed_on() {
    let bench = Bench::new();
    let command = bench.command("yes | head -c 10000000; echo last");
    let mut heard = Counting::default();
    let child = Child { every_line: false, log_cap: 20_000_000, ..bench.child(&command) };
    let ended = listen(&child, &mut heard).expect("bash starts");
    assert!(heard.lines <= 20 * heard.pauses && heard.lines < 1_000_000, "{} in {}", heard.lines, heard.pauses);
    assert_eq!((ended.tail.len(), ended.tail.last().map(String::as_str), ended.cut), (20, Some("last"), false));
    assert_eq!(fs::metadata(&bench.log).expect("the log").len(), 10_000_005, "the log has all of them");
}

#[test]
fn a_log_beyond_its_cap_keeps_head_and_tail() {
    let mut bench = Bench::new();
    bench.log_cap = 1000;
    let ran = bench.bash("echo first; for i in {1..2000}; do echo line $i; done; echo last");
    let log = String::from_utf8(ran.log).expect("text");
    assert!(!ran.ended.cut, "the lines are whole");
    assert!(log.starts_with("first\nline 1\n") && log.ends_with("line 2000\nlast\n"), "{log}");
    assert!(log.contains("bytes left out here"), "{log}");
    assert_eq!(ran.stdout.len(), 2002, "the lines themselves all arrive");
    assert_eq!(ran.ended.tail.len(), 20);
}

#[test]
fn a_log_that_cannot_be_written_changes_nothing_but_a_note() {
    for place in ["/dev/full", "/proc/no/such.log"] {
        let mut bench = Bench::new();
        bench.log = place.into();
        let mut lines = 0;
        let command = bench.command("yes 0123456789012345678901234567890123456789 | head -n 20000; exit 6");
        let child = bench.child(&command);
        let ended = xtask_process::process::run(&child, &mut |_, _| lines += 1).expect("bash starts");
        assert_eq!((ended.end, lines), (End::Exited(6), 20000));
        assert_eq!(ended.notes.len(), 1, "{:?}", ended.notes);
        assert!(ended.notes[0].contains(place), "{:?}", ended.notes);
    }
}

/// The most memory that this process has had since the mark was reset, in kilobytes.
fn most_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the line is there");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[test]
fn memory_is_bounded_whatever_a_child_prints() {
    let _alone = alone();
    let mut bench = Bench::within();
    bench.log_cap = 4 << 20;
    // Other tests of this binary have had theirs: the mark is set back to what is in use now.
    fs::write("/proc/self/clear_refs", "5").expect("Linux resets the mark");
    let before = most_memory();
    for script in [
        "head -c 2000000000 /dev/zero",
        "yes 'a line as long as most of those that compilers and tests print to the screen' | head -c 200000000",
        "head -c 100000000 /dev/zero | tr '\\0' x >&2",
    ] {
        let command = bench.command(script);
        let (mut bytes, mut longest) = (0, 0);
        let ended = xtask_process::process::run(&bench.child(&command), &mut |_, line| {
            bytes += line.len() + 1;
            longest = longest.max(line.len());
        })
        .expect("bash starts");
        assert_eq!(ended.end, End::Exited(0));
        assert!(longest <= LINE_CAP && bytes > LINE_CAP / 2);
        assert_eq!(ended.cut, longest == LINE_CAP, "{script}");
        let size = fs::metadata(&bench.log).expect("the log").len();
        assert!(((4 << 20)..(4 << 20) + 200).contains(&size), "{size}");
    }
    let more = most_memory() - before;
    assert!(more < 16_000, "{more} kB");
}
