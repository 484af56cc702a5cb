use super::super::Fold;
use super::super::needs::Needs;
use super::super::sample;
use super::*;
use Outcome::{Cancelled, Failed, Passed, Skipped};
use xtask_core::pipeline::{Definition, Event, Runs};
use xtask_core::reading::Reading;

/// The plan of an event, in which only the unit tests are about packages.
fn plan(event: Event) -> Vec<Expected> {
    let runs = |stage: &Definition| stage.runs == Runs::Always || event == Event::Push;
    let expected = |stage: Definition| Expected {
        parts: match stage.id.as_str() {
            pipeline::TEST_SERVICES => ["auth-service", "user-service"].map(str::to_owned).into(),
            _ => BTreeSet::new(),
        },
        id: stage.id,
        subcommand: stage.subcommand,
        policy: stage.policy,
        needs: stage.needs,
    };
    pipeline::stages().into_iter().filter(runs).map(expected).collect()
}

/// The story of these records: each a stage with its tasks, all of which ended so.
fn story(records: &[(&str, &[&str], Outcome)]) -> Summary {
    let policy = |id: &str| pipeline::stages().into_iter().find(|it| it.id.as_str() == id).map(|it| it.policy);
    let policy = |id: &str| policy(id).unwrap_or(Policy::Blocking);
    let stages: Vec<(&str, Policy, &[&str])> = records.iter().map(|(id, tasks, _)| (*id, policy(id), *tasks)).collect();
    let mut run = sample::Run::new(&stages);
    for (id, tasks, outcome) in records {
        for task in *tasks {
            run.task(id, task, Reading { outcome: *outcome, ..Reading::passed() });
        }
        run.end(id, policy(id), *outcome, (*outcome == Skipped).then_some("the reason"));
    }
    Fold::of(&run.over("passed", 0)).finish()
}

/// The records of all jobs of an event, without those of these stages.
fn all_but(event: Event, left_out: &[&str]) -> Summary {
    let all = plan(event);
    let ids = all.iter().map(|expected| expected.id.as_str()).filter(|id| !left_out.contains(id));
    let reports = |id: &&str| ![pipeline::QUALITY_REPORT, pipeline::NOTIFY].contains(id);
    let records: Vec<(&str, &[&str], Outcome)> =
        ids.filter(reports).map(|id| (id, &["auth-service", "user-service"][..], Passed)).collect();
    story(&records)
}

/// The stages of a completed story that did not pass, each with its reason, and the verdict.
fn completed(mut summary: Summary, event: Event, needs: &str) -> (Vec<String>, String, Option<u8>) {
    let recorded: BTreeSet<StageId> = summary.stages.iter().map(|stage| stage.id.clone()).collect();
    let definitions = pipeline::stages();
    if !needs.is_empty() {
        let needs = Needs::parse(needs).expect("it is valid");
        needs.add_to(&mut summary, &definitions.iter().collect::<Vec<_>>());
    }
    complete(&mut summary, &plan(event), &recorded);
    let line = |stage: &StageSummary| {
        format!("{} {}: {}", stage.id, stage.outcome.word(), stage.because.as_deref().unwrap_or_default())
    };
    let stages = summary.stages.iter().filter(|stage| stage.outcome != Passed).map(line).collect();
    (stages, summary.verdict, summary.exit_code)
}

