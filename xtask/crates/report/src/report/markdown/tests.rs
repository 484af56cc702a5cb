use super::super::{Fold, sample};
use super::*;
use insta::assert_snapshot;

fn rendered(events: &[xtask_core::event::Event]) -> String {
    render(&Fold::of(events).finish())
}

#[test]
#[expect(clippy::too_many_lines, reason = "the report is long, and it is read as a whole")]
fn every_outcome_as_markdown() {
    assert_snapshot!(rendered(&sample::every_outcome()), @r"
    # ✗ failed: test-services (2 tests in auth-service and 1 more task) · exit 1

    `cargo xtask ci` · commit `0123456789abcdef0123456789abcdef01234567` · event `pull-request` · started 2026-01-02T03:04:00.000Z · run `20260102-030405-1a2b`

    ## Stages

    |  | stage | policy | outcome | time | what to know |
    | --- | --- | --- | --- | --- | --- |
    | ✓ | `format-and-lint` | blocking | passed | 2.31s | 1 finding, 1 waived |
    | ✗ | `test-services` | blocking | failed | 2.31s | 2 of 3 tasks failed |
    | ✓ | `code-coverage` | blocking | passed | 2.31s | 61.20 % of lines, 50 % are needed |
    | ! | `security-audit` | warning | could not run | 2.31s | cargo-deny ended without an answer |
    | ✓ | `dependency-check` | info | passed | 2.31s |  |
    | ! | `integration-tests` | blocking | cancelled | 2.31s | a test failed before |
    | ✓ | `build-release` | blocking | cached | 2.31s | passed with the same inputs in run 20260101-000000-9f9f |
    | – | `build-and-push` | blocking | skipped |  | test-services failed |
    | – | `quality-report` | reporting | nothing to do |  | nothing to report |

    ## What to do next

    - `test-services/auth-service`: repair session::tests::expires and session::tests::refuses_a_replay
      - `cargo test --package auth-service --lib -- --exact session::tests::expires`
      - `cargo test --package auth-service --lib -- --exact session::tests::refuses_a_replay`
    - `test-services/cart-service`: find out what takes so long, or raise workspace.metadata.xtask.stages.test-services.timeout
      - `cargo test-services --package cart-service`
    - `security-audit:audit`: RUSTSEC-2023-0071 in rsa 0.9.6: update or replace the dependency, or accept it for a while with a waiver in workspace.metadata.xtask.audit.waivers (id, reason, expires)
      - `cargo xtask audit`
    - `security-audit:deny`: see what is missing on this machine
      - `cargo xtask doctor`
      - `cargo security-audit --package deny`
    - `integration-tests/auth-service`: it was stopped before it had a result: run it again
      - `cargo xtask integration-tests`

    ## What went wrong

    <details open><summary>✗ <code>test-services/auth-service</code> failed: 2 of 31 tests failed</summary>

    `session::tests::expires`

    ```text
    thread 'session::tests::expires' panicked at services/auth-service/src/session.rs:12:9:
    assertion failed: x == 1
    ```

    Run again: `cargo test --package auth-service --lib -- --exact session::tests::expires`

    `session::tests::refuses_a_replay`

    ```text
    thread 'session::tests::refuses_a_replay' panicked at services/auth-service/src/session.rs:12:9:
    assertion failed: x == 1
    ```

    Run again: `cargo test --package auth-service --lib -- --exact session::tests::refuses_a_replay`

    Log: `logs/test-services.auth-service.log`

    Run again: `cargo test-services --package auth-service`

    </details>

    <details open><summary>✗ <code>test-services/cart-service</code> timed out after 600s (limit: timeouts.test)</summary>

    ```text
    the last line
    ```

    Log: `logs/test-services.cart-service.log`

    Run again: `cargo test-services --package cart-service`

    </details>

    <details open><summary>! <code>security-audit:audit</code> failed: 1 advisory</summary>

    Log: `logs/security-audit+audit.log`

    Run again: `cargo security-audit --package audit`

    </details>

    <details open><summary>! <code>security-audit:deny</code> could not run: cargo-deny ended without an answer</summary>

    ```text
    the last line
    ```

    Log: `logs/security-audit+deny.log`

    Run again: `cargo security-audit --package deny`

    </details>

    ## Gates

    |  | gate | state | measured |
    | --- | --- | --- | --- |
    | ✓ | `format-and-lint` | open | 1 finding, 1 waived |
    | ✗ | `test-services` | closed | 2 of 3 tasks failed |
    | ✓ | `code-coverage` | open | 61.20 % of lines, 50 % are needed |
    | ! | `integration-tests` | not decided | a test failed before |
    | ✓ | `build-release` | open | passed with the same inputs in run 20260101-000000-9f9f |
    | – | `build-and-push` | not reached | test-services failed |

    ## Tests

    | service | passed | failed | ignored |
    | --- | --- | --- | --- |
    | **all** | 41 | 2 | 0 |
    | `auth-service` | 29 | 2 | 0 |
    | `user-service` | 12 | 0 | 0 |

    ## Coverage

    | service | lines |
    | --- | --- |
    | **all** | 61.20 % |
    | `auth-service` | 70.00 % |
    | `user-service` | 41.25 % |

    ## Findings

    ### cargo-audit: 1 finding

    | severity | code | message | where |
    | --- | --- | --- | --- |
    | error | `RUSTSEC-2023-0071` | Marvin Attack: potential key recovery | `rsa 0.9.6` |

    ### clippy: 2 findings

    | severity | code | message | where |
    | --- | --- | --- | --- |
    | warning | `clippy::needless_return` | unneeded &#96;return&#96; statement | `services/auth-service/src/lib.rs:3` |
    | waived: known | `clippy::needless_return` | unneeded &#96;return&#96; statement | `services/auth-service/src/lib.rs:3` |

    ## Outdated dependencies

    | crate | locked | newest |
    | --- | --- | --- |
    | axum | 0.7.5 | 0.8.1 |

    ## Binaries

    | binary | stage | size |
    | --- | --- | --- |
    | `auth_service` | `build-release` | 7.3 MiB |

    ## Skipped

    - 1 task of `integration-tests`: test-services failed
    - `build-and-push`: test-services failed

    ## Slowest tasks

    | task | time |
    | --- | --- |
    | `format-and-lint:fmt` | 1.24s |
    | `format-and-lint:clippy` | 1.24s |
    | `test-services/auth-service` | 1.24s |
    | `test-services/user-service` | 1.24s |
    | `test-services/cart-service` | 1.24s |
    | `code-coverage:workspace` | 1.24s |
    | `security-audit:audit` | 1.24s |
    | `security-audit:deny` | 1.24s |
    | `dependency-check:outdated` | 1.24s |
    | `integration-tests/auth-service` | 1.24s |

    ## Notes and warnings

    - the registry was not asked
    - the previous run 20260101-000000-9f9f was interrupted in build-release:workspace; cleaned up: 1 process
    - the cache cannot be written to
    ");
}

#[test]
fn words_from_outside_stay_words() {
    let text = rendered(&sample::hostile());
    assert!(!text.contains("<script>") || text.contains("`<script>"), "{text}");
    // Every block that opens closes, and everything inside of a fence belongs to the fence.
    let mut fence: Option<&str> = None;
    let mut details = 0;
    for line in text.lines() {
        let ticks = line.len() - line.trim_start_matches('`').len();
        match fence {
            Some(open) if line == open => fence = None,
            None if ticks >= 3 => fence = Some(&line[..ticks]),
            Some(_) => {}
            None => {
                details += i32::from(line.starts_with("<details")) - i32::from(line.starts_with("</details"));
                assert!(!line.contains("<b>") && !line.contains("<t>"), "{line}");
            }
        }
    }
    assert_eq!((fence, details), (None, 0), "{text}");
}

#[test]
fn every_row_has_the_cells_of_its_head() {
    for events in [sample::every_outcome(), sample::hostile(), sample::many(50)] {
        let text = rendered(&events);
        let mut cells = None;
        for line in text.lines() {
            if line.starts_with("| ") {
                let bars = line.matches('|').count();
                assert_eq!(*cells.get_or_insert(bars), bars, "{line}");
            } else {
                cells = None;
            }
        }
    }
}

#[test]
fn a_thousand_services_fit_into_a_step_summary() {
    let text = rendered(&sample::many(1000));
    assert!(text.len() < LIMIT);
    assert!(text.contains("…and 801 more rows"), "{text}");
}

#[test]
fn a_section_too_large_for_github_is_left_out_and_said_so() {
    let mut events = sample::every_outcome();
    for event in &mut events {
        if let xtask_core::event::Kind::TaskFinished { reading, .. } = &mut event.kind {
            for table in &mut reading.tables {
                table.rows = vec![vec!["x".repeat(LIMIT)]];
            }
        }
    }
    let text = rendered(&events);
    assert!(text.len() < LIMIT + 1024);
    assert!(text.contains("1 section left out"), "{text}");
}

#[test]
fn a_missing_folder_of_the_step_summary_is_named() {
    let error = append(Path::new("/nowhere/step.md"), "x").expect_err("it is missing").to_string();
    assert!(error.contains("/nowhere/step.md"), "{error}");
}

#[test]
fn one_job_of_many_has_nothing_to_say_when_all_is_well() {
    let of = |events: &[xtask_core::event::Event]| failures_and_findings(&Fold::of(events).finish());
    assert_eq!(of(&sample::green()), None);
    let report = of(&sample::every_outcome()).expect("it has failures");
    let sections: Vec<&str> = report.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    assert_eq!(sections, ["What to do next", "What went wrong", "Findings"]);
    let events = sample::green();
    let interrupted = of(&events[..events.len() - 1]).expect("a run that was killed is not well");
    assert!(interrupted.starts_with("# – interrupted"), "{interrupted}");
}

#[test]
fn a_report_that_github_would_not_show_leaves_the_others_of_its_step_alone() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let step = dir.path().join("step.md");
    let half = "x".repeat(600 * 1024);
    append(&step, &half).expect("there is room");
    let error = append(&step, &half).expect_err("both are too long");
    assert!(error.to_string().contains("beyond 1 MiB"), "{error}");
    assert_eq!(std::fs::read_to_string(&step).expect("the file"), half);
}
