//! Workflow commands of GitHub Actions: groups, and annotations of files and lines. Knows nothing about when they are
//! printed; the runner takes them from stdout and stderr alike.

use super::display::{clean, clean_lines};
use super::places::Places;
use super::summary::{StageSummary, TaskSummary};
use super::{next, words};
use std::cell::Cell;
use xtask_core::outcome::{Outcome, Policy};
use xtask_core::reading::{FailedTest, Finding, Severity};

/// Annotations of one kind that GitHub keeps of one step.
const LIMIT: usize = 10;

/// Makes annotations until GitHub would drop them.
#[derive(Debug, Default)]
pub struct Annotations {
    places: Places,
    /// How many it has made: GitHub counts them per step, so this is about what was written and not about the run.
    errors: Cell<usize>,
    warnings: Cell<usize>,
    notices: Cell<usize>,
}

/// The line that opens a group of this title.
pub fn group(title: &str) -> String {
    format!("::group::{}", data(&clean(title)))
}

/// The line that closes a group.
pub const END_GROUP: &str = "::endgroup::";

impl Annotations {
    /// Annotations of a workspace with these places.
    pub fn new(places: Places) -> Self {
        Self { places, ..Self::default() }
    }

    /// The commands that annotate the findings of a task: its failed tests and its findings, or else itself, unless it
    /// could not run: see [`Self::of_stage`]. Whatever a policy does not block is no error.
    pub fn of(&self, task: &TaskSummary, policy: Policy) -> Vec<String> {
        let top = top(policy);
        let mut commands: Vec<String> = Vec::new();
        for test in &task.failed_tests {
            commands.extend(self.take(top).map(|word| failed_test(word, test, task, &self.places)));
        }
        let open: Vec<&Finding> = task.findings.iter().filter(|finding| finding.waived.is_none()).collect();
        for finding in &open {
            commands.extend(self.take(finding.severity.min(top)).map(|word| found(word, finding, &self.places)));
        }
        let failed = super::failure::is_one(task.outcome) && task.outcome != Outcome::EnvironmentError;
        if task.failed_tests.is_empty() && open.is_empty() && failed {
            let message = format!("{} {}", task.id, words::task(task));
            commands.extend(self.take(top).map(|word| command(word, &At::default().with(task.id.as_str()), &message)));
        }
        commands
    }

    /// The command that annotates the tasks of a stage that could not run, if any: once for all tasks, which often lack
    /// the same thing. A task that lacks the output of another one is not counted.
    pub fn of_stage(&self, stage: &StageSummary) -> Option<String> {
        let could_not = |task: &&TaskSummary| task.outcome == Outcome::EnvironmentError && !next::is_consequence(task);
        let tasks: Vec<&TaskSummary> = stage.tasks.iter().filter(could_not).collect();
        let first = tasks.first()?;
        let words = match stage.outcome {
            Outcome::EnvironmentError => words::stage(stage),
            _ if tasks.len() == 1 => format!("{}: {}", first.name(), words::task(first)),
            _ => format!("{}: {}; and {} more", first.name(), words::task(first), tasks.len() - 1),
        };
        let message = format!("{} {words}", stage.id);
        let word = self.take(top(stage.policy))?;
        Some(command(word, &At::default().with(stage.id.as_str()), &message))
    }

    fn take(&self, severity: Severity) -> Option<&'static str> {
        let (taken, word) = match severity {
            Severity::Error => (&self.errors, "error"),
            Severity::Warning => (&self.warnings, "warning"),
            Severity::Note => (&self.notices, "notice"),
        };
        taken.set(taken.get() + 1);
        (taken.get() <= LIMIT).then_some(word)
    }
}

/// The highest severity that a problem in a stage of this policy can have.
fn top(policy: Policy) -> Severity {
    if policy == Policy::Blocking { Severity::Error } else { Severity::Warning }
}

