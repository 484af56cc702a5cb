//! Writes what remains of a run when it is over: the files, the answer for programs, and the text for people, in this
//! order, so that the verdict is the last line. A file that cannot be written is a warning and nothing else.

use super::{Display, Printer, Summary, json, markdown, text};
use std::path::PathBuf;
use xtask_core::error::Result;

/// The report's name in the directory of its run.
pub const REPORT: &str = "report.md";

/// Where the results go.
#[derive(Clone, Debug, Default)]
pub struct Outputs {
    /// The run's directory, for `summary.json` and `report.md`; `None` when it could not be made.
    pub run_dir: Option<PathBuf>,
    /// The same directory as a user would type it.
    pub shown_dir: String,
    /// The file that GitHub shows as the step's summary (`GITHUB_STEP_SUMMARY`).
    pub github_summary: Option<PathBuf>,
    /// Whether that file gets only failures and findings: this run is one of many, and a later job reports on all.
    pub one_of_many: bool,
    /// Whether stdout gets the summary as JSON.
    pub json: bool,
}

impl Outputs {
    /// Writes and prints everything.
    pub fn publish(&self, mut summary: Summary, display: Display, printer: &Printer) {
        let mut trouble: Vec<String> = Vec::new();
        let mut note = |result: Result<()>| {
            trouble.extend(
                result.err().map(|e| format!("{}; the verdict is not affected", super::display::clean(&e.to_string()))),
            );
        };
        if let Some(dir) = &self.run_dir {
            note(xtask_core::files::write_atomic(&dir.join(REPORT), markdown::render(&summary).as_bytes()));
            note(summary.write(&dir.join("summary.json")));
        }
        if let Some(path) = &self.github_summary {
            let own = self.one_of_many.then(|| markdown::failures_and_findings(&summary));
            let report = own.unwrap_or_else(|| Some(markdown::render(&summary)));
            note(report.map_or(Ok(()), |report| markdown::append(path, &report)));
        }
        summary.warnings.extend(trouble);
        if self.json {
            json::print(&summary, printer);
        }
        printer.say(&text::summary(&summary, display, &self.shown_dir));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Fold, printer, sample};
    use super::*;
    use std::path::Path;

    #[test]
    fn a_finished_run_leaves_its_files_and_the_verdict_last() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (printer, out, err) = printer::tests::memory(false);
        let step = dir.path().join("step.md");
        std::fs::write(&step, "before\n").expect("the directory can be written to");
        let outputs = Outputs {
            run_dir: Some(dir.path().to_owned()),
            shown_dir: "target/xtask/runs/1".to_owned(),
            github_summary: Some(step.clone()),
            one_of_many: false,
            json: true,
        };
        let summary = Fold::of(&sample::green()).finish();
        outputs.publish(summary.clone(), Display::default(), &printer);
        assert_eq!(Summary::read(&dir.path().join("summary.json")).expect("it is there"), summary);
        assert!(dir.path().join("report.md").exists());
        assert!(std::fs::read_to_string(&step).expect("it is there").starts_with("before\n#"));
        assert!(out.text().starts_with('{'));
        assert_eq!(err.text().lines().last(), Some("passed: 2 stages, 43 tests in 1m 12s"));
    }

    #[test]
    fn files_that_cannot_be_written_are_warnings_before_the_same_verdict() {
        let (printer, _, err) = printer::tests::memory(false);
        let outputs = Outputs {
            run_dir: Some(Path::new("/proc/nowhere").to_owned()),
            github_summary: Some(Path::new("/dev/full").to_owned()),
            ..Outputs::default()
        };
        outputs.publish(Fold::of(&sample::green()).finish(), Display::default(), &printer);
        let text = err.text();
        assert_eq!(text.matches("warning: cannot write").count(), 3, "{text}");
        assert_eq!(text.lines().last(), Some("passed: 2 stages, 43 tests in 1m 12s"));
    }
}
