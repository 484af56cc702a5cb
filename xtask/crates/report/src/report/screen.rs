//! The terminal's content during a run, as text: at most eight running tasks and the overall line.
//!
//! Pure: a moment of the run, time and size are passed in. Knows nothing about how it gets onto the screen.

use super::display::{Style, clean};
use super::fold::{Moment, Running};
use std::sync::Arc;
use std::time::Duration;
use xtask_core::event::Counts;
use xtask_core::text;

/// Running tasks that get a row of their own.
const ROWS: usize = 8;
/// Columns of the overall bar.
const BAR: usize = 20;

/// The screen of a run at one moment.
#[derive(Debug)]
pub struct Screen<'a> {
    /// Colours and marks.
    pub style: Style,
    /// The run.
    pub moment: &'a Moment,
    /// Milliseconds since the run started, now: the clocks move on between two events.
    pub elapsed_ms: u64,
}

impl Screen<'_> {
    /// The lines to show on a terminal of this size; none is wider than it.
    pub fn draw(&self, columns: u16, height: u16) -> String {
        // The last column stays free: a terminal that has been filled to its edge wraps the next character.
        let columns = usize::from(columns).saturating_sub(1).max(10);
        let rows = ROWS.min(usize::from(height).saturating_sub(3)).max(1);
        let running = &self.moment.running;
        let shown = &running[..running.len().min(rows)];
        let names = shown.iter().map(|row| row.task.as_str().len()).max().unwrap_or(0);
        let width = names.min(columns / 2);
        let mut lines: Vec<String> = shown.iter().map(|row| self.row(row, width, columns)).collect();
        lines.extend(self.parts(shown, rows - shown.len(), columns));
        if running.len() > shown.len() {
            let more = format!("  {} and {} more", self.style.ellipsis(), running.len() - shown.len());
            lines.push(self.style.dim(&self.style.cut(&more, columns)));
        }
        lines.push(self.style.cut(&self.overall(columns), columns));
        lines.join("\n")
    }

    fn row(&self, row: &Running, width: usize, columns: usize) -> String {
        let name = self.style.cut(&clean(row.task.as_str()), width);
        let head = format!("  {name:<width$}  {:>6}  ", seconds(self.elapsed_ms.saturating_sub(row.since_ms)));
        let room = columns.saturating_sub(console::measure_text_width(&head));
        let line = self.style.cut(&clean(&row.last_line), room);
        self.style.cut(&format!("{head}{}", self.style.dim(&line)), columns).trim_end().to_owned()
    }

    /// The parts of the tasks that are shown, as far as there is room.
    fn parts(&self, shown: &[Arc<Running>], room: usize, columns: usize) -> Vec<String> {
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

    fn overall(&self, columns: usize) -> String {
        let Counts { done, running, total } = self.moment.counts;
        let state = if self.moment.stopping {
            format!("stopping, {running} still running")
        } else {
            format!("{running} running")
        };
        let elapsed = seconds(self.elapsed_ms);
        let words = [format!("{done}/{}", text::count(total, "task")), state, elapsed].join(self.style.dot());
        if columns < 60 { format!("  {words}") } else { format!("  {}  {words}", self.bar(done, total)) }
    }

    fn bar(&self, done: usize, total: usize) -> String {
        let filled = (done * BAR).checked_div(total).unwrap_or(0).min(BAR);
        let (full, empty) = if self.style.ellipsis() == "…" { ("━", "─") } else { ("#", ".") };
        format!("{}{}", self.style.good(&full.repeat(filled)), self.style.dim(&empty.repeat(BAR - filled)))
    }
}

/// Whole seconds, so that a number does not flicker.
fn seconds(ms: u64) -> String {
    match ms / 1000 {
        seconds @ 0..60 => format!("{seconds}s"),
        _ => text::duration(Duration::from_millis(ms)),
    }
}

#[cfg(test)]
mod tests;
