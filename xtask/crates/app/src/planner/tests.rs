//! What each command line plans in a small workspace, as `--dry-run` prints it: no process, no file, a few milliseconds.

mod configured;
mod names;
mod order;
mod selected;

use super::*;
use crate::cli::Commands;
use crate::cli::{Cli, Selection, StageCommand};
use crate::settings::Unseen;
use serde_json::{Value, json};
use std::path::Path;
use std::time::SystemTime;
use xtask_core::catalogue::Tool;
use xtask_core::command::Command;
use xtask_core::error::Exit;
use xtask_core::pipeline::Definition;
use xtask_core::workspace::Package;
use xtask_engine::plan::Task;
use xtask_engine::plan::render;
use xtask_process::environment::{Environment, Terminals};

/// A service with all kinds of tests, a library with doc tests, and a tool that is not a service.
fn shop(metadata: Value) -> Workspace {
    let package = |name: &str, dir: &str| Package {
        name: name.to_owned(),
        id: format!("path+file:///shop/{dir}#0.1.0"),
        dir: format!("/shop/{dir}").into(),
        roots: vec![format!("/shop/{dir}/src/main.rs").into()],
        ..Package::default()
    };
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let packages = vec![
        Package {
            programs: names(&["cart-service"]),
            tested_programs: names(&["cart-service"]),
            integration_tests: names(&["api"]),
            metadata: json!({ "service": { "needs": ["postgres"] } }),
            ..package("cart-service", "services/cart")
        },
        Package { crate_name: "money".to_owned(), library_tests: true, doc_tests: true, ..package("money", "money") },
        Package { programs: names(&["tool"]), ..package("tool", "tool") },
    ];
    Workspace {
        root: "/shop".into(),
        target_dir: "/shop/target".into(),
        has_lock_file: true,
        packages,
        metadata,
        ..Workspace::default()
    }
}

/// What `cargo xtask LINE` plans there.
fn planned(line: &str, metadata: Value) -> Result<Plan> {
    planned_by(&Pipeline::default(), line, metadata)
}

/// The same in a program with these stages.
fn planned_by(pipeline: &Pipeline, line: &str, metadata: Value) -> Result<Plan> {
    let workspace = shop(metadata);
    build(&workspace, &resolved(pipeline, line, &workspace)?, pipeline)
}

/// The settings of `cargo xtask LINE` in a workspace.
fn resolved(pipeline: &Pipeline, line: &str, workspace: &Workspace) -> Result<Settings> {
    let environment = Environment {
        vars: [("PATH".to_owned(), "/usr/bin".to_owned())].into(),
        cwd: "/shop".into(),
        temp: "/tmp".into(),
        built_in: Some("/shop/target/debug".into()),
        terminal: Terminals::default(),
        columns: 80,
        cpus: 4,
        now: SystemTime::UNIX_EPOCH,
        pid: 1,
    };
    let cli = Cli::of_line(line, &Commands { stages: pipeline.commands(), ..Commands::default() });
    Settings::resolve(&cli.command, &environment, workspace, &Unseen, &pipeline.definitions())
}

/// Why `cargo xtask LINE` cannot be planned: a mistake of the user's.
#[track_caller]
fn refused(line: &str, metadata: Value) -> String {
    let error = planned(line, metadata).expect_err("it is refused");
    assert_eq!(error.exit(), Exit::Usage, "{error}");
    error.to_string()
}

/// The same as `--dry-run` prints it.
fn plan(line: &str) -> String {
    render::commands(&planned(line, Value::Null).expect("it can be planned"))
}

