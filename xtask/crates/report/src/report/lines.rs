//! The display where no cursor moves: a line when a task ends, a failure at once with everything that helps.
//!
//! For GitHub Actions what passed is folded, a group per stage; a failure is never inside a group. Groups are printed
//! as a whole when their stage ends, because stages overlap and groups do not nest; the fold has kept what they need.

use super::display::{Display, Verbosity};
use super::failure::{self, Failure};
use super::fold::{Begun, Ended, Stage};
use super::github::{self, Annotations};
use super::places::Places;
use super::printer::Printer;
use super::summary::TaskSummary;
use super::{Fold, Subscriber, text, words};
use std::io;
use xtask_core::event::{Event, Kind};
use xtask_core::ids::{StageId, TaskId};
use xtask_core::outcome::{Outcome, Policy};

/// Plain lines.
pub struct Lines {
    display: Display,
    printer: Printer,
    run_dir: String,
    annotations: Annotations,
}

impl Lines {
    /// Writes lines to this printer; `run_dir` is the run's directory as a user would type it, `places` are for
    /// annotations.
    pub fn new(display: Display, printer: Printer, run_dir: &str, places: Places) -> Self {
        Self { display, printer, run_dir: run_dir.to_owned(), annotations: Annotations::new(places) }
    }

    fn says_more_than_failures(&self) -> bool {
        self.display.verbosity != Verbosity::Quiet
    }

    /// Whether lines about tasks are printed as they come. For GitHub they are printed when their stage ends.
    fn says_at_once(&self) -> bool {
        self.says_more_than_failures() && !self.display.github
    }

    fn stage_started(&self, fold: &Fold, id: &StageId) {
        if self.display.github && self.says_more_than_failures() {
            let tasks = fold.stage(id).map_or(0, |stage| stage.planned.tasks.len());
            self.printer.say(&format!("{id} has started: {}", xtask_core::text::count(tasks, "task")));
        }
    }

    fn task_finished(&self, fold: &Fold, task: &TaskSummary, policy: Policy) {
        if self.display.github {
            for command in self.annotations.of(task, policy) {
                self.printer.command(&command);
            }
        }
        if failure::is_one(task.outcome) {
            let failure = Failure { task, policy, run_dir: &self.run_dir };
            self.printer.say(&failure.whole(self.display));
        } else if self.says_at_once() {
            self.say_all(self.end_line(fold, task, policy));
        }
    }

    /// The line about a task that has ended; `None` if something else has reported it.
    fn end_line(&self, fold: &Fold, task: &TaskSummary, policy: Policy) -> Option<String> {
        // Skipped tasks are reported once with their stage, not once per task.
        let is_reported_with_stage = task.outcome == Outcome::Skipped && self.display.verbosity != Verbosity::Verbose;
        if failure::is_one(task.outcome) || is_reported_with_stage {
            return None;
        }
        let row = text::Row {
            mark: self.display.style().mark(task.outcome, policy),
            name: task.id.as_str(),
            width: width(fold),
            time: words::time_if_any(task.outcome, task.duration_ms),
            words: words::task(task),
        };
        Some(row.line(self.display))
    }

    /// The lines about how a task began.
    fn begun_lines(&self, task: &TaskId, begun: &Begun) -> Vec<String> {
        if self.display.verbosity != Verbosity::Verbose {
            return Vec::new();
        }
        let reason = begun.not_cached.iter().map(|because| text::not_cached_line(task, because, self.display));
        std::iter::once(text::start_line(task, &begun.command, self.display)).chain(reason).collect()
    }

    /// GitHub: the lines about the tasks of a stage, which were not printed at once.
    fn lines_of(&self, fold: &Fold, stage: &Stage) -> Vec<String> {
        let mut lines = Vec::new();
        for Ended { task, begun } in &stage.ended {
            lines.extend(begun.iter().flat_map(|begun| self.begun_lines(&task.id, begun)));
            lines.extend(self.end_line(fold, task, stage.planned.policy));
        }
        for running in fold.running().filter(|running| running.stage == stage.planned.id) {
            lines.extend(self.begun_lines(&running.task, &running.begun));
        }
        lines
    }

