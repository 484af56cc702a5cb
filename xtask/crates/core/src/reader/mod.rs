//! How a tool's output is read, as an interface, and what all readers share.
//!
//! Readers are pure: they see lines and an exit, and know nothing of processes, files or clocks. They keep a bounded
//! amount whatever a child prints. All of them follow one rule: output that is empty, cut off or of a new shape is an
//! `environment-error` with the reason, never "no findings"; and a tool that crashed is not one that found something.

pub mod complaints;
mod exit_code;

pub use exit_code::{ExitCode, Installation};

use crate::command::{Exit, Stream};
use crate::ids::TaskId;
use crate::outcome::Outcome;
use crate::reading::{Binary, Reading};
use std::borrow::Cow;
use std::fmt;
use std::path::Path;

/// Reads one task's output as it arrives. A plan holds one for each task, which has read nothing yet and determines how
/// the task's output is read.
pub trait Read: fmt::Debug + Send + Sync {
    /// A new reader like this one, for an output that begins. `root` is the workspace's, absolute, and files in
    /// findings are relative to it; `built` is what another task has built for this one.
    fn start(&self, root: &Path, built: &[Binary]) -> Box<dyn Read>;

    /// The task whose result it needs: the one that has built what the output names.
    fn works_on(&self) -> Option<&TaskId> {
        None
    }

    /// Whether it looks at lines at all; if so, it gets every one.
    fn wants_every_line(&self) -> bool {
        true
    }

    /// Whether a stream holds text for people; the other one is data.
    fn is_for_people(&self, stream: Stream) -> bool {
        let _ = stream;
        true
    }

    /// The file whose lines it reads once the task has ended, as those of standard output, instead of what is printed.
    fn report(&self) -> Option<&Path> {
        None
    }

    /// Another executable of the same task is about to start. Only a task that runs several says so.
    fn next_binary(&mut self, binary: &Binary) {
        let _ = binary;
    }

    /// The executable that [`next_binary`](Read::next_binary) announced has ended, and all its lines have been read.
    fn finish_binary(&mut self, exit: Exit) {
        let _ = exit;
    }

    /// One line, without its newline; bytes, because children print what they like.
    fn line(&mut self, stream: Stream, line: &[u8]);

    /// The task has ended. `exit` is that of the process, or of the worst of several executables; `cut` says that some
    /// of the output was lost on its way here.
    fn finish(self: Box<Self>, exit: Exit, cut: bool) -> Reading;
}

/// The longest text kept of one line, in bytes.
pub const LONGEST: usize = 2_000;

/// A line as text: without colours and control characters, bytes that are not UTF-8 replaced, and no longer than is
/// worth keeping.
pub fn text(line: &[u8]) -> Cow<'_, str> {
    let kept = &line[..line.len().min(LONGEST)];
    // Nearly every line is plain, and a child may print gigabytes of them.
    if kept.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t')) {
        return String::from_utf8_lossy(kept);
    }
    let text = String::from_utf8_lossy(kept);
    let plain = console::strip_ansi_codes(&text);
    plain.chars().filter(|c| !c.is_control() || *c == '\t').collect()
}

/// The first line of a tool's message, fit for a terminal.
pub fn headline(message: &str) -> String {
    let first = message.trim_start().lines().next().unwrap_or_default();
    crate::text::sanitise(&text(first.as_bytes())).trim_end().to_owned()
}

/// A file as findings name it: relative to the workspace's root, or unchanged when it is outside.
pub fn relative(file: &str, root: &Path) -> String {
    Path::new(file).strip_prefix(root).map_or_else(|_| file.to_owned(), |inside| inside.to_string_lossy().into_owned())
}

/// The reading when part of the output was lost: nothing good can be said any more.
pub fn guard(mut reading: Reading, cut: bool) -> Reading {
    if !cut {
        return reading;
    }
    if reading.outcome.is_bad() {
        reading.notes.push("some of the output was lost: there may be more than is shown".to_owned());
    } else {
        reading.outcome = Outcome::EnvironmentError;
        reading.because = Some("some of the output was lost, so nothing can be said for sure".to_owned());
    }
    reading
}

/// The tool could not do its work, or said something that cannot be read.
pub fn environment_error(why: impl Into<String>) -> Reading {
    Reading::environment(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_text_that_moves_no_cursor() {
        assert_eq!(text(b"plain\ttext"), "plain\ttext");
        assert_eq!(text(b"\x1b[31mred\x1b[0m \x07\x08bell\r"), "red bell");
        assert_eq!(text(b"caf\xe9 \xc3\xa9"), "caf\u{fffd} \u{e9}");
        assert_eq!(text(&vec![b'x'; 10 * LONGEST]).len(), LONGEST);
    }
}
