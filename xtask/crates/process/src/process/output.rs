//! Cuts the bytes of two streams into whole lines, in bounded memory whatever a child prints.
//!
//! Lines that arrive together stay together: a child may print millions of short ones, and whatever is done for each of
//! them takes longer than it took to print them. Only a reader that looks at every line splits them, with [`each_line`].
//!
//! It knows nothing about files or terminals: the log is written separately, and the caller that shows a line sanitises
//! it.

use std::collections::VecDeque;
use std::io::{BufRead, Read};
use xtask_core::command::Stream;
use xtask_core::text;

/// The longest line that most callers want, in bytes. The rest of a longer one is only in the log.
pub const LINE_CAP: usize = 1024 * 1024;

/// How many last lines are kept for a report.
pub(super) const TAIL_LINES: usize = 20;

/// How much of a line the tail keeps, in bytes: more than fits a screen, less than would fill the memory.
const TAIL_LINE_CAP: usize = 4096;

/// How far back to look for the last lines of a chunk, in bytes. The search is compiled as xtask is, and slow.
const LOOK_BACK: usize = 16 * 1024;

/// Cuts the two streams into lines.
pub(super) struct Lines {
    cap: usize,
    /// The most lines that are handed on from one chunk: its last ones.
    most: Option<usize>,
    stdout: Partial,
    stderr: Partial,
    cut: bool,
}

/// A line whose end has not arrived yet.
#[derive(Default)]
struct Partial {
    bytes: Vec<u8>,
    /// The line has reached its cap: the rest is skipped up to its end.
    skipping: bool,
}

impl Lines {
    /// Hands on at most `cap` bytes of a line, and only the last `most` lines of a chunk.
    pub(super) fn new(cap: usize, most: Option<usize>) -> Self {
        Self { cap, most, stdout: Partial::default(), stderr: Partial::default(), cut: false }
    }

    /// Takes what arrived on one stream and hands on the lines that it completes, with their line ends, as few times as
    /// it can.
    ///
    /// The search for the line end is the standard library's, which is compiled with optimisations even when xtask is
    /// not: a gigabyte takes seconds, not minutes.
    pub(super) fn feed(&mut self, stream: Stream, mut bytes: &[u8], on_lines: &mut dyn FnMut(Stream, &[u8])) {
        let partial = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        if let Some(start) = self.most.and_then(|most| start_of_last(bytes, most)) {
            partial.bytes.clear();
            partial.skipping = false;
            bytes = &bytes[start..];
        }
        while !bytes.is_empty() {
            if partial.skipping {
                let before = bytes;
                let skipped = bytes.skip_until(b'\n').expect("a slice can be read");
                partial.skipping = before[skipped - 1] != b'\n';
                continue;
            }
            if partial.bytes.is_empty() && bytes.len() <= self.cap {
                // None of these lines can be too long.
                let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
                if whole > 0 {
                    on_lines(stream, &bytes[..whole]);
                }
                partial.bytes.extend_from_slice(&bytes[whole..]);
                return;
            }
            let room = self.cap + 1 - partial.bytes.len();
            Read::take(&mut bytes, room as u64).read_until(b'\n', &mut partial.bytes).expect("a slice can be read");
            if partial.bytes.last() == Some(&b'\n') {
                partial.hand_on(stream, on_lines);
            } else if partial.bytes.len() > self.cap {
                partial.bytes.truncate(self.cap);
                partial.hand_on(stream, on_lines);
                partial.skipping = true;
                self.cut = true;
            }
        }
    }

    /// Hands on the text after the last line end, and returns whether any line was cut.
    pub(super) fn finish(mut self, on_lines: &mut dyn FnMut(Stream, &[u8])) -> bool {
        for (stream, partial) in [(Stream::Stdout, &mut self.stdout), (Stream::Stderr, &mut self.stderr)] {
            if !partial.bytes.is_empty() {
                partial.hand_on(stream, on_lines);
            }
        }
        self.cut
    }
}

/// Where the last `most` whole lines of a chunk begin; `None` when it has no more than that, as far as can be seen.
fn start_of_last(chunk: &[u8], most: usize) -> Option<usize> {
    let (mut at, mut ends, mut start) = (chunk.len(), 0, None);
    let seen = chunk.len().saturating_sub(LOOK_BACK);
    while at > seen && ends <= most {
        at -= 1;
        if chunk[at] == b'\n' {
            ends += 1;
            start = Some(at + 1);
        }
    }
    start.filter(|_| ends > most || seen > 0)
}

