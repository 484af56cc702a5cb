//! Reads the JSON export of `cargo llvm-cov report --json --summary-only`.

use super::coverage::{Report, Tally};
use serde::Deserialize;
use std::path::PathBuf;

#[derive(Debug, Deserialize)]
pub struct Export {
    data: Vec<Data>,
}

#[derive(Debug, Deserialize)]
struct Data {
    files: Vec<File>,
}

#[derive(Debug, Deserialize)]
struct File {
    filename: PathBuf,
    summary: Summary,
}

#[derive(Debug, Deserialize)]
struct Summary {
    lines: Lines,
}

#[derive(Debug, Deserialize)]
struct Lines {
    count: u64,
    covered: u64,
}

impl Report for Export {
    fn tally(&self, tally: &mut Tally<'_>) -> Result<(), String> {
        for file in self.data.iter().flat_map(|data| &data.files) {
            tally.add(&file.filename, file.summary.lines.count, file.summary.lines.covered)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, same};
    use super::super::{CoverageGate, LlvmCov};
    use super::*;
    use xtask_core::command::Exit;
    use xtask_core::outcome::Outcome;

    /// cargo-llvm-cov 0.9.1 with LLVM 22.
    const REPORT: &str = include_str!("testdata/llvm-cov.json");

    fn gate(minimum: f64) -> LlvmCov {
        let packages = vec![("a-lib".to_owned(), PathBuf::from("/w/a")), ("b-bin".to_owned(), PathBuf::from("/w/b"))];
        LlvmCov::new(CoverageGate { minimum: Some(minimum), packages, ..CoverageGate::default() }, None)
    }

    #[test]
    fn a_real_report_is_measured_against_the_gate() {
        let reading = read(&gate(47.36), REPORT, "", Exit::Code(0));
        same(&reading, Outcome::Passed, "47.36 % of lines, 47.36 % are needed");
        let coverage = reading.coverage.expect("measured");
        assert_eq!(coverage.services.into_iter().collect::<Vec<_>>(), [("a-lib".into(), 75.0), ("b-bin".into(), 0.0)]);
        let reading = read(&gate(50.0), REPORT, "", Exit::Code(0));
        same(&reading, Outcome::Failed, "line coverage 47.36 % is under the gate of 50 %");
    }

    #[test]
    fn no_data_is_never_a_percentage() {
        let missing = "error: failed to merge profile data: not found *.profraw files in /w/target/llvm-cov-target";
        let because = "no coverage data: failed to merge profile data: not found *.profraw files in \
                       /w/target/llvm-cov-target";
        same(&read(&gate(50.0), "", missing, Exit::Code(1)), Outcome::EnvironmentError, because);
        let because = "no coverage data: it exited with code 0 without a report";
        same(&read(&gate(0.0), "", "", Exit::Code(0)), Outcome::EnvironmentError, because);
        for report in ["{\"data\":[]}", "{\"data\":[{\"files\":[]}]}", "{\"files\":[]}", &REPORT[..REPORT.len() - 9]] {
            assert_eq!(read(&gate(0.0), report, "", Exit::Code(0)).outcome, Outcome::EnvironmentError, "{report}");
        }
        let lie = REPORT.replace("\"covered\":9,", "\"covered\":99,");
        assert_eq!(read(&gate(0.0), &lie, "", Exit::Code(0)).outcome, Outcome::EnvironmentError);
    }
}