    fn stage_finished(&self, fold: &Fold, id: &StageId) {
        let (Some(stage), Some(summary)) = (fold.stage(id), fold.stage_so_far(id)) else { return };
        if self.display.github
            && let Some(command) = self.annotations.of_stage(&summary)
        {
            self.printer.command(&command);
        }
        if !self.says_more_than_failures() {
            return;
        }
        let width = if self.display.github { id.as_str().len() } else { width(fold) };
        let title = text::stage_line(&summary, width, self.display);
        if !self.display.github {
            // The tasks have reported the rest.
            if summary.tasks.iter().all(|task| task.outcome == Outcome::Skipped) {
                self.printer.say(&title);
            }
            return;
        }
        let lines = self.lines_of(fold, stage);
        if summary.outcome.is_bad() || lines.is_empty() {
            self.printer.say(&title);
            self.say_all(lines);
        } else {
            self.printer.command(&github::group(&title));
            self.say_all(lines);
            self.printer.command(github::END_GROUP);
        }
    }

    /// GitHub: the lines of stages that have not ended are printed with the run.
    fn run_finished(&self, fold: &Fold) {
        if self.display.github && self.says_more_than_failures() {
            let open = fold.stages().iter().filter(|stage| stage.end.is_none());
            open.for_each(|stage| self.say_all(self.lines_of(fold, stage)));
        }
    }

    fn say_all(&self, lines: impl IntoIterator<Item = String>) {
        let lines: Vec<String> = lines.into_iter().collect();
        if !lines.is_empty() {
            self.printer.say(&lines.join("\n"));
        }
    }
}

impl Subscriber for Lines {
    fn on(&self, fold: &Fold, event: &Event) -> io::Result<()> {
        let is_verbose = self.display.verbosity == Verbosity::Verbose;
        match &event.kind {
            Kind::StageStarted { stage } => self.stage_started(fold, stage),
            Kind::TaskStarted { task, command, .. } if is_verbose && self.says_at_once() => {
                self.printer.say(&text::start_line(task, command, self.display));
            }
            Kind::TaskNotCached { task, because, .. } if is_verbose && self.says_at_once() => {
                self.printer.say(&text::not_cached_line(task, because, self.display));
            }
            Kind::TaskPart { task, part, line, .. } if self.says_more_than_failures() => {
                self.printer.say(&text::part_line(task, part, line));
            }
            Kind::TaskSilent { task, silent_ms } if self.says_more_than_failures() => {
                self.printer.say(&text::silent_line(task, *silent_ms));
            }
            Kind::TaskBlocked { task, lock } if self.says_more_than_failures() => {
                self.printer.say(&text::blocked_line(task, lock));
            }
            Kind::TaskFinished { task, stage, .. } => {
                if let Some((task, policy)) = fold.ended(stage, task) {
                    self.task_finished(fold, task, policy);
                }
            }
            Kind::StageFinished { stage, .. } => self.stage_finished(fold, stage),
            Kind::Stopping { because, at_once } => self.printer.say(&text::stopping(because, *at_once)),
            Kind::RunFinished { .. } => self.run_finished(fold),
            Kind::RunStarted { .. }
            | Kind::TaskStarted { .. }
            | Kind::TaskOutput { .. }
            | Kind::TaskSilent { .. }
            | Kind::TaskBlocked { .. }
            | Kind::TaskPart { .. }
            | Kind::TaskNotCached { .. }
            | Kind::PreviousInterrupted { .. }
            | Kind::Warning { .. } => {}
        }
        Ok(())
    }

    fn name(&self) -> &'static str {
        "the display"
    }
}

/// The width of the column of names, in characters.
fn width(fold: &Fold) -> usize {
    fold.longest_id().min(40)
}

#[cfg(test)]
mod tests;
