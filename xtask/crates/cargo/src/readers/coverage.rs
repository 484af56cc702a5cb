//! The gate on line coverage and the reader of its report, the same for every tool that measures it.
//!
//! Percent are computed from whole numbers and rounded down to two decimals; that one number is compared and shown.

use super::json::Document;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use xtask_core::cause::Cause;
use xtask_core::command::{Exit, Stream};
use xtask_core::outcome::Outcome;
use xtask_core::reader::complaints::Complaints;
use xtask_core::reader::{Read, environment_error, guard, text};
use xtask_core::reading::{Binary, Coverage, Reading};

/// What coverage must reach.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CoverageGate {
    /// Percent of lines over the workspace; without it the number is reported and does not count.
    pub minimum: Option<f64>,
    /// Percent of lines that a package must reach, by its name.
    pub floors: BTreeMap<String, f64>,
    /// Every package's name and directory, absolute: a file belongs to the package with the longest directory that
    /// holds it.
    pub packages: Vec<(String, PathBuf)>,
}

/// Directories of a package whose lines are tests themselves.
const TEST_FOLDERS: [&str; 3] = ["tests", "benches", "examples"];

/// Lines that could be reached and that were.
#[derive(Clone, Copy, Default)]
struct Lines {
    count: u64,
    covered: u64,
}

impl Lines {
    /// In percent, rounded down to two decimals; `None` without lines.
    fn percent(self) -> Option<f64> {
        let hundredths = (u128::from(self.covered) * 10_000).checked_div(u128::from(self.count))?;
        // At most 10,000, because `Tally::add` lets no more lines be covered than there are.
        u32::try_from(hundredths).ok().map(|hundredths| f64::from(hundredths) / 100.0)
    }
}

/// Adds up files per package.
pub struct Tally<'a> {
    gate: &'a CoverageGate,
    root: &'a Path,
    packages: BTreeMap<&'a str, Lines>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(gate: &'a CoverageGate, root: &'a Path) -> Self {
        Self { gate, root, packages: BTreeMap::new() }
    }

    /// Adds one file's lines; an error when they cannot be true.
    pub(super) fn add(&mut self, file: &Path, count: u64, covered: u64) -> Result<(), String> {
        if covered > count {
            return Err(format!("{} has {count} lines, and {covered} of them are covered", file.display()));
        }
        let file: PathBuf = self.root.join(file);
        let holders = self.gate.packages.iter().filter(|(_, directory)| file.starts_with(directory));
        let Some((name, directory)) = holders.max_by_key(|(_, directory)| directory.components().count()) else {
            return Ok(());
        };
        let first = file.strip_prefix(directory).ok().and_then(|inside| inside.components().next());
        if first.is_some_and(|first| TEST_FOLDERS.iter().any(|directory| first.as_os_str() == *directory)) {
            return Ok(());
        }
        let lines = self.packages.entry(name).or_default();
        lines.count = lines.count.saturating_add(count);
        lines.covered = lines.covered.saturating_add(covered);
        Ok(())
    }

    /// What the files say about the gate.
    pub(super) fn reading(self) -> Reading {
        let mut all = Lines::default();
        for lines in self.packages.values() {
            all.count = all.count.saturating_add(lines.count);
            all.covered = all.covered.saturating_add(lines.covered);
        }
        let Some(line_percent) = all.percent() else {
            return environment_error("no coverage data: not one line of a package was measured");
        };
        let percents = self.packages.iter().filter_map(|(name, lines)| Some(((*name).to_owned(), lines.percent()?)));
        let services: BTreeMap<String, f64> = percents.collect();
        let mut under = Vec::new();
        let mut unknown = Vec::new();
        if let Some(minimum) = self.gate.minimum.filter(|minimum| line_percent < *minimum) {
            under.push(format!("line coverage {line_percent:.2} % is under the gate of {minimum} %"));
        }
        let below_minimum = !under.is_empty();
        for (name, floor) in &self.gate.floors {
            match services.get(name) {
                Some(percent) if percent < floor => {
                    under.push(format!("{name} {percent:.2} % is under its floor of {floor} %"));
                }
                Some(_) => {}
                None => unknown.push(format!("no coverage data of {name}, which has a floor of {floor} %")),
            }
        }
        let mut reading = if !under.is_empty() {
            let cause = if below_minimum { Cause::BelowMinimum } else { Cause::BelowFloor };
            under.append(&mut unknown);
            Reading::because(Outcome::Failed, under.join("; ")).caused_by(cause)
        } else if !unknown.is_empty() {
            environment_error(unknown.join("; "))
        } else {
            let needed = self.gate.minimum.map_or(String::new(), |minimum| format!(", {minimum} % are needed"));
            let measured = format!("{line_percent:.2} % of lines{needed}");
            Reading { because: Some(measured), ..Reading::passed() }
        };
        reading.coverage = Some(Coverage { line_percent, services });
        reading
    }
}

