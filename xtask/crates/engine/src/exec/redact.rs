//! Redacts secrets from events.

use xtask_core::event::Kind;
use xtask_process::process::Secrets;

/// Redacts the secrets in everything of an event that may repeat them. Lines of output have none: they were redacted as
/// they arrived.
pub fn redact(kind: &mut Kind, secrets: &Secrets) {
    let mut hide = |text: &mut String| *text = secrets.hide(text);
    match kind {
        Kind::RunStarted { command: text, .. }
        | Kind::TaskStarted { command: text, .. }
        | Kind::TaskBlocked { lock: text, .. }
        | Kind::TaskPart { line: text, .. }
        | Kind::TaskNotCached { because: text, .. }
        | Kind::StageFinished { because: Some(text), .. }
        | Kind::Stopping { because: text, .. }
        | Kind::Warning { message: text } => hide(text),
        Kind::TaskFinished { reading, tail, repeat, .. } => {
            reading.for_each_text(&mut hide);
            tail.iter_mut().chain([repeat]).for_each(hide);
        }
        Kind::PreviousInterrupted { cleaned, .. } => cleaned.iter_mut().for_each(hide),
        Kind::StageStarted { .. }
        | Kind::TaskOutput { .. }
        | Kind::TaskSilent { .. }
        | Kind::StageFinished { because: None, .. }
        | Kind::RunFinished { .. } => {}
    }
}
