//! Workflow commands of GitHub Actions: groups, and annotations of files and lines. Knows nothing about when they are
//! printed; the runner takes them from stdout and stderr alike.

use super::display::{clean, clean_lines};
use super::summary::{StageSummary, TaskSummary};
use super::{next, words};
use crate::outcome::{Outcome, Policy};
use crate::reading::{FailedTest, Finding, Severity};

/// Annotations of one kind that GitHub keeps of one step.
const LIMIT: usize = 10;

/// Makes annotations until GitHub would drop them.
#[derive(Debug, Default)]
pub struct Annotations {
    errors: usize,
    warnings: usize,
    notices: usize,
}

/// The line that opens a group of this title.
pub fn group(title: &str) -> String {
    format!("::group::{}", data(&clean(title)))
}

/// The line that closes a group.
pub const END_GROUP: &str = "::endgroup::";

impl Annotations {
    /// The commands that annotate what a task has found: its failed tests and its findings, or else itself, unless it
    /// could not run: see [`Self::of_stage`]. What a policy does not block is no error.
    pub fn of(&mut self, task: &TaskSummary, policy: Policy) -> Vec<String> {
        let top = top(policy);
        let mut commands: Vec<String> = Vec::new();
        for test in &task.failed_tests {
            commands.extend(self.take(top).map(|word| failed_test(word, test, task)));
        }
        let open: Vec<&Finding> = task.findings.iter().filter(|finding| finding.waived.is_none()).collect();
        for finding in &open {
            commands.extend(self.take(finding.severity.min(top)).map(|word| found(word, finding)));
        }
        let failed = super::failure::is_one(task.outcome) && task.outcome != Outcome::EnvironmentError;
        if task.failed_tests.is_empty() && open.is_empty() && failed {
            let message = format!("{} {}", task.id, words::task(task));
            commands.extend(self.take(top).map(|word| command(word, &[("title", task.id.as_str())], &message)));
        }
        commands
    }

    /// The command that annotates what of a stage could not run, if anything: once for all tasks, which often lack the
    /// same thing. A task that lacks what another one would have made is not counted.
    pub fn of_stage(&mut self, stage: &StageSummary) -> Option<String> {
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
        Some(command(word, &[("title", stage.id.as_str())], &message))
    }

    fn take(&mut self, severity: Severity) -> Option<&'static str> {
        let (taken, word) = match severity {
            Severity::Error => (&mut self.errors, "error"),
            Severity::Warning => (&mut self.warnings, "warning"),
            Severity::Note => (&mut self.notices, "notice"),
        };
        *taken += 1;
        (*taken <= LIMIT).then_some(word)
    }
}

/// The most severe that what goes wrong in a stage of this policy can be.
fn top(policy: Policy) -> Severity {
    if policy == Policy::Blocking { Severity::Error } else { Severity::Warning }
}

fn failed_test(word: &str, test: &FailedTest, task: &TaskSummary) -> String {
    let title = format!("{} failed", clean(&test.name));
    let message: Vec<String> = clean_lines(&test.output).take(20).collect();
    let message = if test.output.trim().is_empty() { format!("see {}", task.id) } else { message.join("\n") };
    match panicked_at(&test.output) {
        Some((file, line)) => command(word, &[("file", file), ("line", line), ("title", &title)], &message),
        None => command(word, &[("title", &title)], &message),
    }
}

fn found(word: &str, finding: &Finding) -> String {
    let file = finding.file.as_deref().map(clean);
    let line = finding.line.map(|line| line.to_string());
    let title = clean(finding.code.as_deref().unwrap_or(&finding.tool));
    let mut properties = Vec::new();
    properties.extend(file.as_deref().map(|file| ("file", file)));
    properties.extend(line.as_deref().map(|line| ("line", line)));
    properties.push(("title", &title));
    let about = finding.package.as_ref().map(|package| format!("{}: ", clean(package))).unwrap_or_default();
    command(word, &properties, &format!("{about}{}", clean(&finding.message)))
}

/// Where a test panicked: `thread 'x' panicked at src/lib.rs:12:9:` gives the file and the line.
fn panicked_at(output: &str) -> Option<(&str, &str)> {
    let place = output.lines().find_map(|line| Some(line.split_once(" panicked at ")?.1))?;
    let mut parts = place.trim_end().strip_suffix(':')?.rsplitn(3, ':');
    let (column, line, file) = (parts.next()?, parts.next()?, parts.next()?);
    let numbers = column.parse::<u32>().is_ok() && line.parse::<u32>().is_ok();
    // A panic of the standard library or of a dependency is in no file of the checkout.
    (numbers && !file.starts_with('/')).then_some((file, line))
}

fn command(word: &str, properties: &[(&str, &str)], message: &str) -> String {
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
    use crate::reading::Reading;

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
                "::error file=services/auth-service/src/session.rs,line=12,title=a%3A%3Ab failed::thread 'a::b' panicked \
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
        let task = task(Reading::because(crate::outcome::Outcome::TimedOut, "timed out after 600s"));
        assert_eq!(
            Annotations::default().of(&task, Policy::Blocking),
            ["::error title=test-services/auth-service::test-services/auth-service timed out after 600s"]
        );
    }

    #[test]
    fn no_more_than_github_keeps_and_no_waived_ones() {
        let mut findings = vec![sample::finding(Severity::Error, "x"); 30];
        findings[0].waived = Some("known".to_owned());
        let mut annotations = Annotations::default();
        let task = task(Reading { findings, ..Reading::passed() });
        assert_eq!(annotations.of(&task, Policy::Blocking).len(), LIMIT);
        assert_eq!(annotations.of(&task, Policy::Blocking).len(), 0);
        assert_eq!(annotations.of(&task, Policy::Info).len(), LIMIT, "warnings are counted apart");
    }

    #[test]
    fn only_places_in_the_checkout_are_places() {
        let case = |output: &str, expected| assert_eq!(panicked_at(output), expected, "{output}");
        case("thread 'x' panicked at src/lib.rs:12:9:\nboom", Some(("src/lib.rs", "12")));
        case("thread 'x' (4711) panicked at a b/lib.rs:1:2:", Some(("a b/lib.rs", "1")));
        case("thread 'x' panicked at /rustc/abc/library/core/src/option.rs:1:2:", None);
        case("thread 'x' panicked at nonsense", None);
        case("", None);
    }
}
