//! The output of a task's children, on its way to the task's reader, to its tail and to the display.
//!
//! Children may print millions of lines. Little is therefore done for each of them: only a reader that wants every line
//! gets each; of those that arrive together the tail keeps the last few, raw, and the last becomes a message to the loop.

use std::path::Path;
use xtask_core::command::Stream;
use xtask_core::reader::{ExitCode, Read};
use xtask_core::reading::{Binary, Reading};
use xtask_process::process::{Ended, Listener, Tail, each_line};

/// The output of a task's children so far.
pub(super) struct Heard {
    pub(super) reader: Box<dyn Read>,
    /// The last lines, for people.
    pub(super) tail: Tail,
    /// Standard output as one document, of a task that reads all of it itself.
    pub(super) document: Option<Vec<u8>>,
}

impl Heard {
    /// Empty, for a task with this kind of reader; `built` is what another task has built for it.
    pub(super) fn new(how: &dyn Read, root: &Path, built: &[Binary]) -> Self {
        Self { reader: how.start(root, built), tail: Tail::default(), document: None }
    }

    /// The reader's result.
    pub(super) fn read(&mut self, ended: &Ended) -> Reading {
        let reader = std::mem::replace(&mut self.reader, Box::new(ExitCode));
        reader.finish(ended.end.exit(), ended.cut)
    }

    /// Whether the reader looks at lines at all.
    pub(super) fn wants_every_line(&self) -> bool {
        self.document.is_some() || self.reader.wants_every_line()
    }
}

/// Reads the output of one child; `show` gets a line for the display, fit for a terminal.
pub(super) struct Hearing<'a> {
    heard: &'a mut Heard,
    show: &'a mut dyn FnMut(Stream, String),
    /// The stream of the tail's last line, unless that has been shown.
    fresh: Option<Stream>,
}

impl<'a> Hearing<'a> {
    pub(super) fn new(heard: &'a mut Heard, show: &'a mut dyn FnMut(Stream, String)) -> Self {
        Self { heard, show, fresh: None }
    }
}

impl Listener for Hearing<'_> {
    fn lines(&mut self, stream: Stream, lines: &[u8]) {
        let Heard { reader, tail, document } = &mut *self.heard;
        if let (Some(document), Stream::Stdout) = (document, stream) {
            each_line(lines, &mut |line| document.extend_from_slice(line));
            return;
        }
        if reader.report().is_none() {
            each_line(lines, &mut |line| reader.line(stream, line));
        }
        if reader.is_for_people(stream) && tail.push_lines(lines, |line| !line.trim_ascii().is_empty()) {
            self.fresh = Some(stream);
        }
    }

    fn pause(&mut self) {
        if let Some(stream) = self.fresh.take()
            && let Some(line) = self.heard.tail.last()
        {
            (self.show)(stream, line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xtask_core::reader::Installation;

    #[test]
    fn lines_that_arrive_together_are_one_message() {
        let mut heard = Heard::new(&ExitCode, Path::new("/"), &[]);
        let mut shown = Vec::new();
        let mut show = |stream, line| shown.push((stream, line));
        let mut hearing = Hearing::new(&mut heard, &mut show);
        for chunk in [&["a", "\x1b[1mb\x1b[0m", " "][..], &[], &["10%\r20%", "c"], &["\t"]] {
            hearing.lines(Stream::Stderr, (chunk.join("\n") + "\n").as_bytes());
            hearing.pause();
        }
        assert_eq!(shown, [(Stream::Stderr, "b".to_owned()), (Stream::Stderr, "c".to_owned())]);
        assert_eq!(heard.tail.lines(), ["a", "b", "20%", "c"]);
    }

    #[test]
    fn only_readers_that_look_at_lines_get_every_one() {
        let wants = |how: &dyn Read| Heard::new(how, Path::new("/"), &[]).wants_every_line();
        assert!(!wants(&ExitCode) && wants(&Installation::default()));
    }
}
