//! Jobs of `.github/workflows/ci.yml` as a runner starts them: the very `run:` lines, with the variables and files of a
//! runner.

use crate::support::sandbox::{Output, Sandbox};
use crate::support::yaml;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// A job of the workflow.
pub fn job(id: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.github/workflows/ci.yml");
    let (_, jobs) = yaml::workflow(&fs::read_to_string(path).expect("the workflow"));
    jobs.into_iter().find(|(known, _)| known == id).expect("a job of that name").1
}

/// The steps of a job that run something.
pub fn steps(job: &Value) -> Vec<&Value> {
    let steps = job["steps"].as_array().expect("a job has steps");
    steps.iter().filter(|step| step["run"].is_string()).collect()
}

/// Makes xtask believe that it runs in a job of GitHub Actions.
pub fn on_a_runner(sandbox: &mut Sandbox) {
    let (step, root) = (sandbox.beside("step.md"), sandbox.root());
    sandbox.var("CI", "true").var("GITHUB_ACTIONS", "true").var("NO_COLOR", "1");
    sandbox.var("GITHUB_STEP_SUMMARY", step).var("GITHUB_WORKSPACE", root);
}

/// Runs the `n`th step of a job that starts xtask, in a shell; its output, and what it has written to its summary.
pub fn run_step(sandbox: &Sandbox, id: &str, n: usize) -> (Output, String) {
    let job = job(id);
    let mut lines = steps(&job).into_iter().filter_map(|step| step["run"].as_str());
    let line = lines.by_ref().filter(|line| line.contains("cargo xtask ")).nth(n).expect("a step that runs xtask");
    let output = sandbox.paste(&line.replace("cargo xtask", env!("CARGO_BIN_EXE_xtask")));
    (output, step_summary(sandbox))
}

/// What the last step has written to its summary; each step has a file of its own.
pub fn step_summary(sandbox: &Sandbox) -> String {
    let path = sandbox.beside("step.md");
    let text = fs::read_to_string(&path).unwrap_or_default();
    let _ = fs::remove_file(path);
    sandbox.redact(&text)
}

/// The annotations in what a step has printed.
pub fn annotations(output: &Output) -> Vec<&str> {
    let is_one = |line: &&str| ["::error ", "::warning ", "::notice "].iter().any(|word| line.starts_with(word));
    output.stderr.lines().filter(is_one).collect()
}