#[test]
fn one_compile_serves_the_tests_of_all_stages() {
    insta::assert_snapshot!(plan("ci --only test-services --only integration-tests"), @"
        # test-services (5 tasks)
        cargo test --locked --workspace --no-run --message-format=json
          # run the compiled unit tests of cart-service
          # run the compiled unit tests of money
        cargo test --locked --workspace --doc --no-fail-fast
          # take the results of money from test-services:doc
        # integration-tests (2 tasks)
          # start PostgreSQL for cart-service, unless a running one is given
          # run the compiled integration tests of cart-service
    ");
}

#[test]
fn what_coverage_counts_is_instrumented_once() {
    insta::assert_snapshot!(plan("coverage"), @"
        # code-coverage (10 tasks)
        CARGO_TARGET_DIR=/shop/target/llvm-cov-26315ce1 cargo llvm-cov show-env
        cargo llvm-cov clean --profraw-only
        cargo test --locked --workspace --no-run --message-format=json
          # run the compiled unit tests of cart-service
          # run the compiled unit tests of money
          # start PostgreSQL for cart-service, unless a running one is given
          # run the compiled integration tests of cart-service
        cargo llvm-cov report --json --summary-only
        cargo llvm-cov report --lcov --output-path /shop/target/xtask/coverage/lcov.info
        cargo llvm-cov report --cobertura --output-path /shop/target/xtask/coverage/cobertura.xml
    ");
}

#[test]
fn a_stage_alone_needs_no_other() {
    insta::assert_snapshot!(plan("test-matrix money"), @"
        # test-services (4 tasks)
        cargo test --locked --package money --lib --no-run --message-format=json
          # run the compiled unit tests of money
        cargo test --locked --package money --doc --no-fail-fast
          # take the results of money from test-services:doc
    ");
    insta::assert_snapshot!(plan("lint"), @"
        # format-and-lint (1 task)
        cargo clippy --locked --workspace --all-targets --message-format=json -- -D warnings
    ");
    insta::assert_snapshot!(plan("audit"), @"
        # security-audit (3 tasks)
        cargo audit --json
        cargo deny --format json check bans sources
        cargo deny --format json check advisories
    ");
    insta::assert_snapshot!(plan("deps"), @"
        # dependency-check (2 tasks)
        cargo update --dry-run --verbose --color=never
        cargo tree --locked --workspace --duplicates --depth 0 --color=never
    ");
    insta::assert_snapshot!(plan("integration --servers local"), @"
        # integration-tests (3 tasks)
          # start PostgreSQL as installed on this machine for cart-service
        cargo test --locked --workspace --no-run --message-format=json
          # run the compiled integration tests of cart-service
    ");
    insta::assert_snapshot!(plan("build cart"), @"
        # build-release (1 task)
        cargo build --locked --release --package cart-service --bins --message-format=json
    ");
}

#[test]
fn the_options_of_a_stage_reach_its_commands_and_no_others() {
    insta::assert_snapshot!(plan("fmt --fix cart"), @"
        # format-and-lint (1 task)
        cargo fmt --package cart-service
    ");
    insta::assert_snapshot!(plan("lint money -- -W clippy::nursery"), @"
        # format-and-lint (1 task)
        cargo clippy --locked --package money --all-targets --message-format=json -- -D warnings -W clippy::nursery
    ");
    insta::assert_snapshot!(plan("test-matrix cart -- --nocapture"), @"
        # test-services (2 tasks)
        cargo test --locked --package cart-service --bins --no-run --message-format=json
          # run the compiled unit tests of cart-service with `--nocapture`
    ");
    insta::assert_snapshot!(plan("audit --advisory-db db"), @"
        # security-audit (2 tasks)
        cargo audit --json --db /shop/db --no-fetch
        cargo deny --format json check bans sources
    ");
}

#[test]
fn the_pipeline_of_a_pull_request() {
    let plan = planned("ci", Value::Null).expect("it can be planned");
    insta::assert_snapshot!(render::tree(&plan), @"
        pull-request · 1 service
        ├─ format-and-lint
        │     blocking: 2 tasks
        ├─ test-services ← format-and-lint
        │     blocking: 7 tasks, at most 6 at once
        ├─ code-coverage ← test-services
        │     blocking: 3 tasks
        ├─ security-audit ← format-and-lint
        │     warning: 3 tasks
        ├─ dependency-check ← format-and-lint
        │     info: 2 tasks
        ├─ integration-tests ← test-services
        │     blocking: 2 tasks
        ├─ build-release ← format-and-lint, test-services, security-audit
        │     blocking: 1 task
        └─ quality-report ← test-services, code-coverage, security-audit
              reporting: 1 task
    ");
}

#[test]
fn a_stage_of_the_workspaces_own_has_its_place() {
    let stages = json!({ "stages": { "docs": { "command": ["mdbook", "build"], "needs": ["format-and-lint"] } } });
    let plan = planned("ci --only docs", stages).expect("it can be planned");
    insta::assert_snapshot!(render::commands(&plan), @"
        # docs (1 task)
        mdbook build
    ");
}

/// A stage that a program adds to the built-in ones.
#[derive(Debug)]
struct Licences;

#[derive(clap::Args, Clone, Copy, Debug, Default)]
struct Strict {
    /// Deny what is not known
    #[arg(long)]
    strict: bool,
}

impl stages::Stage for Licences {
    fn definition(&self) -> Definition {
        Definition {
            subcommand: "licences".to_owned(),
            policy: Policy::Warning,
            needs: vec![StageId::new("format-and-lint")],
            ..Definition::new("licence-check")
        }
    }

    fn commands(&self) -> Vec<StageCommand> {
        let command = StageCommand::new("licence-check", "licences", "Check licences");
        vec![command.takes::<Selection>().takes::<Strict>()]
    }

    fn tasks(&self, context: Context<'_>) -> Result<Vec<Task>> {
        let check = |package: &&Package| {
            let strict = context.settings.own::<Strict>().strict.then_some("--fail");
            let command = context.cargo().args(["about", "generate", &package.name]).args(strict);
            Task::of_package(&self.definition().id, &package.name, command, context.timeout)
        };
        Ok(context.packages.iter().filter(|package| context.has_image(package)).map(check).collect())
    }
}

#[test]
fn a_stage_of_another_program_is_planned_selected_and_configured_like_a_built_in_one() {
    let pipeline = Pipeline::default().with(Licences);
    let settings =
        json!({ "stages": { "licence-check": { "policy": "blocking", "max-parallel": 1, "timeout": "7s" } } });
    let plan = |line: &str| planned_by(&pipeline, line, settings.clone()).expect("it can be planned");
    let plan_of_one = plan("ci --only licence-check");
    insta::assert_snapshot!(render::commands(&plan_of_one), @"
        # licence-check (1 task)
        cargo about generate cart-service
    ");
    assert_eq!(plan_of_one.stages[0].tasks[0].timeout.as_secs(), 7);
    let stage = |plan: Plan| plan.stages.into_iter().find(|stage| stage.id.as_str() == "licence-check");
    let in_pipeline = stage(plan("ci")).expect("it is part of the pipeline");
    assert_eq!((in_pipeline.policy, in_pipeline.max_parallel), (Policy::Blocking, Some(1)));
    assert_eq!(in_pipeline.needs, [StageId::new("format-and-lint")]);
    let skipped = stage(plan("ci --skip licences")).and_then(|stage| stage.left_out).map(|(how, _)| how);
    assert_eq!(skipped, Some(Outcome::Skipped));
    insta::assert_snapshot!(render::commands(&plan("licences cart --strict")), @"
        # licence-check (1 task)
        cargo about generate cart-service --fail
    ");
    let nothing = stage(plan("ci money")).and_then(|stage| stage.left_out).map(|(_, why)| why);
    assert_eq!(nothing.as_deref(), Some("no selected package has anything for it"));
}

/// A command of xtask is advice to a person: no task runs one.
#[test]
fn a_task_shows_the_command_that_it_runs_or_a_sentence() {
    let staging = json!({ "environments": { "staging": { "context": "staging", "namespace": "shop" } } });
    let mut sentences = Vec::new();
    for line in [
        "ci --event push",
        "coverage",
        "docker --builder docker",
        "deploy staging --resume",
        "rollback staging --to r1",
    ] {
        let json = render::json(&planned(line, staging.clone()).expect("it can be planned"));
        let stages = json["stages"].as_array().expect("a plan has stages");
        for task in stages.iter().flat_map(|stage| stage["tasks"].as_array().expect("a stage has tasks")) {
            assert_eq!(task["does"].is_string(), task["command"] == json!([]), "{task}");
            assert_ne!(task["command"][1], "xtask", "{task}");
            sentences.extend(task["does"].as_str().map(str::to_owned));
        }
    }
    for sentence in [
        "run the compiled unit tests of cart-service",
        "start PostgreSQL for cart-service, unless a running one is given",
        "pack the image of cart-service from the programs of build-release:release",
        "write a Dockerfile to target/xtask/docker, and beside it the files that the build may read",
        "deploy cart-service to staging",
        "smoke-test cart-service in staging",
        "resume the interrupted deployment to staging",
        "roll staging back to the state of run r1",
    ] {
        assert!(sentences.iter().any(|known| known == sentence), "{sentence:?} is not in {sentences:#?}");
    }
}

#[test]
fn what_happens_in_an_environment_is_a_stage_named_after_it() {
    let live = json!({ "environments": { "live": { "context": "live", "namespace": "shop" } } });
    let plan = |line: &str| render::commands(&planned(line, live.clone()).expect("it can be planned"));
    insta::assert_snapshot!(plan("deploy live cart"), @"
        # deploy-live (1 task)
          # deploy cart-service to live
    ");
    insta::assert_snapshot!(plan("rollback live"), @"
        # rollback-live (1 task)
          # roll live back to the state before its last deployment
    ");
    insta::assert_snapshot!(plan("smoke live"), @"
        # smoke-test (1 task)
          # smoke-test cart-service in live
    ");
    insta::assert_snapshot!(plan("ci --event push --only deploy --only smoke --only notify"), @"
        # deploy-staging (there is no environment `staging` in the configuration, or it is guarded)
        # smoke-test (there is no environment `staging` in the configuration, or it is guarded)
        # notify (no webhook is set: XTASK_SLACK_WEBHOOK or XTASK_WEBHOOK)
    ");
}

#[test]
fn a_tool_is_installed_before_the_tasks_that_call_it_and_beside_all_others() {
    let mut plan = planned("ci --only fmt --only audit", Value::Null).expect("it can be planned");
    let command = |line: &str| Command::new("pip", Path::new("/shop")).args(line.split(' '));
    plan.install_first(&[(Tool::AUDIT, vec![command("venv"), command("install audit")])]);
    insta::assert_snapshot!(render::commands(&plan), @"
        # setup (2 tasks, at most 1 at once)
        pip venv
        pip install audit
        # format-and-lint (2 tasks)
        cargo fmt --all --check -- --color=never
        cargo clippy --locked --workspace --all-targets --message-format=json -- -D warnings
        # security-audit (3 tasks)
        cargo audit --json
        cargo deny --format json check bans sources
        cargo deny --format json check advisories
    ");
    let waits = |on: &str| {
        let waiting = plan.tasks().filter(|task| task.needs.iter().any(|need| need.as_str() == on));
        waiting.map(|task| task.id.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(waits("setup:cargo-audit-1"), ["setup:cargo-audit"]);
    assert_eq!(waits("setup:cargo-audit"), ["security-audit:cargo-audit"]);
}

#[test]
fn xtask_itself_makes_the_report() {
    insta::assert_snapshot!(plan("ci --only report"), @"
    # quality-report (1 task)
      # write the report of the run so far to report.md in the run's directory
    ");
}
