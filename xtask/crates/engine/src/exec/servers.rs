//! The result of a task whose server has died: the cause of its failure, or a warning beside a pass.

use crate::job::Inputs;
use xtask_core::cause::Cause;
use xtask_core::outcome::Outcome;
use xtask_core::reading::{Lost, Reading};
use xtask_core::text;

/// Blames a dead server for the failure of a task that talked to it, whatever its tests report: they could not work.
/// `tail` becomes the end of the server's log. Tests that passed keep their result, with a note: they might have found
/// something.
pub(super) fn blame(reading: &mut Reading, tail: &mut Vec<String>, inputs: &Inputs) {
    if reading.outcome == Outcome::Cancelled {
        return;
    }
    let lost: Vec<Lost> = inputs.servers.iter().filter_map(|server| server.lost(&inputs.stop)).collect();
    let Some(first) = lost.first() else { return };
    let passed = !reading.outcome.is_bad();
    reading.notes.extend(lost.iter().filter_map(|lost| note(lost, passed, inputs)));
    if passed {
        return;
    }
    reading.outcome = Outcome::EnvironmentError;
    reading.cause = Some(Cause::ServerDied);
    reading.because = Some(text::list(lost.iter().map(|lost| &lost.because)));
    if !first.tail.is_empty() {
        tail.clone_from(&first.tail);
    }
}

/// The path of the server's log; for a server without a log, only the part that the result does not already say.
fn note(lost: &Lost, passed: bool, inputs: &Inputs) -> Option<String> {
    let logs = inputs.log.parent().unwrap_or(&inputs.root);
    let log = lost.log.as_ref().map(|log| logs.join(log)).filter(|log| log.is_file());
    let log = log.map(|log| format!("; its log: {}", log.strip_prefix(&inputs.root).unwrap_or(&log).display()));
    let although = if passed { ", although the tests passed" } else { "" };
    (passed || log.is_some()).then(|| format!("{}{although}{}", lost.because, log.unwrap_or_default()))
}
