//! Merges GitHub's results of the jobs before this one, `toJSON(needs)`, into a summary: a job that has left no record
//! is a stage all the same. Pure.

use super::merge;
use super::summary::{StageSummary, Summary};
use serde::Deserialize;
use std::collections::BTreeMap;
use xtask_core::cause::Cause;
use xtask_core::error::{Error, Result};
use xtask_core::ids::StageId;
use xtask_core::outcome::{Outcome, Policy};
use xtask_core::pipeline::Definition;

/// The reason reported for a job that was skipped.
pub(super) const SKIPPED: &str = "its job was skipped";

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Ended {
    Success,
    Failure,
    Cancelled,
    Skipped,
}

#[derive(Deserialize)]
struct Job {
    result: Ended,
}

/// The jobs that a job needs, with how each has ended.
pub struct Needs(BTreeMap<String, Ended>);

impl Needs {
    /// Reads `{"job":{"result":"success","outputs":{}}}`.
    pub fn parse(text: &str) -> Result<Self> {
        let jobs: BTreeMap<String, Job> = serde_json::from_str(text).map_err(|error| {
            Error::usage("read the results of the jobs in `--needs` or XTASK_NEEDS").because(error).hint(
                "expected the format of GitHub's `toJSON(needs)`: {\"job\":{\"result\":\"success\",\"outputs\":{}}}",
            )
        })?;
        Ok(Self(jobs.into_iter().map(|(name, job)| (name, job.result)).collect()))
    }

    /// Adds what the records of a summary do not say, and judges it again. A job that failed never passes because of
    /// the records that it has left: the one that would show the cause may be missing.
    pub fn add_to(&self, summary: &mut Summary, stages: &[&Definition]) {
        for (name, ended) in &self.0 {
            let id = StageId::new(name);
            let (outcome, because) = told(*ended);
            match summary.stages.iter_mut().find(|stage| stage.id == id) {
                // A run that was asked to leave it out is not the run of its job, unless that was skipped as well.
                Some(left_out) if left_out.cause == Some(Cause::LeftOut) && outcome != Outcome::Skipped => {
                    *left_out = stage(id, outcome, because, stages);
                }
                Some(stage) if outcome.is_bad() && !stage.outcome.is_bad() => {
                    stage.outcome = outcome;
                    stage.because = Some(format!("{because}, and no record says why"));
                }
                Some(_) => {}
                None => add(summary, stage(id, outcome, because, stages)),
            }
        }
        merge::judge(summary, |_| true);
    }
}

/// Adds a stage where the pipeline has it.
pub(super) fn add(summary: &mut Summary, stage: StageSummary) {
    let mut ids: Vec<StageId> = summary.stages.iter().map(|stage| stage.id.clone()).collect();
    merge::insert(&mut ids, &stage.id, None);
    let at = ids.iter().position(|id| *id == stage.id).unwrap_or(summary.stages.len());
    summary.stages.insert(at, stage);
}

/// A stage that is known only by its job's result. A job that is no stage, such as one for other tests, makes the story
/// as red as GitHub shows it.
fn stage(id: StageId, outcome: Outcome, because: &str, stages: &[&Definition]) -> StageSummary {
    let known = stages.iter().find(|stage| stage.id == id);
    let policy = known.map_or(Policy::Blocking, |stage| stage.policy);
    // Such a job leaves no record, nor does one that reports about the others.
    let because = match known {
        Some(stage) if stage.policy != Policy::Reporting => format!("{because}, and there is no record of it"),
        _ => because.to_owned(),
    };
    StageSummary {
        policy,
        subcommand: known.map(|stage| stage.subcommand.clone()).unwrap_or_default(),
        outcome,
        because: Some(because),
        cause: None,
        duration_ms: 0,
        tasks: Vec::new(),
        id,
    }
}

fn told(ended: Ended) -> (Outcome, &'static str) {
    match ended {
        Ended::Success => (Outcome::Passed, "its job has succeeded"),
        Ended::Failure => (Outcome::Failed, "its job has failed"),
        Ended::Cancelled => (Outcome::Cancelled, "its job was cancelled"),
        Ended::Skipped => (Outcome::Skipped, SKIPPED),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Fold, sample};
    use super::*;
    use xtask_core::pipeline;

    fn after(needs: &str) -> (Vec<String>, Summary) {
        let mut summary = Fold::of(&sample::green()).finish();
        let stages = pipeline::stages();
        let stages: Vec<&Definition> = stages.iter().collect();
        Needs::parse(needs).expect("it is valid").add_to(&mut summary, &stages);
        let lines = summary.stages.iter().map(|s| format!("{} {} {}", s.id, s.policy.word(), s.outcome.word()));
        (lines.collect(), summary)
    }

    #[test]
    fn a_job_without_a_record_is_a_stage_by_its_result_and_counts_by_its_policy() {
        let (stages, summary) = after(
            r#"{"build-release":{"result":"failure","outputs":{}},"security-audit":{"result":"failure","outputs":{}},
                "code-coverage":{"result":"skipped"},"notes":{"result":"success"}}"#,
        );
        assert_eq!(
            stages,
            [
                "format-and-lint blocking passed",
                "test-services blocking passed",
                "code-coverage blocking skipped",
                "security-audit warning failed",
                "build-release blocking failed",
                "notes blocking passed",
            ]
        );
        assert_eq!((summary.verdict.as_str(), summary.exit_code), ("failed", Some(1)));
        assert_eq!(after(r#"{"security-audit":{"result":"failure"}}"#).1.verdict, "passed");
    }

    #[test]
    fn a_job_that_is_no_stage_is_as_red_as_github_shows_it() {
        let verdict = |result: &str| after(&format!(r#"{{"notes":{{"result":"{result}"}}}}"#)).1.verdict;
        let verdicts = ["success", "failure", "cancelled", "skipped"].map(verdict);
        assert_eq!(verdicts, ["passed", "failed", "interrupted", "passed"]);
    }

    #[test]
    fn a_record_is_believed_unless_it_is_better_than_its_job() {
        let (stages, summary) =
            after(r#"{"test-services":{"result":"failure"},"format-and-lint":{"result":"skipped"}}"#);
        assert_eq!(stages, ["format-and-lint blocking passed", "test-services blocking failed"]);
        let because = summary.stages[1].because.as_deref();
        assert_eq!(because, Some("its job has failed, and no record says why"));
        assert_eq!(summary.verdict, "failed");
    }

    #[test]
    fn what_is_no_list_of_jobs_is_an_error_that_says_how_it_looks() {
        for text in ["", "[]", "{\"a\":1}", "{\"a\":{\"result\":\"great\"}}"] {
            let error = Needs::parse(text).map(|_| ()).expect_err(text);
            assert!(error.to_string().contains("toJSON(needs)"), "{error}");
        }
    }
}
