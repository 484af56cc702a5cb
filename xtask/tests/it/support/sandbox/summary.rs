//! `summary.json` of the latest run, as a program would read it.

use super::Sandbox;
use serde_json::Value;

/// What the latest run has left for programs.
pub struct Summary(pub Value);

impl Sandbox {
    /// The summary of the latest run.
    #[track_caller]
    pub fn summary(&self) -> Summary {
        let text = self.redact(&self.read("target/xtask/runs/latest/summary.json"));
        Summary(serde_json::from_str(&text).expect("it is JSON"))
    }
}

impl Summary {
    /// Every stage but those that the command line left out, in a line: `id outcome`, and why when it did not simply
    /// pass.
    pub fn stages(&self) -> Vec<String> {
        list(&self.0["stages"]).filter(|stage| stage["because"] != "left out by --skip").map(line).collect()
    }

    /// Every task of a stage in a line, by name: `id outcome`, and why when it did not simply pass.
    pub fn tasks(&self, stage: &str) -> Vec<String> {
        let stages = list(&self.0["stages"]).filter(|known| known["id"] == stage);
        let mut lines: Vec<String> = stages.flat_map(|stage| list(&stage["tasks"])).map(line).collect();
        lines.sort_unstable();
        lines
    }

    /// A task by its id.
    #[track_caller]
    pub fn task(&self, id: &str) -> &Value {
        let found = list(&self.0["stages"]).flat_map(|stage| list(&stage["tasks"])).find(|task| task["id"] == id);
        found.unwrap_or_else(|| panic!("there is no task {id} in {:#}", self.0))
    }

    /// The findings of a task, each as `severity code file:line`.
    #[track_caller]
    pub fn findings(&self, task: &str) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let found = list(&self.task(task)["findings"]).map(|found| {
            let line = found["line"].as_u64().map_or("-".to_owned(), |line| line.to_string());
            format!("{} {} {}:{line}", text(&found["severity"]), text(&found["code"]), text(&found["file"]))
        });
        found.collect()
    }

    /// The only failed test of a task.
    #[track_caller]
    pub fn failed_test(&self, task: &str) -> FailedTest {
        let failed: Vec<&Value> = list(&self.task(task)["failed_tests"]).collect();
        assert_eq!(failed.len(), 1, "{failed:#?}");
        let text = |key: &str| failed[0][key].as_str().expect("a text").to_owned();
        FailedTest { name: text("name"), output: text("output"), repeat: text("repeat") }
    }
}

/// A test that failed, as the summary has it.
pub struct FailedTest {
    /// Its name.
    pub name: String,
    /// What it printed.
    pub output: String,
    /// The command that runs it again.
    pub repeat: String,
}

/// The counts of the tests of a run or of a task: passed, failed, ignored.
#[track_caller]
pub fn counts(of: &Value) -> [u64; 3] {
    ["passed", "failed", "ignored"].map(|key| of["tests"][key].as_u64().expect("a number"))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn line(value: &Value) -> String {
    let text = |key: &str| value[key].as_str();
    let (id, outcome) = (text("id").expect("an id"), text("outcome").expect("an outcome"));
    match text("because") {
        Some(because) => format!("{id} {outcome}: {because}"),
        None => format!("{id} {outcome}"),
    }
}