/// A tool's report, in the tool's own shape.
pub trait Report: fmt::Debug + DeserializeOwned + Send + Sync + 'static {
    /// Adds up its files; an error when they cannot be true.
    fn tally(&self, tally: &mut Tally<'_>) -> Result<(), String>;
}

/// Reads the report of a tool that measures coverage.
#[derive(Debug)]
pub struct Measured<R> {
    /// The file that is read once the process has ended, instead of what it prints.
    file: Option<PathBuf>,
    gate: CoverageGate,
    root: PathBuf,
    document: Document,
    complaints: Complaints,
    shape: PhantomData<R>,
}

impl<R: Report> Measured<R> {
    /// For what it must reach; `file` is the report when the tool does not print it.
    pub fn new(gate: CoverageGate, file: Option<PathBuf>) -> Self {
        let (document, complaints) = (Document::default(), Complaints::default());
        Self { gate, file, root: PathBuf::new(), document, complaints, shape: PhantomData }
    }

    fn read(&self) -> Result<Reading, String> {
        let report: R = self.document.parse()?;
        let mut tally = Tally::new(&self.gate, &self.root);
        report.tally(&mut tally)?;
        Ok(tally.reading())
    }
}

impl<R: Report> Read for Measured<R> {
    fn start(&self, root: &Path, _: &[Binary]) -> Box<dyn Read> {
        Box::new(Self { root: root.to_owned(), ..Self::new(self.gate.clone(), self.file.clone()) })
    }

    fn is_for_people(&self, stream: Stream) -> bool {
        self.file.is_some() || stream == Stream::Stderr
    }