impl Partial {
    fn hand_on(&mut self, stream: Stream, on_lines: &mut dyn FnMut(Stream, &[u8])) {
        on_lines(stream, &self.bytes);
        self.bytes.clear();
    }
}

/// Splits lines that arrived together: each without its line end.
pub fn each_line(mut lines: &[u8], on_line: &mut dyn FnMut(&[u8])) {
    while !lines.is_empty() {
        let all = lines;
        // Reading a slice never fails.
        let Ok(length) = lines.skip_until(b'\n') else { return };
        on_line(without_end(&all[..length]));
    }
}

fn without_end(line: &[u8]) -> &[u8] {
    // A pattern costs next to nothing also where xtask is not optimised; `strip_suffix` took a fifth of the time of a line.
    let ([line @ .., b'\r', b'\n'] | [line @ .., b'\r' | b'\n'] | line) = line;
    line
}

/// The last lines of a child, raw: cleaning every line of a long output up to show twenty would be a waste.
#[derive(Default)]
pub struct Tail(VecDeque<Vec<u8>>);

impl Tail {
    /// Adds those of the lines that are `wanted`, and looks only at as many of the last ones as it keeps. Returns whether
    /// there were any.
    pub fn push_lines(&mut self, lines: &[u8], wanted: impl Fn(&[u8]) -> bool) -> bool {
        let mut last: Vec<&[u8]> = Vec::new();
        let mut rest = lines;
        while !rest.is_empty() && last.len() < TAIL_LINES {
            let before = rest.strip_suffix(b"\n").unwrap_or(rest);
            let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            last.extend(Some(without_end(&rest[start..])).filter(|line| wanted(line)));
            rest = &rest[..start];
        }
        last.iter().rev().for_each(|line| self.push(line));
        !last.is_empty()
    }

    /// Adds a line. Of a progress line that repaints itself, its last state is kept.
    pub(super) fn push(&mut self, line: &[u8]) {
        let mut kept = if self.0.len() < TAIL_LINES { Vec::new() } else { self.0.pop_front().unwrap_or_default() };
        kept.clear();
        kept.extend_from_slice(&line[..line.len().min(TAIL_LINE_CAP)]);
        self.0.push_back(kept);
    }

    /// The lines, fit for a terminal.
    pub fn lines(&self) -> Vec<String> {
        self.0.iter().map(|line| shown(line)).collect()
    }

    /// The last of them.
    pub fn last(&self) -> Option<String> {
        self.0.back().map(|line| shown(line))
    }
}

