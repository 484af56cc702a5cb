//! Reads the JSON report of `cargo tarpaulin --out Json`.
//!
//! Tarpaulin writes it to `tarpaulin-report.json`; the caller hands the file's text over as lines of standard output
//! once the process has ended. What tarpaulin logs before does no harm.

use super::coverage::{Report, Tally};
use serde::Deserialize;
use std::path::PathBuf;

#[derive(Debug, Deserialize)]
pub struct Files {
    files: Vec<File>,
}

#[derive(Debug, Deserialize)]
struct File {
    /// The path's components, the root first.
    path: Vec<String>,
    covered: u64,
    coverable: u64,
}

impl Report for Files {
    fn tally(&self, tally: &mut Tally<'_>) -> Result<(), String> {
        for file in &self.files {
            tally.add(&file.path.iter().collect::<PathBuf>(), file.coverable, file.covered)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{read, same};
    use super::super::{CoverageGate, Tarpaulin};
    use super::*;
    use xtask_core::command::Exit;
    use xtask_core::outcome::Outcome;

    /// The shape of tarpaulin 0.37's `report/json.rs`.
    const REPORT: &str = r#"{"files":[{"path":["/","w","a","src","lib.rs"],"content":"fn f() {}\n","traces":[{"line":1,
        "address":[],"length":1,"stats":{"Line":0}}],"covered":1,"coverable":3}],"coverage":33.3,"covered":1,"coverable":3}"#;

    fn gate(minimum: f64) -> Tarpaulin {
        let packages = vec![("a".to_owned(), PathBuf::from("/w/a"))];
        let gate = CoverageGate { minimum: Some(minimum), packages, ..CoverageGate::default() };
        Tarpaulin::new(gate, Some("/w/r.json".into()))
    }

    #[test]
    fn the_report_behind_the_log_is_measured() {
        let stdout = format!("2026-01-01T00:00:00Z INFO cargo_tarpaulin: Running Tarpaulin\n{REPORT}");
        let reading = read(&gate(50.0), &stdout, "", Exit::Code(0));
        same(&reading, Outcome::Failed, "line coverage 33.33 % is under the gate of 50 %");
        assert_eq!(read(&gate(33.33), &stdout, "", Exit::Code(0)).outcome, Outcome::Passed);
    }

    #[test]
    fn no_data_is_never_a_percentage() {
        for report in ["", "{\"files\":[]}", "{}", &REPORT[..REPORT.len() - 1]] {
            assert_eq!(read(&gate(0.0), report, "", Exit::Code(0)).outcome, Outcome::EnvironmentError, "{report}");
        }
        let crashed = read(&gate(0.0), REPORT, "", Exit::Signal(11));
        same(&crashed, Outcome::EnvironmentError, "no coverage data: it was killed by SIGSEGV without a report");
    }
}