/// The outcome of a stage by its record and by the result of its job, where all other jobs have left good records.
#[test]
fn a_stage_is_as_good_as_its_record_and_its_job_and_red_when_one_of_them_is_missing() {
    #[track_caller]
    fn case((event, id): (Event, &str), record: Option<Outcome>, wanted: [&str; 5]) {
        let results = ["", "success", "failure", "cancelled", "skipped"];
        for (result, wanted) in results.into_iter().zip(wanted) {
            let mut summary = all_but(event, &[id]);
            let tasks: &[&str] = &["auth-service", "user-service"];
            summary.stages.extend(record.map(|outcome| story(&[(id, tasks, outcome)]).stages.remove(0)));
            let needs = format!(r#"{{"{id}":{{"result":"{result}"}}}}"#);
            let (stages, verdict, code) = completed(summary, event, if result.is_empty() { "" } else { &needs });
            let found = stages.iter().find_map(|line| line.strip_prefix(id)?.trim().split(':').next());
            let red = match wanted {
                "failed" => ("failed", 1),
                "cancelled" => ("interrupted", 130),
                _ => ("passed", 0),
            };
            let context = format!("{event:?} {id} {record:?} {result}");
            assert_eq!(found.unwrap_or("passed"), wanted, "{context}");
            assert_eq!((verdict.as_str(), code), (red.0, Some(red.1)), "{context}");
        }
    }
    for stage in [
        (Event::PullRequest, "code-coverage"),
        (Event::Push, "code-coverage"),
        (Event::Push, "test-services"),
        (Event::Push, "build-and-push"),
    ] {
        //                                   no result, success, failure, cancelled, skipped
        case(stage, None, ["failed", "failed", "failed", "cancelled", "failed"]);
        case(stage, Some(Passed), ["passed", "passed", "failed", "cancelled", "passed"]);
        case(stage, Some(Failed), ["failed"; 5]);
        case(stage, Some(Cancelled), ["cancelled"; 5]);
        case(stage, Some(Skipped), ["failed", "failed", "failed", "cancelled", "failed"]);
        let nothing = "nothing-to-do";
        case(stage, Some(Outcome::NothingToDo), [nothing, nothing, "failed", "cancelled", nothing]);
    }
    // A stage that the event does not run is red only when its job is.
    case((Event::PullRequest, "build-and-push"), None, ["passed", "passed", "failed", "cancelled", "skipped"]);
}

/// Every result that GitHub may report for the job `code-coverage`, or none, where all other jobs have left good
/// records.
#[test]
fn a_job_without_a_record_is_red_and_named_whatever_github_says_of_it() {
    #[track_caller]
    fn case(result: &str, stages: &[&str], verdict: &str, code: u8) {
        for event in [Event::PullRequest, Event::Push] {
            let needs = match result {
                "" => String::new(),
                result => format!(r#"{{"code-coverage":{{"result":"{result}"}}}}"#),
            };
            // Its dependents were skipped, as GitHub does it; where one was not, its record says so.
            let lost = all_but(event, &["code-coverage"]);
            let found = completed(lost, event, &needs);
            assert_eq!(found, (stages.iter().map(|&line| line.to_owned()).collect(), verdict.to_owned(), Some(code)));
        }
    }
    case("", &["code-coverage failed: there is no record of it"], "failed", 1);
    case("success", &["code-coverage failed: its job has succeeded, and there is no record of it"], "failed", 1);
    case("failure", &["code-coverage failed: its job has failed, and there is no record of it"], "failed", 1);
    case(
        "cancelled",
        &["code-coverage cancelled: its job was cancelled, and there is no record of it"],
        "interrupted",
        130,
    );
    let skipped = "code-coverage failed: its job was skipped, although nothing that it needs went wrong";
    case("skipped", &[skipped], "failed", 1);
}

/// The same for a stage that needs one that went wrong: then its absence has a reason, and the reason is red.
#[test]
fn what_needs_something_that_went_wrong_is_skipped_for_that_reason() {
    #[track_caller]
    fn case(first: Option<Outcome>, needs: &str, stages: &[&str], verdict: &str) {
        let both: &[&str] = &["auth-service", "user-service"];
        let mut records = vec![("format-and-lint", both, Passed)];
        records.extend(first.map(|outcome| ("test-services", both, outcome)));
        let (found, word, _) = completed(story(&records), Event::Push, needs);
        assert_eq!((found.iter().map(String::as_str).collect::<Vec<_>>(), word.as_str()), (stages.to_vec(), verdict));
    }
    let behind = |how: &str| {
        ["code-coverage", "integration-tests", "build-release", "build-and-push"].map(|id| match id {
            "build-and-push" => "build-and-push skipped: needs `build-release`, which was skipped".to_owned(),
            id => format!("{id} skipped: needs `test-services`, which {how}"),
        })
    };
    for (first, first_line, how, verdict) in [
        (Failed, "test-services failed: ", "failed", "failed"),
        (Outcome::TimedOut, "test-services timed-out: ", "timed out", "timed-out"),
        (Cancelled, "test-services cancelled: ", "was cancelled", "interrupted"),
    ] {
        let lines: Vec<String> = [first_line.to_owned()].into_iter().chain(behind(how)).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        case(Some(first), "", &lines, verdict);
        let skipped = ["code-coverage", "integration-tests", "build-release", "build-and-push"]
            .map(|id| format!(r#""{id}":{{"result":"skipped"}}"#))
            .join(",");
        case(Some(first), &format!("{{{skipped}}}"), &lines, verdict);
    }
}

#[test]
fn what_is_only_missing_is_no_reason_for_another_absence() {
    let lines = |needs: &str| completed(story(&[("format-and-lint", &["fmt"], Passed)]), Event::Push, needs).0;
    let ids = ["test-services", "code-coverage", "integration-tests", "build-release", "build-and-push"];
    assert_eq!(lines(""), ids.map(|id| format!("{id} failed: there is no record of it")));
    // GitHub skips a job when one that it needs is lost: that one is the reason.
    let skipped = "build-and-push skipped: needs `build-release`, which has left no record";
    assert_eq!(lines(r#"{"build-and-push":{"result":"skipped"}}"#)[4], skipped);
}

#[test]
fn a_failed_stage_that_does_not_block_is_no_reason_to_skip_one_that_does() {
    let mut summary = all_but(Event::PullRequest, &["build-release"]);
    let audit = summary.stages.iter_mut().find(|stage| stage.id.as_str() == "security-audit").expect("it is there");
    audit.outcome = Failed;
    let needs = r#"{"security-audit":{"result":"failure"},"build-release":{"result":"skipped"}}"#;
    let (stages, verdict, code) = completed(summary, Event::PullRequest, needs);
    assert_eq!(stages[1], "build-release failed: its job was skipped, although nothing that it needs went wrong");
    assert_eq!((verdict.as_str(), code), ("failed", Some(1)));
}

#[test]
fn the_event_decides_what_is_expected() {
    let push = all_but(Event::PullRequest, &[]);
    let (stages, verdict, _) = completed(push.clone(), Event::Push, "");
    assert_eq!(
        (stages, verdict.as_str()),
        (vec!["build-and-push failed: there is no record of it".to_owned()], "failed")
    );
    // On a pull request the jobs of a push are skipped, and that is no fault.
    let needs = r#"{"build-and-push":{"result":"skipped"},"deploy-staging":{"result":"skipped"}}"#;
    let (stages, verdict, code) = completed(push, Event::PullRequest, needs);
    assert_eq!(stages.len(), 2, "{stages:?}");
    assert_eq!((verdict.as_str(), code), ("passed", Some(0)));
    // Readers of a report see for themselves whether it is there.
    assert_eq!(completed(all_but(Event::Push, &[]), Event::Push, ""), (Vec::new(), "passed".to_owned(), Some(0)));
}

#[test]
fn a_record_that_says_skipped_needs_a_reason_too() {
    let skipped = |because: &str, cause: Option<Cause>| {
        let mut summary = all_but(Event::PullRequest, &["code-coverage"]);
        let tests = summary.stages.iter().position(|stage| stage.id.as_str() == "test-services").expect("it is there");
        let stage = StageSummary {
            because: Some(because.to_owned()),
            cause,
            ..story(&[("code-coverage", &[], Skipped)]).stages.remove(0)
        };
        summary.stages.insert(tests + 1, stage);
        completed(summary, Event::PullRequest, "")
    };
    let (stages, verdict, _) = skipped("needs `test-services`, which failed", None);
    assert_eq!(stages, ["code-coverage failed: it was skipped, although nothing that it needs went wrong"]);
    assert_eq!(verdict, "failed");
    // `--skip` is a reason.
    assert_eq!(skipped("left out by --skip", Some(Cause::LeftOut)).1, "passed");
}

#[test]
fn parts_without_a_record_are_named() {
    let lacking = |outcome: Outcome| {
        let mut summary = all_but(Event::PullRequest, &[]);
        let tests = summary.stages.iter_mut().find(|stage| stage.id.as_str() == "test-services").expect("it is there");
        tests.tasks.pop();
        tests.outcome = outcome;
        tests.because = outcome.is_bad().then(|| "1 of 2 tests failed".to_owned());
        completed(summary, Event::PullRequest, r#"{"test-services":{"result":"success"}}"#)
    };
    let (stages, verdict, code) = lacking(Passed);
    assert_eq!(stages, ["test-services failed: there is no record of user-service"]);
    assert_eq!((verdict.as_str(), code), ("failed", Some(1)));
    assert_eq!(lacking(Failed).0, ["test-services failed: 1 of 2 tests failed; there is no record of user-service"]);
}

#[test]
fn a_stage_of_the_workspaces_own_may_be_no_job() {
    let own = Expected {
        id: StageId::new("own"),
        subcommand: "ci --only own".to_owned(),
        policy: Policy::Blocking,
        needs: Vec::new(),
        parts: BTreeSet::new(),
    };
    let complete = |needs: &str| {
        let mut summary = story(&[("format-and-lint", &["fmt"], Passed)]);
        let recorded: BTreeSet<StageId> = summary.stages.iter().map(|stage| stage.id.clone()).collect();
        let definition = Definition::new("own");
        Needs::parse(needs).expect("it is valid").add_to(&mut summary, &[&definition]);
        super::complete(&mut summary, std::slice::from_ref(&own), &recorded);
        (summary.verdict, summary.warnings)
    };
    let warning = "there is no record of the stage `own`; it may be no job";
    assert_eq!(complete("{}"), ("passed".to_owned(), vec![warning.to_owned()]));
    assert_eq!(complete(r#"{"own":{"result":"success"}}"#), ("failed".to_owned(), Vec::new()));
}

#[test]
fn what_has_not_ended_is_not_missing() {
    let mut summary = all_but(Event::PullRequest, &["build-release"]);
    summary.pending = vec![StageId::new("build-release")];
    assert_eq!(completed(summary, Event::PullRequest, ""), (Vec::new(), "running".to_owned(), None));
}