fn shown(line: &[u8]) -> String {
    let state = line.rsplit(|byte| *byte == b'\r').find(|part| !part.is_empty()).unwrap_or_default();
    text::sanitise(&String::from_utf8_lossy(state))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds the chunks to one stream and returns the lines and whether one was cut.
    fn lines_of(chunks: &[&[u8]]) -> (Vec<Vec<u8>>, bool) {
        let (mut lines, mut got) = (Lines::new(LINE_CAP, None), Vec::new());
        let mut take = |_: Stream, lines: &[u8]| each_line(lines, &mut |line| got.push(line.to_vec()));
        for chunk in chunks {
            lines.feed(Stream::Stdout, chunk, &mut take);
        }
        let cut = lines.finish(&mut take);
        (got, cut)
    }

    #[track_caller]
    fn case(chunks: &[&[u8]], want: &[&[u8]]) {
        let (got, cut) = lines_of(chunks);
        assert_eq!(got, want);
        assert!(!cut);
    }

    #[test]
    fn lines_are_whole_however_they_arrive() {
        case(&[], &[]);
        case(&[b"a\nb\n"], &[b"a", b"b"]);
        case(&[b"a", b"b\nc", b"\n"], &[b"ab", b"c"]);
        case(&[b"no end"], &[b"no end"]);
        case(&[b"a\r\nb\rc\n\n"], &[b"a", b"b\rc", b""]);
        case(&[b"\xff\x00\xfe\n"], &[b"\xff\x00\xfe"]);
    }

    #[test]
    fn lines_that_arrive_together_are_handed_on_together() {
        let (mut lines, mut got) = (Lines::new(8, None), Vec::new());
        let mut take = |_: Stream, lines: &[u8]| got.push(String::from_utf8_lossy(lines).into_owned());
        for chunk in [&b"a\nb\r\n\nc"[..], b"d\ne\nf", b"g\n", b"more than eight\nh\n", b"i"] {
            lines.feed(Stream::Stdout, chunk, &mut take);
        }
        assert!(lines.finish(&mut take), "a line was cut");
        assert_eq!(got, ["a\nb\r\n\n", "cd\n", "e\n", "fg\n", "more tha", "h\n", "i"]);
    }

    #[test]
    fn the_tail_of_lines_that_arrive_together_is_that_of_each_one() {
        let is_text = |line: &[u8]| !line.trim_ascii().is_empty();
        for end in ["", "\n", "\r\n", "\n\n \n"] {
            let blocks = (0..50).map(|n| format!("{}{n}\n{}", "\r\n".repeat(n % 3), "x".repeat(n)));
            let text = blocks.collect::<Vec<_>>().concat() + end;
            let (mut together, mut one_by_one) = (Tail::default(), Tail::default());
            assert!(together.push_lines(text.as_bytes(), is_text));
            each_line(text.as_bytes(), &mut |line| {
                if is_text(line) {
                    one_by_one.push(line);
                }
            });
            assert_eq!(together.lines(), one_by_one.lines(), "{end:?}");
        }
        assert!(!Tail::default().push_lines(b"\n \n", is_text));
    }

    #[test]
    fn the_streams_do_not_mix() {
        let (mut lines, mut got) = (Lines::new(LINE_CAP, None), Vec::new());
        let mut take = |stream: Stream, lines: &[u8]| each_line(lines, &mut |line| got.push((stream, line.to_vec())));
        lines.feed(Stream::Stdout, b"out", &mut take);
        lines.feed(Stream::Stderr, b"err\n", &mut take);
        lines.feed(Stream::Stdout, b"put\n", &mut take);
        assert_eq!(got, [(Stream::Stderr, b"err".to_vec()), (Stream::Stdout, b"output".to_vec())]);
    }

    /// As long as the line before the last may be to be found.
    const LINE_BEFORE: usize = LOOK_BACK - 10;

    #[test]
    fn of_many_lines_at_once_the_last_are_enough() {
        #[track_caller]
        fn case(chunks: &[&[u8]], want: &[&[u8]]) {
            let (mut lines, mut got) = (Lines::new(LINE_CAP, Some(2)), Vec::new());
            let mut take = |_: Stream, lines: &[u8]| each_line(lines, &mut |line| got.push(line.to_vec()));
            for chunk in chunks {
                lines.feed(Stream::Stdout, chunk, &mut take);
            }
            assert!(!lines.finish(&mut take));
            assert_eq!(got, want);
        }
        case(&[b"a\nb\n"], &[b"a", b"b"]);
        case(&[b"a\nb\nc\nd"], &[b"b", b"c", b"d"]);
        case(&[b"begun", b" and\nb\nc\n"], &[b"b", b"c"]);
        case(&[b"begun", b" and\nb\n"], &[b"begun and", b"b"]);
        case(&[&b"y\n".repeat(30_000)], &[b"y", b"y"]);
        let (far, near) = ([b'x'; LOOK_BACK], [b'z'; LINE_BEFORE]);
        case(&[&[&far[..], b"\n", &near, b"\nlast\n"].concat()], &[&near, b"last"]);
    }

    #[test]
    fn a_line_at_the_cap_is_whole_and_one_beyond_is_cut() {
        let full = vec![b'x'; LINE_CAP];
        case(&[&full, b"\nnext\n"], &[&full, b"next"]);
        for rest in [&b"y\nnext"[..], b"yyyyyyy\nnext"] {
            let (got, cut) = lines_of(&[&full, rest]);
            assert_eq!(got, [&full[..], b"next"]);
            assert!(cut);
        }
        let (got, cut) = lines_of(&[&full, &full, b"y", b"\n"]);
        assert_eq!((got.len(), cut), (1, true));
    }

    #[test]
    fn the_tail_keeps_the_last_lines_fit_for_a_terminal() {
        let mut tail = Tail::default();
        (0..30).for_each(|n| tail.push(format!("line {n}").as_bytes()));
        tail.push(b"10%\r100%\r");
        tail.push(b"\xff\x1b[31mred\x1b[0m");
        tail.push(&vec![b'z'; LINE_CAP]);
        let lines = tail.lines();
        assert_eq!((lines.len(), lines[0].as_str()), (20, "line 13"));
        assert_eq!(lines[17..19], ["100%".to_owned(), "\u{fffd}red".to_owned()]);
        assert_eq!(lines[19].len(), TAIL_LINE_CAP);
    }
}