fn failed_test(word: &str, test: &FailedTest, task: &TaskSummary, places: &Places) -> String {
    let title = format!("{} failed", clean(&test.name));
    let message: Vec<String> = clean_lines(&test.output).take(20).collect();
    let message = if test.output.trim().is_empty() { format!("see {}", task.id) } else { message.join("\n") };
    let at = panicked_at(&test.output).map(|(file, line, column)| At {
        file: places.file(file),
        line: Some(line),
        column: Some(column),
        ..At::default()
    });
    command(word, &at.unwrap_or_default().with(&title), &message)
}

fn found(word: &str, finding: &Finding, places: &Places) -> String {
    let title = clean(finding.code.as_deref().unwrap_or(&finding.tool));
    let about = finding.package.as_ref().map(|package| format!("{}: ", clean(package))).unwrap_or_default();
    let at = At {
        file: finding.file.as_deref().and_then(|file| places.file(&clean(file))),
        line: finding.line,
        column: finding.column,
        end_line: finding.end_line,
        end_column: finding.end_column,
    };
    let locked = || places.locked(finding.package.as_deref().filter(|_| finding.file.is_none())?);
    let at = locked().map_or(at, |line| At { file: places.file("Cargo.lock"), line: Some(line), ..At::default() });
    command(word, &at.with(&title), &format!("{about}{}", clean(&finding.message)))
}

/// The command that annotates an error of xtask itself.
pub fn error(title: &str, at: &At, message: &str) -> String {
    let message: Vec<String> = clean_lines(message).collect();
    command("error", &at.clone().with(&clean(title)), &message.join("\n"))
}

/// The target of an annotation; lines and columns are counted from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct At {
    /// The file, from the root of the repository.
    pub file: Option<String>,
    /// The first line.
    pub line: Option<u32>,
    /// The first column.
    pub column: Option<u32>,
    /// The last line.
    pub end_line: Option<u32>,
    /// The column behind the last one.
    pub end_column: Option<u32>,
}

impl At {
    /// The properties of an annotation with this title. GitHub takes columns only where it is about one line.
    fn with(self, title: &str) -> Vec<(&'static str, String)> {
        let mut properties = Vec::new();
        if let Some(file) = self.file {
            let is_one_line = self.end_line.is_none() || self.end_line == self.line;
            let [column, end_column] = [self.column, self.end_column].map(|column| column.filter(|_| is_one_line));
            let numbers = [("line", self.line), ("endLine", self.end_line), ("col", column), ("endColumn", end_column)];
            properties.push(("file", file));
            properties.extend(numbers.into_iter().filter_map(|(key, number)| Some((key, number?.to_string()))));
        }
        properties.push(("title", title.to_owned()));
        properties
    }
}

/// Where a test panicked: `thread 'x' panicked at src/lib.rs:12:9:` contains the file, the line and the column.
fn panicked_at(output: &str) -> Option<(&str, u32, u32)> {
    let place = output.lines().find_map(|line| Some(line.split_once(" panicked at ")?.1))?;
    let mut parts = place.trim_end().strip_suffix(':')?.rsplitn(3, ':');
    let (column, line, file) = (parts.next()?, parts.next()?, parts.next()?);
    // A panic of the standard library or of a dependency is in no file of the checkout.
    if file.starts_with('/') { None } else { Some((file, line.parse().ok()?, column.parse().ok()?)) }
}

fn command(word: &str, properties: &[(&str, String)], message: &str) -> String {
    let properties: Vec<String> = properties.iter().map(|(key, value)| format!("{key}={}", property(value))).collect();
    format!("::{word} {}::{}", properties.join(","), data(message))
}

