//! Which jobs of `.github/workflows/ci.yml` run, by their conditions and how the jobs before them ended: the rules of
//! GitHub, as far as this workflow needs them.

use crate::workflow::{jobs, needs};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What happens to a run.
struct Run<'a> {
    event: &'a str,
    /// The repository's variables that are set.
    vars: &'a [&'a str],
    /// Whether the run is cancelled.
    cancelled: bool,
}

const PUSH: Run<'_> = Run { event: "push", vars: &["XTASK_REGISTRY", "AWS_DEPLOY_ROLE"], cancelled: false };

impl Run<'_> {
    /// How all jobs end, when those that are `given` end so and all others succeed.
    fn results(&self, given: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut results: Vec<(String, String)> = Vec::new();
        let mut ancestors: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (id, job) in jobs() {
            let direct = needs(&job);
            let all = direct.iter().flat_map(|need| ancestors[*need].iter().cloned().chain([(*need).to_owned()]));
            let all: BTreeSet<String> = all.collect();
            let good = |id: &String| results.iter().any(|(known, result)| known == id && result == "success");
            let runs = self.holds(&job, &results, all.iter().all(good));
            let given = given.iter().find(|(job, _)| *job == id).map_or("success", |(_, result)| result);
            results.push((id.clone(), if runs { given } else { "skipped" }.to_owned()));
            ancestors.insert(id, all);
        }
        results
    }

    /// Whether a job starts; `all_good` says that all jobs before it, however far, have succeeded.
    fn holds(&self, job: &Value, results: &[(String, String)], all_good: bool) -> bool {
        let condition = job["if"].as_str().unwrap_or("success()");
        let condition = condition.trim_start_matches("${{").trim_end_matches("}}").trim();
        let words: Vec<&str> = condition.split("&&").map(str::trim).collect();
        let says_status = words.iter().any(|word| word.ends_with("()"));
        (says_status || all_good && !self.cancelled) && words.iter().all(|word| self.is_true(word, results, all_good))
    }

    fn is_true(&self, word: &str, results: &[(String, String)], all_good: bool) -> bool {
        match word {
            "always()" => return true,
            "success()" => return all_good && !self.cancelled,
            "!cancelled()" => return !self.cancelled,
            _ => {}
        }
        let (left, wanted, equal) = match (word.split_once(" == "), word.split_once(" != ")) {
            (Some((left, right)), _) => (left, right, true),
            (_, Some((left, right))) => (left, right, false),
            _ => panic!("unknown in a condition: {word}"),
        };
        let result = |id: &str| results.iter().find(|(known, _)| known == id).map_or("", |(_, result)| result);
        let value = match left.split('.').collect::<Vec<_>>()[..] {
            ["github", "event_name"] => self.event,
            ["github", "ref"] if self.event == "push" => "refs/heads/main",
            ["github", "ref"] => "refs/pull/1/merge",
            ["vars", name] => self.vars.iter().find(|known| **known == name).map_or("", |_| "set"),
            ["needs", id, "result"] => result(id),
            _ => panic!("unknown in a condition: {left}"),
        };
        (value == wanted.trim_matches('\'')) == equal
    }
}

/// Asserts which jobs do not succeed.
#[track_caller]
fn case(run: &Run<'_>, given: &[(&str, &str)], bad: &[(&str, &str)]) {
    let results = run.results(given);
    let found: Vec<(&str, &str)> =
        results.iter().map(|(id, result)| (id.as_str(), result.as_str())).filter(|(_, it)| *it != "success").collect();
    assert_eq!(found, bad);
}

fn skipped<'a>(jobs: &[&'a str]) -> Vec<(&'a str, &'a str)> {
    jobs.iter().map(|job| (*job, "skipped")).collect()
}

/// The jobs of a push behind the pipeline of a pull request.
const BEHIND: [&str; 3] = ["build-and-push", "deploy-staging", "smoke-test"];

#[test]
fn a_pull_request_and_a_merge_group_stop_before_the_images() {
    for event in ["pull_request", "merge_group"] {
        let run = Run { event, ..PUSH };
        case(&run, &[], &skipped(&["build-and-push", "deploy-staging", "smoke-test", "notify"]));
    }
    case(&PUSH, &[], &[]);
}

#[test]
fn an_audit_or_a_list_of_dependencies_that_fails_stops_nothing() {
    for job in ["security-audit", "dependency-check"] {
        for result in ["failure", "cancelled"] {
            case(&PUSH, &[(job, result)], &[(job, result)]);
        }
    }
}

#[test]
fn a_blocking_job_that_fails_stops_what_needs_it_and_no_report() {
    let all = ["test-services", "code-coverage", "security-audit", "dependency-check", "integration-tests"];
    let behind = skipped(&[&all[..], &["build-release"], &BEHIND, &["xtask-tests"]].concat());
    case(&PUSH, &[("format-and-lint", "failure")], &[&[("format-and-lint", "failure")][..], &behind].concat());
    let behind = skipped(&[&["code-coverage", "integration-tests", "build-release"][..], &BEHIND].concat());
    for result in ["failure", "cancelled"] {
        case(&PUSH, &[("test-services", result)], &[&[("test-services", result)][..], &behind].concat());
    }
    // The release is built although the coverage is too low.
    for job in ["code-coverage", "integration-tests", "build-release"] {
        case(&PUSH, &[(job, "failure")], &[&[(job, "failure")][..], &skipped(&BEHIND)].concat());
    }
    let behind = skipped(&BEHIND[1..]);
    case(&PUSH, &[("build-and-push", "failure")], &[&[("build-and-push", "failure")][..], &behind].concat());
}

#[test]
fn staging_is_tried_out_unless_this_commit_was_never_to_be_deployed() {
    case(&PUSH, &[("deploy-staging", "failure")], &[("deploy-staging", "failure")]);
    // Its turn went to a newer commit.
    let replaced = [("deploy-staging", "cancelled"), ("smoke-test", "skipped")];
    case(&PUSH, &replaced[..1], &replaced);
    case(&PUSH, &[("smoke-test", "failure")], &[("smoke-test", "failure")]);
}

#[test]
fn a_fork_without_a_cloud_is_green() {
    case(&Run { vars: &[], ..PUSH }, &[], &skipped(&["deploy-staging", "smoke-test"]));
}

#[test]
fn a_cancelled_run_ends_and_only_the_final_check_still_says_so() {
    let run = Run { cancelled: true, ..PUSH };
    let started: Vec<String> =
        run.results(&[]).into_iter().filter(|(_, result)| result == "success").map(|(id, _)| id).collect();
    assert_eq!(started, ["ci-passed"]);
}
