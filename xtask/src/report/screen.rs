//! The terminal's content during a run, as text: at most eight running tasks and the overall line.
//!
//! Pure: time and size are passed in. Knows nothing about how it gets onto the screen.

use super::display::{Style, clean};
use crate::event::{Counts, Event, Kind};
use crate::ids::TaskId;
use crate::text;
use std::time::{Duration, Instant};

/// Running tasks that get a row of their own.
const ROWS: usize = 8;
/// Columns of the overall bar.
const BAR: usize = 20;

/// The state behind the screen.
#[derive(Debug)]
pub struct Screen {
    style: Style,
    started: Instant,
    counts: Counts,
    /// The tasks that run, the oldest first, so that rows do not change places.
    running: Vec<Row>,
    stopping: bool,
}

#[derive(Debug)]
struct Row {
    task: TaskId,
    since: Instant,
    last_line: String,
    /// Its running parts, each with its current state.
    parts: Vec<(String, String)>,
}

impl Screen {
    /// A screen for a run that starts now.
    pub fn new(style: Style, now: Instant) -> Self {
        Self { style, started: now, counts: Counts::default(), running: Vec::new(), stopping: false }
    }

    /// Handles one event, which happened now.
    pub fn on(&mut self, event: &Event, now: Instant) {
        self.counts = event.counts;
        match &event.kind {
            Kind::TaskStarted { task, .. } => {
                self.running.push(Row { task: task.clone(), since: now, last_line: String::new(), parts: Vec::new() });
            }
            Kind::TaskOutput { task, line, .. } if !line.trim().is_empty() => {
                if let Some(row) = self.running.iter_mut().find(|row| row.task == *task) {
                    row.last_line.clone_from(line);
                }
            }
            Kind::TaskPart { task, part, line, done } => {
                if let Some(row) = self.running.iter_mut().find(|row| row.task == *task) {
                    row.on_part(part, line, *done);
                }
            }
            Kind::TaskFinished { task, .. } => self.running.retain(|row| row.task != *task),
            Kind::Stopping { .. } => self.stopping = true,
            _ => {}
        }
    }

    /// The lines to show at this moment on a terminal of this size; none is wider than it.
    pub fn draw(&self, now: Instant, columns: u16, height: u16) -> String {
        // The last column stays free: a terminal that has been filled to its edge wraps the next character.
        let columns = usize::from(columns).saturating_sub(1).max(10);
        let rows = ROWS.min(usize::from(height).saturating_sub(3)).max(1);
        let shown = &self.running[..self.running.len().min(rows)];
        let names = shown.iter().map(|row| row.task.as_str().len()).max().unwrap_or(0);
        let width = names.min(columns / 2);
        let mut lines: Vec<String> = shown.iter().map(|row| self.row(row, width, now, columns)).collect();
        lines.extend(self.parts(shown, rows - shown.len(), columns));
        if self.running.len() > shown.len() {
            let more = format!("  {} and {} more", self.style.ellipsis(), self.running.len() - shown.len());
            lines.push(self.style.dim(&self.style.cut(&more, columns)));
        }
        lines.push(self.style.cut(&self.overall(now, columns), columns));
        lines.join("\n")
    }

    fn row(&self, row: &Row, width: usize, now: Instant, columns: usize) -> String {
        let name = self.style.cut(&clean(row.task.as_str()), width);
        let head = format!("  {name:<width$}  {:>6}  ", seconds(now.duration_since(row.since)));
        let room = columns.saturating_sub(console::measure_text_width(&head));
        let line = self.style.cut(&clean(&row.last_line), room);
        self.style.cut(&format!("{head}{}", self.style.dim(&line)), columns).trim_end().to_owned()
    }

    /// The parts of the tasks that are shown, as far as there is room.
    fn parts(&self, shown: &[Row], room: usize, columns: usize) -> Vec<String> {
        let parts: Vec<&(String, String)> = shown.iter().flat_map(|row| &row.parts).collect();
        let shown = if parts.len() > room { room.saturating_sub(1) } else { parts.len() };
        let width = parts.iter().map(|(part, _)| part.len()).max().unwrap_or(0).min(columns / 2);
        let line = |(part, line): &(String, String)| {
            let part = self.style.cut(&clean(part), width);
            self.style.cut(&format!("    {part:<width$}  {}", self.style.dim(&clean(line))), columns)
        };
        let mut lines: Vec<String> = parts[..shown].iter().map(|part| line(part)).collect();
        if parts.len() > shown && room > 0 {
            lines.push(self.style.dim(&format!("    {} and {} more", self.style.ellipsis(), parts.len() - shown)));
        }
        lines
    }

    fn overall(&self, now: Instant, columns: usize) -> String {
        let Counts { done, running, total } = self.counts;
        let state =
            if self.stopping { format!("stopping, {running} still running") } else { format!("{running} running") };
        let elapsed = seconds(now.duration_since(self.started));
        let words = [format!("{done}/{}", text::count(total, "task")), state, elapsed].join(self.style.dot());
        if columns < 60 { format!("  {words}") } else { format!("  {}  {words}", self.bar(done, total)) }
    }

    fn bar(&self, done: usize, total: usize) -> String {
        let filled = (done * BAR).checked_div(total).unwrap_or(0).min(BAR);
        let (full, empty) = if self.style.ellipsis() == "…" { ("━", "─") } else { ("#", ".") };
        format!("{}{}", self.style.good(&full.repeat(filled)), self.style.dim(&empty.repeat(BAR - filled)))
    }
}

impl Row {
    fn on_part(&mut self, part: &str, line: &str, done: bool) {
        if done {
            self.parts.retain(|(known, _)| known != part);
        } else if let Some((_, known)) = self.parts.iter_mut().find(|(known, _)| known == part) {
            line.clone_into(known);
        } else {
            self.parts.push((part.to_owned(), line.to_owned()));
        }
    }
}

/// Whole seconds, so that a number does not flicker.
fn seconds(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{seconds}s"),
        _ => text::duration(time),
    }
}

#[cfg(test)]
mod tests;
