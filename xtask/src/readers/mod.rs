//! Turns a child's output into a [`Reading`]: one file a tool.
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
mod rustfmt;
mod tarpaulin;
#[cfg(test)]
mod tests;
mod waivers;

use crate::command::{Exit, Stream};
use crate::outcome::Outcome;
use crate::plan::Reader;
use crate::reading::{Binary, Reading};
use std::path::Path;

/// Reads one task's output as it comes.
pub trait Read: Send {
    /// Another executable of the same task is about to start. Only a task that runs several says so.
    fn next_binary(&mut self, binary: &Binary) {
        let _ = binary;
    }

    /// The executable that [`next_binary`](Read::next_binary) announced has ended, and all its lines were given.
    fn finish_binary(&mut self, exit: Exit) {
        let _ = exit;
    }

    /// One line, without its newline; bytes, for children print what they like.
    fn line(&mut self, stream: Stream, line: &[u8]);

    /// The task has ended. `exit` is that of the process, or of the worst of several executables; `cut` says that some
    /// of the output was lost on its way here.
    fn finish(self: Box<Self>, exit: Exit, cut: bool) -> Reading;
}

/// The reader for a task. `root` is the workspace's, absolute, and files in findings are relative to it; `built` is what
/// another task has built for this one.
pub fn reader(how: &Reader, root: &Path, built: &[Binary]) -> Box<dyn Read> {
    match how {
        Reader::ExitCode => Box::new(exit_code::ExitCode),
        Reader::Installation => Box::new(exit_code::Installation),
        Reader::Rustfmt => Box::new(rustfmt::Rustfmt::new(root)),
        Reader::CargoMessages => Box::new(cargo_messages::CargoMessages::new(root)),
        Reader::Libtest { repeat } => Box::new(libtest::Libtest::new(repeat)),
        Reader::CargoTest { parts, ran } => Box::new(cargo_test::CargoTest::new(parts, ran.as_ref(), built)),
        Reader::Environment { also } => Box::new(environment::Environment::new(also)),
        Reader::CargoAudit { waivers, database } => {
            Box::new(cargo_audit::CargoAudit::new(waivers, database.as_deref()))
        }
        Reader::CargoDeny { waivers, unchecked } => Box::new(cargo_deny::CargoDeny::new(waivers, unchecked.clone())),
        Reader::DockerBuild { programs } => Box::new(docker_build::DockerBuild::new(programs)),
        Reader::PushedImage => Box::new(pushed_image::PushedImage::default()),
        Reader::Notified => Box::new(notified::Notified::default()),
        Reader::Outdated => Box::new(outdated::Outdated::default()),
        Reader::Duplicates => Box::new(duplicates::Duplicates::default()),
        Reader::LlvmCov(gate) => Box::new(coverage::Measured::<llvm_cov::Export>::new(gate, root)),
        Reader::Tarpaulin { gate, .. } => Box::new(coverage::Measured::<tarpaulin::Files>::new(gate, root)),
    }
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

/// A file as findings name it: relative to the workspace's root, or as it is when it lies outside.
fn relative(file: &str, root: &Path) -> String {
    Path::new(file).strip_prefix(root).map_or_else(|_| file.to_owned(), |inside| inside.to_string_lossy().into_owned())
}

/// What a reading is worth when part of the output was lost: nothing good can be said any more.
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
    Reading::because(Outcome::EnvironmentError, why)
}
