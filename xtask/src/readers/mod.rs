//! Turns a child's output into a [`Reading`]: one file per tool.
//!
//! Readers are pure: they see lines and an exit, and know nothing of processes, files or clocks. They keep a bounded
//! amount whatever a child prints. All of them follow one rule: output that is empty, cut off or of a new shape is an
//! `environment-error` with the reason, never "no findings"; and a tool that crashed is not one that found something.

mod cargo_audit;
mod cargo_deny;
mod cargo_messages;
mod cargo_test;
mod complaints;
mod coverage;
mod docker_build;
mod duplicates;
mod environment;
mod exit_code;
mod findings;
mod json;
mod libtest;
mod llvm_cov;
mod notified;
mod outdated;
mod pushed_image;
mod rerun;
mod rustfmt;
mod tarpaulin;
#[cfg(test)]
mod tests;
mod waivers;

pub use cargo_audit::CargoAudit;
pub use cargo_deny::CargoDeny;
pub use cargo_messages::CargoMessages;
pub use cargo_test::{CargoTest, Part, Ran};
pub use coverage::CoverageGate;
pub use docker_build::DockerBuild;
pub use duplicates::Duplicates;
pub use environment::Environment;
pub use exit_code::{ExitCode, Installation};
pub use libtest::Libtest;
pub use notified::Notified;
pub use outdated::Outdated;
pub use pushed_image::PushedImage;
pub use rerun::Rerun;
pub use rustfmt::Rustfmt;
pub use waivers::Waiver;

/// Reads the JSON export of `cargo llvm-cov report --json`.
pub type LlvmCov = coverage::Measured<llvm_cov::Export>;
/// Reads the JSON report that `cargo tarpaulin --out Json` writes.
pub type Tarpaulin = coverage::Measured<tarpaulin::Files>;

use crate::command::{Exit, Stream};
use crate::ids::TaskId;
use crate::outcome::Outcome;
use crate::reading::{Binary, Reading};
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
const LONGEST: usize = 2_000;

/// A line as text: without colours and control characters, bytes that are not UTF-8 replaced, and no longer than is
/// worth keeping.
fn text(line: &[u8]) -> String {
    let kept = &line[..line.len().min(LONGEST)];
    // Nearly every line is plain, and a child may print gigabytes of them.
    if kept.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t')) {
        return String::from_utf8_lossy(kept).into_owned();
    }
    let text = String::from_utf8_lossy(kept);
    let plain = console::strip_ansi_codes(&text);
    plain.chars().filter(|c| !c.is_control() || *c == '\t').collect()
}

/// The first line of a tool's message, fit for a terminal.
fn headline(message: &str) -> String {
    let first = message.trim_start().lines().next().unwrap_or_default();
    crate::text::sanitise(&text(first.as_bytes())).trim_end().to_owned()
}

/// A file as findings name it: relative to the workspace's root, or unchanged when it is outside.
fn relative(file: &str, root: &Path) -> String {
    Path::new(file).strip_prefix(root).map_or_else(|_| file.to_owned(), |inside| inside.to_string_lossy().into_owned())
}

/// The reading when part of the output was lost: nothing good can be said any more.
fn guard(mut reading: Reading, cut: bool) -> Reading {
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
fn environment_error(why: impl Into<String>) -> Reading {
    Reading::environment(why)
}
