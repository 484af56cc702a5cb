//! The rules that every job of `.github/workflows/ci.yml` keeps: pins, rights, credentials, tools and records.

use crate::sources::read;
use crate::workflow::{FINAL, commands, jobs, steps, workflow};
use serde_json::Value;
use xtask_core::catalogue::Tool;

/// The jobs that push or deploy.
const PRIVILEGED: [&str; 3] = ["build-and-push", "deploy-staging", "smoke-test"];

fn uses(step: &Value, action: &str) -> bool {
    step["uses"].as_str().is_some_and(|uses| uses.starts_with(&format!("{action}@")))
}

/// Where in a job the first step is for which `is` holds.
fn position(job: &Value, is: impl Fn(&Value) -> bool) -> Option<usize> {
    steps(job).position(is)
}

#[test]
fn actions_are_pinned_and_keep_no_credentials() {
    let text = read(".github/workflows/ci.yml");
    for uses in text.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("uses: ")) {
        let (_, pin) = uses.split_once('@').unwrap_or_else(|| panic!("no version: {uses}"));
        let (commit, version) = pin.split_once(" # v").unwrap_or_else(|| panic!("no `# v…` behind it: {uses}"));
        let hexadecimal = commit.len() == 40 && commit.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        assert!(hexadecimal, "not pinned to a commit: {uses}");
        assert!(version.starts_with(|c: char| c.is_ascii_digit()), "no version: {uses}");
    }
    for (id, job) in jobs() {
        for step in steps(&job).filter(|step| uses(step, "actions/checkout")) {
            assert_eq!(step["with"]["persist-credentials"], "false", "{id}");
        }
    }
}

#[test]
fn no_command_holds_an_expression() {
    for (id, job) in jobs() {
        for run in commands(&job) {
            assert!(!run.contains("${{"), "an expression within a command is code from outside: {id}: {run}");
        }
    }
}

#[test]
fn rights_are_given_job_by_job_and_every_job_has_an_end() {
    let (head, jobs) = workflow();
    assert!(head.lines().any(|line| line == "permissions: {}"), "no rights by default");
    assert!(!head.contains("pull_request_target"), "it would give strangers' code our rights");
    for (id, job) in &jobs {
        assert!(!job["permissions"].is_null(), "{id} does not say its rights");
        let minutes = job["timeout-minutes"].as_str().and_then(|minutes| minutes.parse::<u32>().ok());
        assert!(minutes.is_some_and(|minutes| (1..=60).contains(&minutes)), "{id} has no time limit");
        assert_eq!(job["runs-on"], "ubuntu-24.04", "{id}");
    }
    let identified = jobs.iter().filter(|(_, job)| job["permissions"]["id-token"] == "write");
    assert!(identified.map(|(id, _)| id).eq(&PRIVILEGED), "an identity is for what pushes or deploys");
}

#[test]
fn a_push_is_never_dropped_and_only_a_pull_request_is_cancelled_by_the_next() {
    let (head, _) = workflow();
    // Every push to main and every merge group has a group of its own.
    let group = "  group: ci-${{ github.event_name == 'pull_request' && github.ref || github.run_id }}";
    let cancel = "  cancel-in-progress: ${{ github.event_name == 'pull_request' }}";
    for line in [group, cancel, "  merge_group:", "  pull_request:", "    branches: [main]"] {
        assert!(head.lines().any(|known| known == line), "{line}");
    }
}

#[test]
fn what_pushes_or_deploys_restores_no_cache_and_is_never_cancelled() {
    let jobs = jobs();
    let staging = jobs.iter().filter(|(_, job)| job["environment"] == "staging");
    assert!(staging.clone().map(|(id, _)| id.as_str()).eq(["deploy-staging", "smoke-test"]));
    for (id, job) in staging {
        assert_eq!(job["concurrency"]["group"], "staging", "{id}: one at a time");
        assert_eq!(job["concurrency"]["cancel-in-progress"], "false", "{id}");
    }
    for (id, job) in jobs.iter().filter(|(id, _)| PRIVILEGED.contains(&id.as_str())) {
        let caches = |step: &Value| step["uses"].as_str().is_some_and(|uses| uses.contains("cache@"));
        assert_eq!(position(job, caches), None, "{id}");
    }
}

