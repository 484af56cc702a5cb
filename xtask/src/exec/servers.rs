//! What is made of a task that failed because a server which it used has died.

use crate::cause::Cause;
use crate::job::Inputs;
use crate::outcome::Outcome;
use crate::reading::Reading;
use crate::text;

/// Blames a server that has died for the failure of a task that talked to it, whatever its tests say: they could not
/// work. `tail` becomes the end of the server's log.
pub(super) fn blame(reading: &mut Reading, tail: &mut Vec<String>, inputs: &Inputs) {
    if !reading.outcome.is_bad() || reading.outcome == Outcome::Cancelled {
        return;
    }
    let lost: Vec<_> = inputs.servers.iter().filter_map(|server| server.lost(&inputs.stop)).collect();
    let Some(first) = lost.first() else { return };
    reading.outcome = Outcome::EnvironmentError;
    reading.cause = Some(Cause::ServerDied);
    reading.because = Some(text::list(lost.iter().map(|lost| &lost.because)));
    if !first.tail.is_empty() {
        tail.clone_from(&first.tail);
    }
    let logs = inputs.log.parent().unwrap_or(&inputs.root);
    let logs = logs.strip_prefix(&inputs.root).unwrap_or(logs);
    let notes = lost
        .iter()
        .filter_map(|lost| Some(format!("{}; its log: {}", lost.because, logs.join(lost.log.as_ref()?).display())));
    reading.notes.extend(notes);
}
