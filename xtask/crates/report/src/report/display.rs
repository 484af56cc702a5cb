//! The display settings: what may be shown and how, decided elsewhere and passed in; and the few colours and marks that
//! are used.
//!
//! Knows nothing about where the decision comes from, nor where the text goes.

use xtask_core::outcome::{Outcome, Policy};
use xtask_core::text;

/// How much is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verbosity {
    /// Failures and the verdict only.
    Quiet,
    /// The default for most users.
    #[default]
    Normal,
    /// Each task's command line too.
    Verbose,
}

/// The capabilities of the output device, and how much the user wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent facts about one terminal")]
pub struct Display {
    /// Whether colours are wanted.
    pub colour: bool,
    /// How many columns a line has.
    pub columns: u16,
    /// Whether stderr is a terminal that can move its cursor.
    pub interactive: bool,
    /// Whether GitHub Actions reads the output.
    pub github: bool,
    /// How much is printed.
    pub verbosity: Verbosity,
    /// Whether more than ASCII can be shown.
    pub unicode: bool,
}

impl Default for Display {
    fn default() -> Self {
        Self {
            colour: false,
            columns: 80,
            interactive: false,
            github: false,
            verbosity: Verbosity::Normal,
            unicode: true,
        }
    }
}

impl Display {
    /// The colours and marks that go with it.
    pub fn style(self) -> Style {
        Style { colour: self.colour, unicode: self.unicode }
    }

    /// The columns that a line may fill: only a terminal cuts; a log file keeps everything.
    pub fn limit(self) -> usize {
        if self.interactive { usize::from(self.columns.max(20)) } else { usize::MAX }
    }
}

/// Colours and marks.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    colour: bool,
    unicode: bool,
}

impl Style {
    fn paint(self, style: console::Style, text: &str) -> String {
        style.force_styling(self.colour).apply_to(text).to_string()
    }

    /// Green.
    pub fn good(self, text: &str) -> String {
        self.paint(console::Style::new().green(), text)
    }

    /// Yellow.
    pub fn warn(self, text: &str) -> String {
        self.paint(console::Style::new().yellow(), text)
    }

    /// Red.
    pub fn bad(self, text: &str) -> String {
        self.paint(console::Style::new().red(), text)
    }

    /// Less important than what is around it.
    pub fn dim(self, text: &str) -> String {
        self.paint(console::Style::new().dim(), text)
    }

    /// More important than what is around it.
    pub fn bold(self, text: &str) -> String {
        self.paint(console::Style::new().bold(), text)
    }

    /// The mark before a task or stage that ended so, in its colour.
    pub fn mark(self, outcome: Outcome, policy: Policy) -> String {
        let pick = |unicode: &'static str, ascii: &'static str| if self.unicode { unicode } else { ascii };
        match outcome {
            Outcome::Passed | Outcome::Cached => self.good(pick("✓", "+")),
            Outcome::Skipped | Outcome::NothingToDo => self.dim(pick("–", "-")),
            // A task that was only stopped with the others is no failure of its own.
            Outcome::Flaky | Outcome::Cancelled => self.warn("!"),
            _ if policy != Policy::Blocking => self.warn("!"),
            _ => self.bad(pick("✗", "x")),
        }
    }

    /// The separator between two facts on a line.
    pub fn dot(self) -> &'static str {
        if self.unicode { " · " } else { ", " }
    }

    /// The mark for omitted text.
    pub fn ellipsis(self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }

    /// The prefix of each line of a child's output.
    pub fn bar(self) -> &'static str {
        if self.unicode { "│ " } else { "| " }
    }

    /// The first columns of `text`, with an ellipsis when something is missing.
    pub fn cut(self, text: &str, columns: usize) -> String {
        console::truncate_str(text, columns, self.ellipsis()).into_owned()
    }
}

/// The lines of a text from outside, made safe for a terminal and GitHub. A lone carriage return ends a line too, as it
/// does for GitHub's runner.
pub fn clean_lines(text: &str) -> impl Iterator<Item = String> {
    text.trim_end().split(['\n', '\r']).map(|line| text::sanitise(line.trim_end()))
}

/// A text from outside as one line.
pub fn clean(text: &str) -> String {
    let words: Vec<String> = clean_lines(text).map(|line| line.trim().to_owned()).filter(|l| !l.is_empty()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_that_does_not_block_is_no_cross() {
        let style = Display::default().style();
        assert_eq!(style.mark(Outcome::Failed, Policy::Blocking), "✗");
        assert_eq!(style.mark(Outcome::Failed, Policy::Warning), "!");
        assert_eq!(style.mark(Outcome::EnvironmentError, Policy::Blocking), "✗");
    }

    #[test]
    fn without_colour_no_escape_and_without_unicode_only_ascii() {
        let style = Display { unicode: false, ..Display::default() }.style();
        for outcome in [Outcome::Passed, Outcome::Failed, Outcome::Skipped, Outcome::Flaky] {
            assert!(style.mark(outcome, Policy::Blocking).is_ascii());
        }
        assert!([style.dot(), style.ellipsis(), style.bar(), &style.bad("x")].iter().all(|s| s.is_ascii()));
        assert!(!style.bold("x").contains('\u{1b}'));
        assert!(Display { colour: true, ..Display::default() }.style().bold("x").contains('\u{1b}'));
    }

    #[test]
    fn a_text_from_outside_is_one_clean_line() {
        assert_eq!(clean("a\r\n  b\u{1b}[2J\n\n::c"), "a b :\u{200b}:c");
    }
}