#[test]
fn nothing_is_compiled_where_credentials_or_secrets_are_at_hand() {
    for (id, job) in jobs() {
        let is_cargo = |step: &Value| step["run"].as_str().is_some_and(|run| run.contains("cargo "));
        let takes = |step: &Value| {
            let is_secret = |value: &Value| value.as_str().is_some_and(|value| value.contains("secrets."));
            step["with"]["role-to-assume"].is_string()
                || step["env"].as_object().is_some_and(|env| env.values().any(is_secret))
        };
        let taken = position(&job, takes);
        assert_eq!(taken.is_some(), PRIVILEGED.contains(&id.as_str()) || id == "notify", "{id}");
        let built = position(&job, is_cargo);
        assert!(taken.is_none_or(|taken| built.is_some_and(|built| built < taken)), "{id} compiles with secrets");
    }
    // Services are compiled as well where they are pushed.
    let (_, push) = jobs().into_iter().find(|(id, _)| id == "build-and-push").expect("a job");
    let cargo: Vec<&str> = commands(&push).into_iter().filter(|run| run.contains("cargo")).collect();
    assert_eq!(cargo, ["exec cargo xtask docker", "exec cargo xtask docker --push"]);
}

#[test]
fn tools_are_fetched_in_the_versions_that_xtask_pins_and_one_that_cannot_be_had_is_no_failure() {
    let mut with_tools = Vec::new();
    for (id, job) in jobs() {
        for step in steps(&job).filter(|step| uses(step, "taiki-e/install-action")) {
            assert_eq!(step["continue-on-error"], "true", "{id}: xtask installs what is missing");
            let tools = step["with"]["tool"].as_str().expect("it names tools").split(',');
            let of_job = |tool: &&Tool| tool.entry().stages.contains(&id.as_str()) && tool.entry().essential;
            // The audit precedes a push, and the tests of xtask call the tools of all stages.
            let of_stage = |stage: &str| Tool::built_in().filter(|tool| tool.entry().stages.contains(&stage)).collect();
            let wanted: Vec<Tool> = match id.as_str() {
                "build-and-push" => of_stage("security-audit"),
                "xtask-tests" => Tool::built_in().filter(|tool| tool.entry().essential).collect(),
                _ => Tool::built_in().filter(|tool| of_job(&tool)).collect(),
            };
            let pins = wanted.iter().filter_map(|tool| tool.pinned());
            let pins: Vec<String> = pins.map(|(program, version)| format!("{program}@{version}")).collect();
            assert_eq!(tools.collect::<Vec<_>>(), pins, "{id}");
            with_tools.push(id.clone());
        }
    }
    assert_eq!(with_tools, ["code-coverage", "security-audit", "build-and-push", "xtask-tests"]);
}

#[test]
fn a_record_is_uploaded_once_whatever_happens_and_replaced_when_its_job_runs_again() {
    let without = ["xtask-tests", "quality-report", "notify", FINAL];
    for (id, job) in jobs() {
        let uploads: Vec<&Value> = steps(&job).filter(|step| uses(step, "actions/upload-artifact")).collect();
        assert_eq!(uploads.len(), usize::from(!without.contains(&id.as_str())), "{id}");
        for upload in uploads {
            // Also of a job that has failed or was cancelled.
            assert_eq!(upload["if"], "always()", "{id}");
            let with = &upload["with"];
            let leg = if job["strategy"].is_object() { "-${{ matrix.service }}" } else { "" };
            assert_eq!(with["name"], format!("record-{id}{leg}"));
            // `latest` is a link, which would be followed.
            assert_eq!(with["path"], "target/xtask/runs\n!target/xtask/runs/latest\n", "{id}");
            assert_eq!((&with["overwrite"], &with["retention-days"]), (&"true".into(), &"30".into()), "{id}");
            // A success without a record would be red in the report.
            assert_eq!(with["if-no-files-found"], "error", "{id}");
        }
        // By a pattern: a missing record is no failure without a reason, but the command's to explain.
        for download in steps(&job).filter(|step| uses(step, "actions/download-artifact")) {
            assert!(download["with"]["pattern"].is_string() && download["with"]["name"].is_null(), "{id}");
            assert_eq!(download["with"]["merge-multiple"], "true", "{id}");
        }
    }
}
