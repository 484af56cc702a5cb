//! `.github/workflows/ci.yml` runs the pipeline that xtask runs.

use crate::sources::{read, root};
use crate::yaml;
use serde_json::Value;
use std::collections::BTreeSet;
use xtask_app::stages::Pipeline;
use xtask_core::outcome::Policy;
use xtask_core::pipeline::{Definition, FORMAT_AND_LINT, NOTIFY, QUALITY_REPORT, Runs};

/// The job that runs xtask's own tests.
const OWN_TESTS: &str = "xtask-tests";
/// The one check to require.
pub const FINAL: &str = "ci-passed";

/// The text before the jobs, and the jobs in their order.
pub fn workflow() -> (String, Vec<(String, Value)>) {
    yaml::workflow(&read(".github/workflows/ci.yml"))
}

/// The jobs in their order.
pub fn jobs() -> Vec<(String, Value)> {
    workflow().1
}

/// The jobs that a job waits for.
pub fn needs(job: &Value) -> Vec<&str> {
    match &job["needs"] {
        Value::String(need) => vec![need],
        needs => needs.as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
    }
}

/// The steps of a job.
pub fn steps(job: &Value) -> impl Iterator<Item = &Value> {
    job["steps"].as_array().expect("a job has steps").iter()
}

/// Every command of a job.
pub fn commands(job: &Value) -> Vec<&str> {
    steps(job).filter_map(|step| step["run"].as_str()).collect()
}

#[test]
fn every_stage_is_a_job_with_its_needs_and_its_limit() {
    let jobs = jobs();
    let names: Vec<&str> = jobs.iter().map(|(id, _)| id.as_str()).collect();
    let stages = Pipeline::default().definitions();
    let of_stages = names.iter().copied().filter(|id| ![OWN_TESTS, FINAL].contains(id));
    assert!(of_stages.eq(stages.iter().map(|stage| stage.id.as_str())), "{names:?}");
    for stage in &stages {
        let (_, job) = jobs.iter().find(|(id, _)| *id == stage.id.as_str()).expect("it is a job");
        let wanted: Vec<&str> = stage.needs.iter().map(xtask_core::ids::StageId::as_str).collect();
        if stage.policy == Policy::Reporting {
            assert!(wanted.iter().all(|need| needs(job).contains(need)), "needs of {}: {wanted:?}", stage.id);
        } else {
            assert_eq!(needs(job), wanted, "needs of {}", stage.id);
        }
        let limit = &job["strategy"]["max-parallel"];
        let wanted = stage.max_parallel.filter(|_| job["strategy"].is_object()).map(|limit| limit.to_string());
        assert_eq!(limit.as_str(), wanted.as_deref(), "limit of {}", stage.id);
    }
}

#[test]
fn a_report_gets_the_result_of_every_job_before_it() {
    let jobs = jobs();
    for report in [QUALITY_REPORT, NOTIFY] {
        let at = jobs.iter().position(|(id, _)| id == report).expect("it is a job");
        let before: Vec<&str> = jobs[..at].iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(needs(&jobs[at].1), before, "needs of {report}");
        let step = steps(&jobs[at].1).find(|step| step["run"].as_str().is_some_and(|run| run.ends_with(" --all")));
        let step = step.unwrap_or_else(|| panic!("{report} is about one run"));
        assert_eq!(step["env"]["XTASK_NEEDS"], "${{ toJSON(needs) }}", "{report}");
    }
}

#[test]
fn every_job_runs_its_stage_in_steps_of_one_line_that_xtask_replaces() {
    let jobs = jobs();
    for stage in Pipeline::default().definitions() {
        let (id, job) = jobs.iter().find(|(id, _)| *id == stage.id.as_str()).expect("it is a job");
        // One run for the two halves of the first stage: neither hides what the other would have found.
        let both = || format!("ci --only {FORMAT_AND_LINT}");
        let command = if id == FORMAT_AND_LINT { both() } else { stage.subcommand };
        let wanted = format!("exec cargo xtask {command} ");
        let runs = commands(job);
        assert!(runs.iter().any(|run| format!("{run} ").starts_with(&wanted)), "no `{wanted}` in {id}: {runs:?}");
    }
    for (id, job) in jobs.iter().filter(|(id, _)| id != FINAL) {
        for run in commands(job) {
            // A job without a step for xtask has nothing to say; a sentence about a run is no work.
            let says = run.starts_with("echo \"::notice title=") || run.starts_with("echo \"::warning title=");
            assert!(says || run.starts_with("exec cargo xtask "), "{id}: `{run}`");
        }
    }
}

#[test]
fn the_final_check_judges_every_job_that_counts() {
    let jobs = jobs();
    let (_, last) = jobs.last().expect("there are jobs");
    // Whatever belongs to a pull request, and what blocks a push.
    let counts = |stage: &Definition| match stage.runs {
        Runs::Always => stage.policy != Policy::Reporting,
        Runs::OnPush | Runs::OnPushToMain => stage.policy == Policy::Blocking,
    };
    let word = |stage: &Definition| match (stage.policy, stage.runs) {
        (Policy::Blocking, Runs::Always) => "always",
        (Policy::Blocking, _) => "on-push",
        _ => "never",
    };
    let of_stages =
        Pipeline::default().definitions().into_iter().filter(counts).map(|stage| (stage.id.to_string(), word(&stage)));
    let wanted: Vec<(String, &str)> = of_stages.chain([(OWN_TESTS.to_owned(), "always")]).collect();
    assert!(needs(last).iter().eq(wanted.iter().map(|(id, _)| id)), "{:?}", needs(last));
    let judged = steps(last).find_map(|step| step["env"]["RESULTS"].as_str()).expect("the results");
    let lines = wanted.iter().map(|(id, word)| format!("{id} {word} ${{{{ needs.{id}.result }}}}"));
    assert_eq!(judged.lines().collect::<Vec<_>>(), lines.collect::<Vec<_>>());
    // Skipped, it would count as passed: it runs in a cancelled run, too.
    assert_eq!(last["if"], "always()");
}

#[test]
fn a_matrix_is_what_xtask_says_in_a_job_before() {
    let jobs = jobs();
    let mut with_a_matrix = Vec::new();
    for stage in Pipeline::default().definitions() {
        let (id, job) = jobs.iter().find(|(id, _)| *id == stage.id.as_str()).expect("it is a job");
        let Some(matrix) = job["strategy"]["matrix"].as_str() else { continue };
        with_a_matrix.push(id.as_str());
        let output = matrix.strip_prefix("${{ fromJSON(needs.").and_then(|rest| rest.strip_suffix(") }}"));
        let (before, name) = output.and_then(|output| output.split_once(".outputs.")).expect(matrix);
        assert!(needs(job).contains(&before), "{id} does not need {before}");
        let (_, before) = jobs.iter().find(|(id, _)| id == before).expect("its needs exist");
        assert_eq!(before["outputs"][name], format!("${{{{ steps.matrix.outputs.{name} }}}}"));
        let run = format!("exec cargo xtask matrix {} --github-output {name}", stage.subcommand);
        let step = steps(before).find(|step| step["run"] == *run).unwrap_or_else(|| panic!("no step `{run}`"));
        assert_eq!(step["id"], "matrix");
    }
    assert_eq!(with_a_matrix, ["test-services"]);
}

#[test]
fn no_service_is_named() {
    let text = read(".github/workflows/ci.yml");
    let services = std::fs::read_dir(root().join("services")).expect("there are services");
    let names = services.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let named: BTreeSet<String> = names.filter(|name| text.contains(name)).collect();
    assert!(named.is_empty(), "the workflow would have to change with them: {named:?}");
}
