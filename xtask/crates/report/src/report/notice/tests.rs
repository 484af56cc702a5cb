use super::super::{Fold, sample};
use super::*;
use serde_json::Value;
use xtask_core::event::Event;

fn notice(summary: &Summary) -> Notice<'_> {
    Notice {
        summary,
        branch: Some("main".to_owned()),
        page: page(Some("https://github.example"), Some("shop/services"), Some("17")),
        usual_ms: Some(61_000),
        before: Some("passed".to_owned()),
        changed: true,
    }
}

fn summary(events: &[Event]) -> Summary {
    Fold::of(events).finish()
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("it is JSON")
}

/// The texts of a message for Slack.
fn texts(message: &Value) -> Vec<&str> {
    let blocks = message["blocks"].as_array().expect("a list").iter();
    blocks.map(|block| block["text"]["text"].as_str().expect("a text")).collect()
}

#[test]
fn slack_gets_the_verdict_the_stages_the_services_and_what_to_do() {
    let summary = summary(&sample::every_outcome());
    let message = parsed(&notice(&summary).slack());
    let texts = texts(&message);
    assert_eq!(message["text"], "✗ failed: test-services (2 tests in auth-service and 1 more task) · exit 1");
    insta::assert_snapshot!(texts.join("\n---\n"), @r"
    *✗ failed: test-services (2 tests in auth-service and 1 more task) · exit 1*
    branch `main` · commit `0123456789ab` · event `pull-request` · <https://github.example/shop/services/actions/runs/17|run on GitHub>
    ---
    took 1m 12s, usually 1m 01s · 43 tests, 2 failed · 61.20 % of lines covered · passed before
    ---
    *Stages*
    ✓ `format-and-lint` passed in 2.31s
    ✗ `test-services` failed in 2.31s: 2 of 3 tasks failed
    ✓ `code-coverage` passed in 2.31s: 61.20 % of lines, 50 % are needed
    ! `security-audit` could not run in 2.31s: cargo-deny ended without an answer
    ✓ `dependency-check` passed in 2.31s
    ! `integration-tests` cancelled in 2.31s: a test failed before
    ✓ `build-release` cached in 2.31s: passed with the same inputs in run 20260101-000000-9f9f
    – `build-and-push` skipped: test-services failed
    – `quality-report` nothing to do: nothing to report
    ---
    *Services*
    • `auth-service`: 31 tests, 2 failed, 70.00 % covered
    • `user-service`: 12 tests, 41.25 % covered
    ---
    *What to do next*
    • `test-services/auth-service`: repair session::tests::expires and session::tests::refuses_a_replay
        `cargo test --package auth-service --lib -- --exact session::tests::expires`
        `cargo test --package auth-service --lib -- --exact session::tests::refuses_a_replay`
    • `test-services/cart-service`: find out what takes so long, or raise workspace.metadata.xtask.stages.test-services.timeout
        `cargo test-services --package cart-service`
    • `security-audit:audit`: RUSTSEC-2023-0071 in rsa 0.9.6: update or replace the dependency, or accept it for a while with a waiver in workspace.metadata.xtask.audit.waivers (id, reason, expires)
        `cargo xtask audit`
    • `security-audit:deny`: see what is missing on this machine
        `cargo xtask doctor`
        `cargo security-audit --package deny`
    • `integration-tests/auth-service`: it was stopped before it had a result: run it again
        `cargo xtask integration-tests`
    ");
}

#[test]
fn any_other_program_gets_the_same_as_data() {
    let summary = summary(&sample::every_outcome());
    let document = parsed(&notice(&summary).json());
    let text = |pointer: &str| document.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in {document:#}"));
    for (pointer, wanted) in [
        ("/version", Value::from(1)),
        ("/verdict", "failed".into()),
        ("/exit_code", 1.into()),
        ("/event", "pull-request".into()),
        ("/branch", "main".into()),
        ("/commit", "0123456789abcdef0123456789abcdef01234567".into()),
        ("/url", "https://github.example/shop/services/actions/runs/17".into()),
        ("/duration_ms", 72_400.into()),
        ("/usual_ms", 61_000.into()),
        ("/before", "passed".into()),
        ("/changed", true.into()),
        ("/stages/1/id", "test-services".into()),
        ("/stages/1/outcome", "failed".into()),
        ("/stages/1/policy", "blocking".into()),
        ("/stages/1/because", "2 of 3 tasks failed".into()),
        ("/stages/1/duration_ms", 2310.into()),
        ("/services/0/name", "auth-service".into()),
        ("/services/0/tests/failed", 2.into()),
        ("/services/0/coverage", 70.0.into()),
        ("/tests/passed", 41.into()),
        ("/coverage", 61.2.into()),
        ("/next_steps/0/kind", "tests".into()),
        ("/next_steps/0/about", "test-services/auth-service".into()),
    ] {
        assert_eq!(*text(pointer), wanted, "{pointer}");
    }
    assert!(document["next_steps"][0]["commands"][0].as_str().expect("a text").contains("--exact"));
}

#[test]
fn github_gets_the_report_with_what_it_is_compared_with() {
    let summary = summary(&sample::green());
    let text = notice(&summary).markdown();
    let facts = "branch main · took 1m 12s, usually 1m 01s · 43 tests · passed before";
    assert_eq!(text.lines().nth(4), Some(facts), "{text}");
}

#[test]
fn words_from_outside_call_nobody() {
    let mut summary = summary(&sample::hostile());
    "*<!channel>* @here".clone_into(&mut summary.stages[0].tasks[0].failed_tests[0].name);
    summary.stages[0].because = Some("<!channel|x> `a` *b*\n<https://evil.example|click>".to_owned());
    let mut notice = notice(&summary);
    notice.branch = Some("x|`<!everyone>\n*y*".to_owned());
    let message = notice.slack();
    let message = parsed(&message);
    for text in texts(&message).into_iter().chain(message["text"].as_str()) {
        assert_eq!(text.matches('`').count() % 2, 0, "{text}");
        assert_eq!(text.matches('<').count(), text.matches("<https://github.example/").count(), "{text}");
        // Text between backticks is code, in which nothing is formatted.
        let words: String = text.split('`').step_by(2).collect();
        for bad in ["*b*", "@here", "\u{1b}", "*y*", "*&lt;"] {
            assert!(!words.contains(bad), "{bad} in {words}");
        }
    }
    let document = parsed(&notice.json());
    assert_eq!(document["branch"], "x|`<!everyone>\n*y*", "JSON needs no other escape than its own");
}

#[test]
fn nothing_is_longer_than_slack_takes() {
    let mut summary = summary(&sample::many(1000));
    for task in &mut summary.stages[0].tasks {
        task.outcome = xtask_core::outcome::Outcome::Failed;
        task.repeat = "&".repeat(5000);
        task.because = Some("<".repeat(5000));
    }
    summary.stages[0].because = Some("&".repeat(100_000));
    let mut notice = notice(&summary);
    notice.branch = Some("&".repeat(100_000));
    let message = parsed(&notice.slack());
    let texts = texts(&message);
    assert!(texts.len() <= 50);
    assert!(texts.iter().all(|text| text.chars().count() <= 3000), "{:?}", texts.iter().map(|t| t.len()).max());
    assert!(message["text"].as_str().expect("a text").chars().count() <= 3000);
}

#[test]
fn only_addresses_of_github_are_pages() {
    #[track_caller]
    fn case(server: &str, repository: &str, run: &str, wanted: Option<&str>) {
        assert_eq!(page(Some(server), Some(repository), Some(run)).as_deref(), wanted);
    }
    case("https://github.com", "a/b", "1", Some("https://github.com/a/b/actions/runs/1"));
    case("http://github.com", "a/b", "1", None);
    case("https://github.com", "a/b|x>", "1", None);
    case("https://github.com/<!channel>", "a/b", "1", None);
    case("https://github.com", "a/b", "1?", None);
    case("https://github.com", "a/b", "", None);
    assert_eq!(page(None, Some("a/b"), Some("1")), None);
}
