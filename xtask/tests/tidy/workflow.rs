//! `.github/workflows/ci.yml` runs the pipeline that xtask runs, and keeps the rules for workflows.

use crate::sources::{read, root};
use xtask::outcome::Policy;
use xtask::pipeline::{Definition, Runs, SMOKE_TEST, stages};

/// The job that holds no stage: the one check to require.
const FINAL: &str = "ci-passed";

/// A job as the lines of its YAML, without their indentation of four.
struct Job {
    id: String,
    lines: Vec<String>,
}

impl Job {
    /// The value of a key of the job itself.
    fn value(&self, key: &str) -> Option<&str> {
        self.lines.iter().find_map(|line| line.strip_prefix(key)?.strip_prefix(':')).map(str::trim)
    }

    /// The list under a key of the job, written in one line or in several.
    fn list(&self, key: &str) -> Vec<String> {
        match self.value(key) {
            None => Vec::new(),
            Some("") => self.items(&format!("{key}:")),
            Some(value) => value.trim_matches(['[', ']']).split(',').map(|item| item.trim().to_owned()).collect(),
        }
    }

    /// The lines of a list that begin behind the line `head`, which may stand at any depth.
    fn items(&self, head: &str) -> Vec<String> {
        let below = self.lines.iter().skip_while(|line| line.trim() != head).skip(1);
        below.map_while(|line| line.trim().strip_prefix("- ")).map(str::to_owned).collect()
    }

    /// Its matrix, as an expression.
    fn matrix(&self) -> Option<&str> {
        self.lines.iter().find_map(|line| line.trim().strip_prefix("matrix: "))
    }

    /// What its steps say for `key`: `run` or `uses`.
    fn steps(&self, key: &str) -> Vec<&str> {
        let steps = self.lines.iter().map(|line| line.trim().trim_start_matches("- "));
        steps.filter_map(|line| line.strip_prefix(key)?.strip_prefix(": ")).collect()
    }
}

fn workflow() -> (String, Vec<Job>) {
    let text = read(".github/workflows/ci.yml");
    let (head, body) = text.split_once("\njobs:\n").expect("there are jobs");
    let mut jobs: Vec<Job> = Vec::new();
    for line in body.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')) {
        match (line.strip_prefix("    "), line.trim().strip_suffix(':')) {
            (Some(line), _) => jobs.last_mut().expect("a job comes first").lines.push(line.to_owned()),
            (None, Some(id)) => jobs.push(Job { id: id.to_owned(), lines: Vec::new() }),
            (None, None) => panic!("neither a job nor a part of one: {line}"),
        }
    }
    (head.to_owned(), jobs)
}

/// When a job runs: a report whatever has failed, and a look at what was deployed however that has ended.
fn condition(stage: &Definition) -> Option<&'static str> {
    Some(match (stage.runs, stage.policy) {
        (Runs::Always, Policy::Reporting) => "always()",
        (Runs::Always, _) => return None,
        (Runs::OnPush, Policy::Reporting) => "always() && github.event_name == 'push'",
        (Runs::OnPush, _) => "github.event_name == 'push'",
        (Runs::OnPushToMain, _) if stage.id.as_str() == SMOKE_TEST => {
            "${{ !cancelled() && github.event_name == 'push' && github.ref == 'refs/heads/main' && \
             needs.deploy-staging.result != 'skipped' }}"
        }
        (Runs::OnPushToMain, _) => "github.event_name == 'push' && github.ref == 'refs/heads/main'",
    })
}

#[test]
fn every_stage_is_a_job_with_its_needs_its_condition_and_its_limit() {
    let (_, jobs) = workflow();
    let names: Vec<&str> = jobs.iter().map(|job| job.id.as_str()).collect();
    let stages = stages();
    let wanted: Vec<&str> = stages.iter().map(|stage| stage.id.as_str()).chain([FINAL]).collect();
    assert_eq!(names, wanted);
    for (job, stage) in jobs.iter().zip(&stages) {
        let needs: Vec<&str> = stage.needs.iter().map(xtask::ids::StageId::as_str).collect();
        assert_eq!(job.list("needs"), needs, "needs of {}", job.id);
        assert_eq!(job.value("if"), condition(stage), "condition of {}", job.id);
        let limit = job.lines.iter().find_map(|line| line.trim().strip_prefix("max-parallel: "));
        let wanted = stage.max_parallel.filter(|_| job.matrix().is_some()).map(|limit| limit.to_string());
        assert_eq!(limit, wanted.as_deref(), "limit of {}", job.id);
    }
}

#[test]
fn every_job_runs_its_stage_in_steps_of_one_line_that_xtask_replaces() {
    let (_, jobs) = workflow();
    let stages = stages();
    for job in jobs.iter().filter(|job| job.id != FINAL) {
        let stage = stages.iter().find(|stage| stage.id.as_str() == job.id).expect("every job is a stage");
        let runs = job.steps("run");
        assert!(!runs.is_empty(), "{} runs nothing", job.id);
        let wanted = format!("exec cargo xtask {} ", stage.subcommand);
        let found = runs.iter().any(|run| format!("{run} ").starts_with(&wanted));
        assert!(found, "{} does not run `{}`: {runs:?}", job.id, stage.subcommand);
        for run in runs {
            assert!(run.starts_with("exec cargo xtask "), "{}: `{run}`", job.id);
            assert!(!run.contains("${{"), "an expression within a command is code from outside: {run}");
        }
    }
}