    fn report(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    fn line(&mut self, stream: Stream, line: &[u8]) {
        match stream {
            Stream::Stdout => self.document.line(line),
            Stream::Stderr => self.complaints.see(&text(line)),
        }
    }

    fn finish(self: Box<Self>, exit: Exit, cut: bool) -> Reading {
        if !exit.is_ok() || self.document.is_empty() {
            let why = self.complaints.any().unwrap_or_else(|| format!("it {exit} without a report"));
            return environment_error(format!("no coverage data: {why}"));
        }
        let unreadable = |error| environment_error(format!("the coverage report cannot be read: {error}"));
        guard(self.read().unwrap_or_else(unreadable), cut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(minimum: f64, floors: &[(&str, f64)]) -> CoverageGate {
        let packages = [("top", "/w"), ("a", "/w/services/a"), ("a-b", "/w/services/a-b")];
        CoverageGate {
            minimum: Some(minimum),
            floors: floors.iter().map(|(name, floor)| ((*name).to_owned(), *floor)).collect(),
            packages: packages.iter().map(|(name, directory)| ((*name).to_owned(), PathBuf::from(directory))).collect(),
        }
    }

    fn measure(gate: &CoverageGate, files: &[(&str, u64, u64)]) -> Reading {
        let mut tally = Tally::new(gate, Path::new("/w"));
        for (file, count, covered) in files {
            tally.add(Path::new(file), *count, *covered).expect("true");
        }
        tally.reading()
    }

    #[track_caller]
    fn case(count: u64, covered: u64, minimum: f64, because: &str) {
        let reading = measure(&gate(minimum, &[]), &[("/w/src/lib.rs", count, covered)]);
        assert_eq!(reading.because.as_deref(), Some(because));
        assert_eq!(reading.outcome, if because.contains("under") { Outcome::Failed } else { Outcome::Passed });
    }

    #[test]
    fn the_number_that_is_compared_is_the_one_that_is_shown() {
        case(2, 1, 50.0, "50.00 % of lines, 50 % are needed");
        case(200_000, 99_999, 50.0, "line coverage 49.99 % is under the gate of 50 %");
        case(3, 2, 66.66, "66.66 % of lines, 66.66 % are needed");
        case(3, 2, 66.67, "line coverage 66.66 % is under the gate of 66.67 %");
        case(u64::MAX, u64::MAX, 100.0, "100.00 % of lines, 100 % are needed");
        case(u64::MAX, u64::MAX - 1, 100.0, "line coverage 99.99 % is under the gate of 100 %");
        case(7, 0, 0.0, "0.00 % of lines, 0 % are needed");
    }

    #[test]
    fn without_a_minimum_the_number_is_reported_and_floors_still_count() {
        let none = CoverageGate { minimum: None, ..gate(0.0, &[]) };
        let reading = measure(&none, &[("/w/src/lib.rs", 7, 0)]);
        assert_eq!((reading.outcome, reading.because.as_deref()), (Outcome::Passed, Some("0.00 % of lines")));
        let floor = CoverageGate { minimum: None, ..gate(0.0, &[("a", 30.0)]) };
        let reading = measure(&floor, &[("/w/services/a/src/lib.rs", 10, 2)]);
        assert_eq!(reading.because.as_deref(), Some("a 20.00 % is under its floor of 30 %"));
    }

    #[test]
    fn every_two_decimals_survive_the_way_to_the_gate() {
        for hundredths in 0..=10_000_u32 {
            let written = format!("{}.{:02}", hundredths / 100, hundredths % 100);
            let minimum: f64 = written.parse().expect("a number");
            assert_eq!(Lines { count: 10_000, covered: hundredths.into() }.percent(), Some(minimum));
        }
    }

    #[test]
    fn a_file_belongs_to_the_longest_folder_and_tests_to_none() {
        let files = [
            ("/w/src/lib.rs", 10, 1),
            ("/w/services/a/src/lib.rs", 10, 2),
            ("/w/services/a/src/tests/mod.rs", 10, 4),
            ("services/a-b/src/lib.rs", 10, 5),
            ("/w/services/a/tests/it.rs", 1_000, 0),
            ("/elsewhere/lib.rs", 1_000, 0),
        ];
        let reading = measure(&gate(0.0, &[]), &files);
        let coverage = reading.coverage.expect("there is data");
        assert_eq!(coverage.line_percent.to_string(), "30");
        let services: Vec<(&str, f64)> = coverage.services.iter().map(|(name, p)| (name.as_str(), *p)).collect();
        assert_eq!(services, [("a", 30.0), ("a-b", 50.0), ("top", 10.0)]);
    }

    #[test]
    fn floors_name_their_service_and_no_data_is_no_pass() {
        let floors = gate(0.0, &[("a", 30.0), ("a-b", 20.0)]);
        let reading = measure(&floors, &[("/w/services/a/src/lib.rs", 10, 2), ("/w/services/a-b/src/lib.rs", 10, 2)]);
        assert_eq!(reading.because.as_deref(), Some("a 20.00 % is under its floor of 30 %"));
        let reading = measure(&floors, &[("/w/services/a/src/lib.rs", 10, 9)]);
        assert_eq!(reading.outcome, Outcome::EnvironmentError);
        assert_eq!(reading.because.as_deref(), Some("no coverage data of a-b, which has a floor of 20 %"));
        for files in [&[][..], &[("/w/src/lib.rs", 0, 0)], &[("/elsewhere/lib.rs", 9, 9)]] {
            assert_eq!(measure(&gate(0.0, &[]), files).outcome, Outcome::EnvironmentError);
        }
        let gate = gate(0.0, &[]);
        assert!(Tally::new(&gate, Path::new("/w")).add(Path::new("/w/a.rs"), 1, 2).is_err());
    }
}
