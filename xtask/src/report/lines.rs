//! The display where no cursor moves: a line when a task ends, a failure at once with everything that helps.
//!
//! For GitHub Actions what passed is folded, a group per stage; a failure is never inside a group. Groups are printed
//! as a whole when their stage ends, because stages overlap and groups do not nest.

use super::display::{Display, Verbosity};
use super::failure::{self, Failure};
use super::github::{self, Annotations};
use super::places::Places;
use super::printer::Printer;
use super::summary::{StageSummary, TaskSummary};
use super::{Fold, Subscriber, text, words};
use crate::event::{Event, Kind};
use crate::ids::StageId;
use crate::outcome::{Outcome, Policy};
use std::collections::HashMap;
use std::io;

/// Plain lines.
pub struct Lines {
    display: Display,
    printer: Printer,
    run_dir: String,
    fold: Fold,
    /// How wide the names of tasks are.
    width: usize,
    /// GitHub: the lines of stages that have not ended.
    waiting: HashMap<StageId, Vec<String>>,
    annotations: Annotations,
}

impl Lines {
    /// Writes lines to this printer; `run_dir` is the run's directory as a user would type it, `places` are for
    /// annotations.
    pub fn new(display: Display, printer: Printer, run_dir: &str, places: Places) -> Self {
        Self {
            display,
            printer,
            run_dir: run_dir.to_owned(),
            fold: Fold::default(),
            width: 0,
            waiting: HashMap::new(),
            annotations: Annotations::new(places),
        }
    }

    fn says_more_than_failures(&self) -> bool {
        self.display.verbosity != Verbosity::Quiet
    }

    fn run_started(&mut self) {
        let names = self.fold.planned_stages().flat_map(|stage| &stage.tasks).map(|task| task.as_str().len());
        self.width = names.max().unwrap_or(0).min(40);
    }

    fn stage_started(&self, stage: &StageId) {
        if self.display.github && self.says_more_than_failures() {
            let tasks = self.fold.planned_stages().find(|planned| planned.id == *stage).map_or(0, |s| s.tasks.len());
            self.printer.say(&format!("{stage} has started: {}", crate::text::count(tasks, "task")));
        }
    }

    fn task_finished(&mut self, stage: &StageId, task: &TaskSummary) {
        let policy = self.fold.policy(stage);
        if self.display.github {
            for command in self.annotations.of(task, policy) {
                self.printer.command(&command);
            }
        }
        if failure::is_one(task.outcome) {
            let failure = Failure { task, policy, run_dir: &self.run_dir };
            self.printer.say(&failure.whole(self.display));
        } else if self.says_more_than_failures() {
            // Skipped tasks are reported once with their stage, not once per task.
            if task.outcome != Outcome::Skipped || self.display.verbosity == Verbosity::Verbose {
                self.later(stage, self.task_line(task, policy));
            }
        }
    }

    fn task_line(&self, task: &TaskSummary, policy: Policy) -> String {
        let row = text::Row {
            mark: self.display.style().mark(task.outcome, policy),
            name: task.id.as_str(),
            width: self.width,
            time: words::time_if_any(task.outcome, task.duration_ms),
            words: words::task(task),
        };
        row.line(self.display)
    }

    /// Prints a line at once or, for GitHub, when its stage ends.
    fn later(&mut self, stage: &StageId, line: String) {
        if self.display.github {
            self.waiting.entry(stage.clone()).or_default().push(line);
        } else {
            self.printer.say(&line);
        }
    }

    fn stage_finished(&mut self, stage: &StageSummary) {
        let waiting = self.waiting.remove(&stage.id).unwrap_or_default();
        if self.display.github
            && let Some(command) = self.annotations.of_stage(stage)
        {
            self.printer.command(&command);
        }
        if !self.says_more_than_failures() {
            return;
        }
        let title = text::stage_line(stage, stage.id.as_str().len(), self.display);
        if !self.display.github {
            // The tasks have reported the rest.
            if stage.tasks.iter().all(|task| task.outcome == Outcome::Skipped) {
                self.printer.say(&title);
            }
        } else if stage.outcome.is_bad() || waiting.is_empty() {
            self.printer.say(&title);
            self.say_all(&waiting);
        } else {
            self.printer.command(&github::group(&title));
            self.say_all(&waiting);
            self.printer.command(github::END_GROUP);
        }
    }

    fn say_all(&self, lines: &[String]) {
        if !lines.is_empty() {
            self.printer.say(&lines.join("\n"));
        }
    }
}

impl Subscriber for Lines {
    fn on(&mut self, event: &Event) -> io::Result<()> {
        self.fold.on(event);
        match &event.kind {
            Kind::RunStarted { .. } => self.run_started(),
            Kind::StageStarted { stage } => self.stage_started(stage),
            Kind::TaskStarted { task, stage, command, .. } if self.display.verbosity == Verbosity::Verbose => {
                let line = text::start_line(task, command, self.display);
                self.later(stage, line);
            }
            Kind::TaskNotCached { task, stage, because } if self.display.verbosity == Verbosity::Verbose => {
                self.later(stage, text::not_cached_line(task, because, self.display));
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
            Kind::TaskFinished { .. } => {
                if let Some((stage, task)) = TaskSummary::of(&event.kind) {
                    self.task_finished(stage, &task);
                }
            }
            Kind::StageFinished { stage, .. } => {
                if let Some(stage) = self.fold.stage_so_far(stage) {
                    self.stage_finished(&stage);
                }
            }
            Kind::Stopping { because, at_once } => self.printer.say(&text::stopping(because, *at_once)),
            Kind::RunFinished { .. } => {
                for (_, lines) in std::mem::take(&mut self.waiting) {
                    self.say_all(&lines);
                }
            }
            Kind::TaskStarted { .. }
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

#[cfg(test)]
mod tests;
