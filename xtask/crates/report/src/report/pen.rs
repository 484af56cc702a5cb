//! How the bars are drawn: a terminal between indicatif and the real one.
//!
//! indicatif fills every line with spaces up to the edge, and erases as many rows as it has drawn. The terminal then
//! echoes Ctrl-C on a row of its own, and a terminal that shrinks wraps the lines into more rows; both leave pieces of
//! the display behind. This pen drops the filling, parks the cursor at the start of the last row, where `^C` is
//! overdrawn, and erases as many rows as the lines take at the current width.

use indicatif::TermLike;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A terminal that is drawn on without filling, and erased by what is actually on it.
#[derive(Debug)]
pub struct Pen<T> {
    terminal: T,
    drawing: Mutex<Drawing>,
}

#[derive(Debug, Default)]
struct Drawing {
    /// Whether a drawing has begun and is not yet flushed.
    begun: bool,
    /// The widths of the lines on the screen.
    lines: Vec<usize>,
    /// Whether the line at the cursor is complete, so that more text belongs to the next one.
    full: bool,
}

impl<T: TermLike> Pen<T> {
    /// A pen for this terminal.
    pub fn new(terminal: T) -> Self {
        Self { terminal, drawing: Mutex::default() }
    }

    /// Erases what was drawn before, once, whatever indicatif calls first.
    fn begin(&self) -> io::Result<MutexGuard<'_, Drawing>> {
        let mut drawing = self.drawing.lock().unwrap_or_else(PoisonError::into_inner);
        if !drawing.begun {
            drawing.begun = true;
            let lines = std::mem::take(&mut drawing.lines);
            if !lines.is_empty() {
                let columns = usize::from(self.terminal.width().max(1));
                let rows: usize = lines.iter().map(|width| width.div_ceil(columns).max(1)).sum();
                self.terminal.move_cursor_up(rows - 1)?;
                self.terminal.write_str("\r\u{1b}[J")?;
            }
        }
        Ok(drawing)
    }
}

impl<T: TermLike> TermLike for Pen<T> {
    fn width(&self) -> u16 {
        self.terminal.width()
    }

    fn height(&self) -> u16 {
        self.terminal.height()
    }

    // indicatif moves only to erase, which `begin` has done.

    fn move_cursor_up(&self, _: usize) -> io::Result<()> {
        self.begin().map(drop)
    }

    fn move_cursor_down(&self, _: usize) -> io::Result<()> {
        self.begin().map(drop)
    }

    fn move_cursor_right(&self, _: usize) -> io::Result<()> {
        self.begin().map(drop)
    }

    fn move_cursor_left(&self, _: usize) -> io::Result<()> {
        self.begin().map(drop)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.begin().map(drop)
    }

    fn write_line(&self, line: &str) -> io::Result<()> {
        self.write_str(line)?;
        self.write_str("")
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        let mut drawing = self.begin()?;
        // A line is written in two calls: what it says, then its filling.
        if text.bytes().all(|byte| byte == b' ') {
            drawing.full = true;
            return Ok(());
        }
        if std::mem::take(&mut drawing.full) {
            self.terminal.write_line("")?;
        }
        drawing.lines.push(console::measure_text_width(text));
        self.terminal.write_str(text)
    }

    fn flush(&self) -> io::Result<()> {
        let mut drawing = self.begin()?;
        drawing.begun = false;
        drawing.full = false;
        self.terminal.write_str("\r")?;
        self.terminal.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU16, Ordering};

    /// A terminal that records the calls to it, and whose width changes.
    #[derive(Clone, Debug)]
    struct Recording {
        width: Arc<AtomicU16>,
        done: Arc<Mutex<String>>,
    }

    impl Recording {
        fn note(&self, what: &str) {
            self.done.lock().expect("nobody panics").push_str(what);
        }

        fn take(&self) -> String {
            std::mem::take(&mut self.done.lock().expect("nobody panics"))
        }
    }

    impl TermLike for Recording {
        fn width(&self) -> u16 {
            self.width.load(Ordering::Relaxed)
        }
        fn move_cursor_up(&self, n: usize) -> io::Result<()> {
            self.note(&format!("<up {n}>"));
            Ok(())
        }
        fn move_cursor_down(&self, n: usize) -> io::Result<()> {
            self.note(&format!("<down {n}>"));
            Ok(())
        }
        fn move_cursor_right(&self, n: usize) -> io::Result<()> {
            self.note(&format!("<right {n}>"));
            Ok(())
        }
        fn move_cursor_left(&self, n: usize) -> io::Result<()> {
            self.note(&format!("<left {n}>"));
            Ok(())
        }
        fn write_line(&self, line: &str) -> io::Result<()> {
            self.note(&format!("{line}\n"));
            Ok(())
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.note(&text.replace("\u{1b}[J", "<erase>"));
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            self.note("<clear>");
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Draws two lines of ten columns as indicatif does, over as many rows as it believes it has drawn.
    fn draw(pen: &Pen<Recording>, before: usize) {
        let all = || -> io::Result<()> {
            pen.move_cursor_up(before.saturating_sub(1))?;
            for _ in 0..before {
                pen.clear_line()?;
            }
            for line in ["aaaaaaaaaa", "bbbbbbbbbb"] {
                pen.write_str(line)?;
                pen.write_str("          ")?;
            }
            pen.flush()
        };
        all().expect("a recording does not fail");
    }

    #[test]
    fn lines_are_not_filled_and_what_was_there_is_erased() {
        let terminal = Recording { width: Arc::new(AtomicU16::new(20)), done: Arc::default() };
        let pen = Pen::new(terminal.clone());
        draw(&pen, 0);
        assert_eq!(terminal.take(), "aaaaaaaaaa\nbbbbbbbbbb\r");
        draw(&pen, 2);
        assert_eq!(terminal.take(), "<up 1>\r<erase>aaaaaaaaaa\nbbbbbbbbbb\r");
    }

    #[test]
    fn a_terminal_that_has_shrunk_is_erased_by_the_rows_that_it_has_wrapped_into() {
        let terminal = Recording { width: Arc::new(AtomicU16::new(20)), done: Arc::default() };
        let pen = Pen::new(terminal.clone());
        draw(&pen, 0);
        terminal.take();
        terminal.width.store(4, Ordering::Relaxed);
        draw(&pen, 2);
        assert!(terminal.take().starts_with("<up 5>\r<erase>"), "ten columns wrap into three rows of four, twice");
    }
}
