//! The one place that writes to stdout and stderr. stdout carries data, stderr everything for people.
//!
//! A closed pipe or a full disk ends the printing to that stream and nothing else. While bars are on the screen they
//! are lifted for every line. Knows nothing about the content of the lines.

use indicatif::ProgressBar;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use xtask_core::text;

/// A handle on the two streams; clones share them.
#[derive(Clone)]
pub struct Printer(Arc<Mutex<Streams>>);

struct Streams {
    /// `None` once it has failed.
    out: Option<Box<dyn Write + Send>>,
    err: Option<Box<dyn Write + Send>>,
    /// Why data is missing on stdout.
    lost: Option<io::Error>,
    bar: Option<ProgressBar>,
    /// Whether GitHub's runner would obey a line that looks like a workflow command.
    github: bool,
}

impl Printer {
    /// A printer to the process's own streams.
    pub fn standard(github: bool) -> Self {
        Self::to(Box::new(io::stdout()), Box::new(io::stderr()), github)
    }

    /// A printer to any two streams: data to `out`, everything for people to `err`.
    pub fn to(out: Box<dyn Write + Send>, err: Box<dyn Write + Send>, github: bool) -> Self {
        Self(Arc::new(Mutex::new(Streams { out: Some(out), err: Some(err), lost: None, bar: None, github })))
    }

    /// Prints lines for people. A final line end is added when it is missing.
    ///
    /// Where GitHub reads the output, a line that would be a workflow command is made harmless, whatever wrote it:
    /// commands have [`Printer::command`].
    pub fn say(&self, text: &str) {
        let mut streams = self.lock();
        if streams.github {
            let harmless: Vec<String> = text.lines().map(harmless).collect();
            streams.people(&harmless.join("\n"));
        } else {
            streams.people(text);
        }
    }

    /// Prints one workflow command, if GitHub reads the output.
    pub fn command(&self, command: &str) {
        let mut streams = self.lock();
        if streams.github {
            streams.people(command);
        }
    }

    /// Prints data, the answer that a program asked for. A final line end is added when it is missing.
    pub fn data(&self, text: &str) {
        let mut streams = self.lock();
        let Streams { out, bar, .. } = &mut *streams;
        let Some(Err(e)) = out.as_mut().map(|out| above(bar.as_ref(), || write(out, text))) else { return };
        *out = None;
        // A reader that closes the pipe wants no more; with a full disk an answer would pass for complete.
        if e.kind() != io::ErrorKind::BrokenPipe {
            streams.lost = Some(e);
        }
    }

    /// Why some data that was to be printed is missing on stdout, if any is. Only the first caller gets it.
    pub fn take_lost(&self) -> Option<io::Error> {
        self.lock().lost.take()
    }

    /// Keeps these bars out of the way of every line from now on.
    pub fn attach(&self, bar: ProgressBar) {
        self.lock().bar = Some(bar);
    }

    /// Forgets the bars.
    pub fn detach(&self) {
        self.lock().bar = None;
    }

    fn lock(&self) -> MutexGuard<'_, Streams> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Streams {
    fn people(&mut self, text: &str) {
        let Self { err, bar, .. } = self;
        if let Some(Err(_)) = err.as_mut().map(|err| above(bar.as_ref(), || write(err, text))) {
            *err = None;
        }
    }
}

fn above<T>(bar: Option<&ProgressBar>, print: impl FnOnce() -> T) -> T {
    match bar {
        Some(bar) => bar.suspend(print),
        None => print(),
    }
}

/// One call for the whole text, so that lines of other processes do not end up inside.
fn write(stream: &mut Box<dyn Write + Send>, text: &str) -> io::Result<()> {
    let mut bytes = text.as_bytes().to_vec();
    if !text.ends_with('\n') {
        bytes.push(b'\n');
    }
    stream.write_all(&bytes)?;
    stream.flush()
}

/// A line without colours is what GitHub's runner looks at; most lines are harmless and keep theirs.
fn harmless(line: &str) -> String {
    let plain = console::strip_ansi_codes(line);
    if plain.trim_start().starts_with("::") || plain.contains("##[") { text::sanitise(line) } else { line.to_owned() }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A stream that remembers.
    #[derive(Clone, Default)]
    pub(crate) struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Memory {
        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.lock().expect("nobody panics").clone()).expect("only text is written")
        }
    }

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("nobody panics").extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A printer, and what it has written to stdout and stderr.
    pub(crate) fn memory(github: bool) -> (Printer, Memory, Memory) {
        let (out, err) = (Memory::default(), Memory::default());
        (Printer::to(Box::new(out.clone()), Box::new(err.clone()), github), out, err)
    }

    struct Closed(io::ErrorKind, Memory);

    impl Write for Closed {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1.write_all(bytes)?;
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn data_and_words_for_people_go_to_different_streams() {
        let (printer, out, err) = memory(false);
        printer.data("{}");
        printer.say("hello\n");
        assert_eq!((out.text().as_str(), err.text().as_str()), ("{}\n", "hello\n"));
    }

    #[test]
    fn a_closed_pipe_is_tried_once_and_hurts_nobody() {
        let (tried, err) = (Memory::default(), Memory::default());
        let closed = Closed(io::ErrorKind::BrokenPipe, tried.clone());
        let printer = Printer::to(Box::new(closed), Box::new(err.clone()), false);
        printer.data("1");
        printer.data("2");
        printer.say("still here");
        assert_eq!((tried.text().as_str(), err.text().as_str()), ("1\n", "still here\n"));
    }

    #[test]
    fn a_full_disk_under_stdout_is_remembered() {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
        let printer = Printer::to(Box::new(full), Box::new(Memory::default()), false);
        printer.data("1");
        printer.data("2");
        assert_eq!(printer.take_lost().map(|error| error.kind()), Some(io::ErrorKind::StorageFull));
        assert!(printer.take_lost().is_none());
    }

    #[test]
    fn only_commands_are_commands_and_only_on_github() {
        let (printer, _, err) = memory(true);
        printer.say("a\n::error::no\n  \u{1b}[31m::error::no\u{1b}[0m\nx ##[group]");
        printer.command("::endgroup::");
        let text = err.text();
        let commands: Vec<&str> = text.lines().filter(|line| line.trim_start().starts_with("::")).collect();
        assert_eq!(commands, ["::endgroup::"]);
        assert!(!text.contains("##["));
        let (printer, _, err) = memory(false);
        printer.command("::endgroup::");
        assert_eq!(err.text(), "");
    }
}
