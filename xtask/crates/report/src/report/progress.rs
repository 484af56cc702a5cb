//! The display on a terminal: running tasks at the bottom, and above them a line for each stage that has ended and a
//! failure at once. Nothing of the bottom is left when the run is over.
//!
//! One bar draws all rows, so that they change together, from the moment that the fold was at after the last event; a
//! steady tick moves the clocks. Output only changes the moment: a child that prints a gigabyte costs no drawing.

use super::display::{Display, Verbosity};
use super::failure::{self, Failure};
use super::fold::Moment;
use super::pen::Pen;
use super::printer::Printer;
use super::screen::Screen;
use super::{Fold, Subscriber, text};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use std::fmt::Write;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use xtask_core::event::{Event, Kind};

/// How often the clocks move.
const TICK: Duration = Duration::from_millis(200);
/// How often the screen is drawn at most, in a second.
const HERTZ: u8 = 15;

/// A terminal's size: columns and height.
type Size = Arc<dyn Fn() -> (u16, u16) + Send + Sync>;

/// The display on a terminal.
pub struct Progress {
    display: Display,
    printer: Printer,
    run_dir: String,
    /// What the thread that draws sees.
    seen: Arc<Mutex<Seen>>,
    bar: ProgressBar,
}

/// A moment of the run, and when it was seen: the clocks continue from there.
struct Seen {
    moment: Moment,
    at: Instant,
}

impl Seen {
    fn now(moment: Moment) -> Self {
        Self { moment, at: Instant::now() }
    }

    /// Milliseconds since the run started.
    fn elapsed_ms(&self) -> u64 {
        let since = u64::try_from(self.at.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.moment.elapsed_ms.saturating_add(since)
    }
}

impl Progress {
    /// The display on the process's terminal; `run_dir` is the run's directory as a user would type it.
    pub fn on_stderr(display: Display, printer: Printer, run_dir: &str) -> Self {
        let terminal = console::Term::buffered_stderr();
        let asked = terminal.clone();
        let size = move || {
            let (height, columns) = asked.size();
            (columns, height)
        };
        Self::on_terminal(display, printer, run_dir, terminal, Arc::new(size))
    }

    fn on_terminal<T>(display: Display, printer: Printer, run_dir: &str, terminal: T, size: Size) -> Self
    where
        T: TermLike + 'static,
    {
        let seen = Arc::new(Mutex::new(Seen::now(Moment::default())));
        let drawn = Arc::clone(&seen);
        let style = ProgressStyle::with_template("{screen}").expect("the template is well formed").with_key(
            "screen",
            move |_: &indicatif::ProgressState, out: &mut dyn Write| {
                let (columns, height) = size();
                let seen = drawn.lock().unwrap_or_else(PoisonError::into_inner);
                let screen = Screen { style: display.style(), moment: &seen.moment, elapsed_ms: seen.elapsed_ms() };
                // A row that cannot be formatted is drawn again at the next tick.
                let _ = out.write_str(&screen.draw(columns, height));
            },
        );
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(Pen::new(terminal)), HERTZ);
        let bar = ProgressBar::with_draw_target(None, target).with_style(style);
        Self { display, printer, run_dir: run_dir.to_owned(), seen, bar }
    }

    fn begin(&self) {
        self.printer.attach(self.bar.clone());
        self.bar.enable_steady_tick(TICK);
    }

    /// Takes everything off the screen.
    fn end(&self) {
        self.bar.disable_steady_tick();
        self.bar.finish_and_clear();
        self.printer.detach();
    }

    fn say(&self, fold: &Fold, event: &Event) {
        match &event.kind {
            Kind::TaskStarted { task, command, .. } if self.display.verbosity == Verbosity::Verbose => {
                self.printer.say(&text::start_line(task, command, self.display));
            }
            Kind::TaskNotCached { task, because, .. } if self.display.verbosity == Verbosity::Verbose => {
                self.printer.say(&text::not_cached_line(task, because, self.display));
            }
            Kind::TaskPart { task, part, line, done: true } if self.display.verbosity != Verbosity::Quiet => {
                self.printer.say(&text::part_line(task, part, line));
            }
            Kind::TaskFinished { task, stage, .. } => {
                if let Some((task, policy)) = fold.ended(stage, task)
                    && failure::is_one(task.outcome)
                {
                    let failure = Failure { task, policy, run_dir: &self.run_dir };
                    self.printer.say(&failure.whole(self.display));
                }
            }
            Kind::StageFinished { stage, .. } => {
                if let Some(stage) = fold.stage_so_far(stage) {
                    let width = text::width(fold.stages().iter().map(|stage| stage.planned.id.as_str()));
                    self.printer.say(&text::stage_line(&stage, width, self.display));
                }
            }
            Kind::Stopping { because, at_once } => self.printer.say(&text::stopping(because, *at_once)),
            _ => {}
        }
    }
}

impl Subscriber for Progress {
    fn on(&self, fold: &Fold, event: &Event) -> io::Result<()> {
        // The lock is gone before anything is printed: printing draws, and drawing looks at the moment.
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen::now(fold.moment());
        match &event.kind {
            Kind::RunStarted { .. } => self.begin(),
            Kind::RunFinished { .. } => self.end(),
            _ => self.say(fold, event),
        }
        Ok(())
    }

    fn name(&self) -> &'static str {
        "the display"
    }
}

impl Drop for Progress {
    /// A run that ends without its last event leaves a clean screen too.
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests;