#[test]
fn the_final_check_waits_for_every_job_that_can_fail() {
    let (_, jobs) = workflow();
    let last = jobs.last().expect("there are jobs");
    // What blocks a push, and whatever belongs to a pull request: it is green as long as nothing stood in its way.
    let counts = |stage: &&Definition| match stage.runs {
        Runs::Always => stage.policy != Policy::Reporting,
        Runs::OnPush | Runs::OnPushToMain => stage.policy == Policy::Blocking,
    };
    let wanted: Vec<String> = stages().iter().filter(counts).map(|stage| stage.id.to_string()).collect();
    assert_eq!((last.list("needs"), last.value("if")), (wanted, Some("always()")));
}

#[test]
fn a_matrix_is_what_xtask_says_in_a_job_before() {
    let (_, jobs) = workflow();
    let mut with_a_matrix = Vec::new();
    for (job, stage) in jobs.iter().zip(stages()) {
        let Some(matrix) = job.matrix() else { continue };
        with_a_matrix.push(job.id.as_str());
        let output = matrix.strip_prefix("${{ fromJSON(needs.").and_then(|rest| rest.strip_suffix(") }}"));
        let (before, name) = output.and_then(|output| output.split_once(".outputs.")).expect(matrix);
        assert!(job.list("needs").iter().any(|need| need == before), "{} does not need {before}", job.id);
        let before = jobs.iter().find(|job| job.id == before).expect("its needs exist");
        let outputs = format!("  {name}: ${{{{ steps.matrix.outputs.{name} }}}}");
        assert!(before.lines.contains(&outputs), "{} has no output `{name}`", before.id);
        let step = format!("  - run: exec cargo xtask matrix {} --github-output {name}", stage.subcommand);
        let at = before.lines.iter().position(|line| *line == step).unwrap_or_else(|| panic!("no step `{step}`"));
        assert_eq!(before.lines[at + 1], "    id: matrix");
    }
    assert_eq!(with_a_matrix, ["test-services"]);
}

#[test]
fn no_service_is_named() {
    let text = read(".github/workflows/ci.yml");
    let folders = std::fs::read_dir(root().join("services")).expect("there are services");
    let names = folders.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let named: Vec<String> = names.filter(|name| text.contains(name)).collect();
    assert!(named.is_empty(), "the workflow would have to change with them: {named:?}");
}

#[test]
fn actions_are_pinned_and_keep_no_credentials() {
    let (_, jobs) = workflow();
    for job in &jobs {
        for uses in job.steps("uses") {
            let (_, pin) = uses.split_once('@').unwrap_or_else(|| panic!("no version: {uses}"));
            let (commit, version) = pin.split_once(" # v").unwrap_or_else(|| panic!("no `# v…` behind it: {uses}"));
            let hexadecimal = commit.len() == 40 && commit.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            assert!(hexadecimal, "not pinned to a commit: {uses}");
            assert!(version.starts_with(|c: char| c.is_ascii_digit()), "no version: {uses}");
        }
        let count = |text: &str| job.lines.iter().filter(|line| line.contains(text)).count();
        assert_eq!(count("actions/checkout@"), count("persist-credentials: false"), "{}", job.id);
    }
}

#[test]
fn rights_are_given_job_by_job_and_every_job_has_an_end() {
    let (head, jobs) = workflow();
    assert!(head.lines().any(|line| line == "permissions: {}"), "no rights by default");
    assert!(!head.contains("pull_request_target"), "it would give strangers' code our rights");
    for job in &jobs {
        assert!(job.value("permissions").is_some(), "{} does not say its rights", job.id);
        let minutes = job.value("timeout-minutes").and_then(|minutes| minutes.parse::<u32>().ok());
        assert!(minutes.is_some_and(|minutes| (1..=60).contains(&minutes)), "{} has no time limit", job.id);
        assert_eq!(job.value("runs-on"), Some("ubuntu-24.04"), "{}", job.id);
    }
}

#[test]
fn what_pushes_or_deploys_restores_no_cache_and_is_never_cancelled() {
    let (_, jobs) = workflow();
    let about_an_environment: Vec<&Job> =
        jobs.iter().filter(|job| job.value("environment") == Some("staging")).collect();
    assert_eq!(
        about_an_environment.iter().map(|job| job.id.as_str()).collect::<Vec<_>>(),
        ["deploy-staging", "smoke-test"]
    );
    for job in &about_an_environment {
        assert!(job.lines.contains(&"  group: staging".to_owned()), "{}: one at a time", job.id);
        assert!(job.lines.contains(&"  cancel-in-progress: false".to_owned()), "{}", job.id);
    }
    let push = jobs.iter().find(|job| job.id == "build-and-push").expect("there is one");
    for job in about_an_environment.into_iter().chain([push]) {
        let caches = |uses: &&str| uses.contains("cache@");
        assert_eq!(job.steps("uses").into_iter().find(caches), None, "{}", job.id);
        assert!(job.lines.iter().any(|line| line.contains("role-to-assume: ")), "{}: no keys that stay", job.id);
    }
}
