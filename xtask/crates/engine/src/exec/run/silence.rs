//! Which running tasks seem to hang: those that have printed nothing for long, and those that cargo keeps waiting.
//!
//! The times passed in decide when a silence is due; the reports decide how it is shown.

use super::{Run, millis};
use std::collections::BTreeMap;
use std::time::Duration;
use xtask_core::command::Stream;
use xtask_core::event::Kind;
use xtask_process::process::awake;

/// How long a task may print nothing before that is reported for the first time.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The running tasks, by their index, and how long each has been silent. Times are of one clock, whichever it is.
pub(super) struct Silences {
    patience: Duration,
    tasks: BTreeMap<usize, Silence>,
}

struct Silence {
    /// When it printed its last line, or started.
    since: Duration,
    /// How long it has to last to be reported. Doubles each time, so that an hour takes six lines.
    next: Duration,
}

impl Silences {
    /// No task runs yet.
    pub(super) fn new(patience: Duration) -> Self {
        Self { patience, tasks: BTreeMap::new() }
    }

    /// A task has started.
    pub(super) fn start(&mut self, task: usize, now: Duration) {
        self.tasks.insert(task, Silence { since: now, next: self.patience });
    }

    /// A task has printed something, unless it has ended meanwhile.
    pub(super) fn hear(&mut self, task: usize, now: Duration) {
        if let Some(silence) = self.tasks.get_mut(&task) {
            *silence = Silence { since: now, next: self.patience };
        }
    }

    /// A task has ended.
    pub(super) fn end(&mut self, task: usize) {
        self.tasks.remove(&task);
    }

    /// When the next silence is to be reported, if nothing happens until then.
    pub(super) fn next(&self) -> Option<Duration> {
        self.tasks.values().map(|silence| silence.since.saturating_add(silence.next)).min()
    }

    /// The tasks whose silence is to be reported now, with its duration; each is due again when it has doubled.
    pub(super) fn due(&mut self, now: Duration) -> Vec<(usize, Duration)> {
        let mut due = Vec::new();
        for (task, silence) in &mut self.tasks {
            let lasted = now.saturating_sub(silence.since);
            if lasted >= silence.next {
                silence.next = lasted.saturating_mul(2);
                due.push((*task, lasted));
            }
        }
        due
    }
}

/// The lock that cargo waits for, when this line says so: `build directory`.
fn awaited_lock(stream: Stream, line: &str) -> Option<&str> {
    let lock = line.trim_start().strip_prefix("Blocking waiting for file lock on ")?.trim_end();
    (stream == Stream::Stderr && !lock.is_empty()).then_some(lock)
}

impl Run<'_> {
    /// Announces the silences that are due.
    pub(super) fn emit_silences(&mut self) {
        for (task, lasted) in self.silences.due(awake()) {
            let task = self.tasks[task].id.clone();
            self.emit(Kind::TaskSilent { task, silent_ms: millis(lasted) });
        }
    }

    /// Takes a line that a task has printed.
    pub(super) fn hear_line(&mut self, index: usize, stream: Stream, line: String) {
        self.silences.hear(index, awake());
        let task = self.tasks[index].id.clone();
        if let Some(lock) = awaited_lock(stream, &line) {
            self.emit(Kind::TaskBlocked { task: task.clone(), lock: lock.to_owned() });
        }
        self.emit(Kind::TaskOutput { task, stream, line });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_silence_is_said_after_a_minute_and_each_time_it_has_doubled() {
        let mut silences = Silences::new(PATIENCE);
        assert_eq!((silences.next(), silences.due(at(1000))), (None, vec![]));
        silences.start(7, at(10));
        let said = (10..=2000).filter(|second| !silences.due(at(*second)).is_empty());
        assert_eq!(said.collect::<Vec<_>>(), [70, 130, 250, 490, 970, 1930]);
        assert_eq!(silences.next(), Some(at(10 + 3840)));
    }

    #[test]
    fn what_a_task_prints_ends_its_silence_alone() {
        let mut silences = Silences::new(PATIENCE);
        silences.start(1, at(0));
        silences.start(2, at(0));
        silences.hear(1, at(50));
        assert_eq!((silences.next(), silences.due(at(59))), (Some(at(60)), vec![]));
        assert_eq!(silences.due(at(60)), [(2, at(60))]);
        assert_eq!(silences.due(at(115)), [(1, at(65))], "a look that comes late names the whole time");
        silences.hear(2, at(119));
        assert_eq!(silences.next(), Some(at(179)), "it begins anew after a line");
        silences.end(2);
        silences.hear(2, at(120));
        assert_eq!(silences.next(), Some(at(50 + 130)), "a late line does not bring back what has ended");
    }

    #[test]
    fn only_cargo_on_standard_error_waits_for_a_lock() {
        #[track_caller]
        fn case(stream: Stream, line: &str, want: Option<&str>) {
            assert_eq!(awaited_lock(stream, line), want, "{line}");
        }
        case(Stream::Stderr, "    Blocking waiting for file lock on build directory", Some("build directory"));
        case(Stream::Stderr, "    Blocking waiting for file lock on package cache", Some("package cache"));
        case(Stream::Stdout, "    Blocking waiting for file lock on build directory", None);
        case(Stream::Stderr, "test a ... Blocking waiting for file lock on build directory", None);
        case(Stream::Stderr, "    Blocking waiting for file lock on ", None);
        case(Stream::Stderr, "   Compiling a v0.1.0", None);
    }
}
