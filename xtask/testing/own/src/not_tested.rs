//! The tests that could not run because their tool is missing.

use std::collections::BTreeMap;
use xtask_app::Session;
use xtask_core::error::{Error, Result};
use xtask_core::text;

/// The variable that names the file in which a test that cannot run says so.
pub(crate) const NOT_TESTED: &str = "XTASK_NOT_TESTED";

/// The tests that could not run: libtest has no result for them, and counts them as passed.
pub(crate) struct NotTested(tempfile::NamedTempFile);

impl NotTested {
    pub(crate) fn new() -> Result<Self> {
        let file = tempfile::NamedTempFile::new();
        Ok(Self(
            file.map_err(|error| Error::environment("create a file for the tests that cannot run").because(error))?,
        ))
    }

    pub(crate) fn path(&self) -> String {
        self.0.path().display().to_string()
    }

    /// How many there were, and why.
    pub(crate) fn report(&self, session: &Session) {
        let text = std::fs::read_to_string(self.0.path()).unwrap_or_default();
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for line in text.lines() {
            *reasons.entry(line).or_default() += 1;
        }
        if reasons.is_empty() {
            return session.printer.say("no test was skipped");
        }
        session.printer.say(&format!("skipped: {}", text::count(text.lines().count(), "test")));
        for (reason, times) in reasons {
            session.printer.say(&format!("  {times} × {reason}"));
        }
    }
}