/// As the runner's own toolkit escapes a message.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// As the runner's own toolkit escapes a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use xtask_core::reading::Reading;

    fn task(reading: Reading) -> TaskSummary {
        let mut run = sample::Run::new(&[]);
        let events =
            run.start("test-services", "auth-service").finish("test-services", "auth-service", reading).so_far();
        TaskSummary::of(&events.last().expect("the task has ended").kind).expect("the last event ends a task").1
    }

    #[test]
    fn a_failed_test_is_annotated_where_it_panicked() {
        let task = task(Reading { failed_tests: vec![sample::failed_test("a::b")], ..sample::tests(0, 1) });
        assert_eq!(
            Annotations::default().of(&task, Policy::Blocking),
            [
                "::error file=services/auth-service/src/session.rs,line=12,col=9,title=a%3A%3Ab failed::thread 'a::b' panicked \
              at services/auth-service/src/session.rs:12:9:%0Aassertion failed: x == 1"
            ]
        );
    }

    #[test]
    fn what_does_not_block_is_a_warning() {
        let task =
            task(Reading { findings: vec![sample::finding(Severity::Error, "50% of a, b: c")], ..Reading::passed() });
        assert_eq!(
            Annotations::default().of(&task, Policy::Warning),
            [
                "::warning file=services/auth-service/src/lib.rs,line=3,title=clippy%3A%3Aneedless_return::50%25 of a, b: c"
            ]
        );
    }

    #[test]
    fn a_failure_without_details_is_annotated_itself() {
        let task = task(Reading::because(xtask_core::outcome::Outcome::TimedOut, "timed out after 600s"));
        assert_eq!(
            Annotations::default().of(&task, Policy::Blocking),
            ["::error title=test-services/auth-service::test-services/auth-service timed out after 600s"]
        );
    }

    #[test]
    fn no_more_than_github_keeps_and_no_waived_ones() {
        let mut findings = vec![sample::finding(Severity::Error, "x"); 30];
        findings[0].waived = Some("known".to_owned());
        let annotations = Annotations::default();
        let task = task(Reading { findings, ..Reading::passed() });
        assert_eq!(annotations.of(&task, Policy::Blocking).len(), LIMIT);
        assert_eq!(annotations.of(&task, Policy::Blocking).len(), 0);
        assert_eq!(annotations.of(&task, Policy::Info).len(), LIMIT, "warnings are counted apart");
    }

    #[test]
    fn only_places_in_the_checkout_are_places() {
        let case = |output: &str, expected| assert_eq!(panicked_at(output), expected, "{output}");
        case("thread 'x' panicked at src/lib.rs:12:9:\nboom", Some(("src/lib.rs", 12, 9)));
        case("thread 'x' (4711) panicked at a b/lib.rs:1:2:", Some(("a b/lib.rs", 1, 2)));
        case("thread 'x' panicked at /rustc/abc/library/core/src/option.rs:1:2:", None);
        case("thread 'x' panicked at nonsense", None);
        case("", None);
    }

    #[test]
    fn a_finding_has_the_columns_of_one_line_or_the_last_of_several() {
        let at = |end_line, end_column| {
            let place = Finding {
                column: Some(5),
                end_line: Some(end_line),
                end_column: Some(end_column),
                ..sample::finding(Severity::Error, "x")
            };
            let task = task(Reading { findings: vec![place], ..Reading::passed() });
            Annotations::default().of(&task, Policy::Blocking).concat()
        };
        let start = "::error file=services/auth-service/src/lib.rs,line=3,endLine=";
        assert!(at(3, 9).starts_with(&format!("{start}3,col=5,endColumn=9,title=")), "{}", at(3, 9));
        assert!(at(4, 2).starts_with(&format!("{start}4,title=")), "{}", at(4, 2));
    }

    #[test]
    fn an_advisory_points_at_the_package_in_the_lock_file() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        std::fs::write(dir.path().join("Cargo.lock"), "[[package]]\nname = \"rsa\"\nversion = \"0.9.6\"\n")
            .expect("written");
        let package = Some("rsa 0.9.6".to_owned());
        let advisory = Finding { file: None, package, ..sample::finding(Severity::Error, "Marvin Attack") };
        let task = task(Reading { findings: vec![advisory], ..Reading::passed() });
        let annotations = Annotations::new(Places::of(dir.path(), None)).of(&task, Policy::Warning);
        let title = "title=clippy%3A%3Aneedless_return";
        assert_eq!(annotations, [format!("::warning file=Cargo.lock,line=2,{title}::rsa 0.9.6: Marvin Attack")]);
    }
}
