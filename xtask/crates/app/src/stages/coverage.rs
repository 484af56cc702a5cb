//! Stage 3: how much of the services their tests reach, and whether that is enough.
//!
//! With cargo-llvm-cov the instrumented tests are ordinary test binaries: those that another stage of the run runs
//! anyway run there, the others here, and then the numbers are computed from the profiles of all of them.
//! cargo-tarpaulin runs the tests itself.

use super::targets::with_integration_tests;
use super::{Context, Stage, instrument, integration, test_services};
use crate::cli::{EngineOption, Selection, ServersOption, StageCommand};
use crate::settings::Engine;
use std::sync::Arc;
use xtask_cargo::readers::{CoverageGate, LlvmCov, Tarpaulin};
use xtask_core::catalogue::Tool;
use xtask_core::error::Result;
use xtask_core::ids::{StageId, TaskId};
use xtask_core::pipeline::{CODE_COVERAGE, Definition, INTEGRATION_TESTS, TEST_SERVICES};
use xtask_core::purpose::Purpose;
use xtask_core::reader::{ExitCode, Read};
use xtask_engine::plan::Task;
use xtask_engine::plan::task::Universe;

/// The measurement, and the gate that it must pass.
#[derive(Clone, Copy, Debug)]
pub struct CodeCoverage;

impl Stage for CodeCoverage {
    fn definition(&self) -> Definition {
        Definition::specified(CODE_COVERAGE)
    }

    fn commands(&self) -> Vec<StageCommand> {
        let about = "Measure test coverage, and check it against the configured minimum";
        let command = StageCommand::new(CODE_COVERAGE, "coverage", about).takes::<Selection>();
        vec![command.takes::<EngineOption>().takes::<ServersOption>()]
    }

    fn tasks(&self, context: Context<'_>) -> Result<Vec<Task>> {
        let stage = StageId::new(CODE_COVERAGE);
        if context.settings.engine == Engine::Tarpaulin {
            return Ok(tarpaulin(context, &stage));
        }
        let mut tasks = instrument::tasks(context, &stage);
        // No number is computed from a part: each of the tests that count must have passed.
        let mut ran = Vec::new();
        let mut count = |home: &str, tests: fn(Context<'_>, &StageId) -> Vec<Task>| {
            let there = context.runs(home);
            let tests = tests(context, &if there { StageId::new(home) } else { stage.clone() });
            ran.extend(tests.iter().map(|task| task.id.clone()));
            if !there {
                tasks.extend(tests);
            }
        };
        count(TEST_SERVICES, test_services::unit_tests);
        if instrument::counts_integration(context) {
            count(INTEGRATION_TESTS, integration::tests);
        }
        tasks.extend(reports(context, &stage, &ran));
        Ok(tasks)
    }
}

/// The number for the gate, and the files for Codecov and for editors.
fn reports(context: Context<'_>, stage: &StageId, after: &[TaskId]) -> Vec<Task> {
    let env_from = instrument::needs(context);
    let directory = context.workspace.target_dir.join("xtask").join("coverage");
    let path = |name: &str| directory.join(name).to_string_lossy().into_owned();
    let report = |name: &str, args: &[&str], (purpose, reader): (Purpose, Arc<dyn Read>)| Task {
        // It reads the profiles of instrumented tests: by hand, these have to run first.
        repeat: Some("cargo xtask coverage".to_owned()),
        reader,
        purpose,
        needs: env_from.iter().chain(after).cloned().collect(),
        env_from: env_from.clone(),
        universe: Some(Universe::Coverage),
        tools: vec![Tool::LLVM_COV, Tool::LLVM_TOOLS],
        ..Task::new(
            stage,
            name,
            context.cargo().args(["llvm-cov", "report"]).args(args.iter().copied()).args(left_out(context)),
            context.timeout,
        )
    };
    vec![
        report("gate", &["--json", "--summary-only"], (Purpose::Coverage, Arc::new(LlvmCov::new(gate(context), None)))),
        report("lcov", &["--lcov", "--output-path", &path("lcov.info")], (Purpose::Command, Arc::new(ExitCode))),
        report(
            "cobertura",
            &["--cobertura", "--output-path", &path("cobertura.xml")],
            (Purpose::Command, Arc::new(ExitCode)),
        ),
    ]
}

/// Programs without tests are measured only when something else has built them: they never count, so that the number
/// does not depend on what ran before.
fn left_out(context: Context<'_>) -> Vec<String> {
    let sources = context.packages.iter().flat_map(|package| &package.untested_sources);
    let sources = sources.map(|path| path.strip_prefix(&context.workspace.root).unwrap_or(path));
    let patterns: Vec<String> = sources.map(|path| format!("/{}$", escaped(&path.to_string_lossy()))).collect();
    if patterns.is_empty() { Vec::new() } else { vec!["--ignore-filename-regex".to_owned(), patterns.join("|")] }
}

/// A text as a regular expression that matches it and nothing else.
fn escaped(text: &str) -> String {
    let special = |c: char| r"\.+*?()|[]{}^$".contains(c);
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

/// One call that compiles, runs and measures. It is one command, so all of its integration tests share a database.
fn tarpaulin(context: Context<'_>, stage: &StageId) -> Vec<Task> {
    let directory = context.workspace.target_dir.join("xtask").join("coverage");
    let report = directory.join("tarpaulin-report.json");
    let target = instrument::directory(context, "tarpaulin");
    let all = instrument::counts_integration(context);
    let tested = if all { with_integration_tests(context) } else { Vec::new() };
    let servers = integration::servers(context, stage, &tested, |_| stage.to_string());
    // `--tests` are the unit tests and the integration tests; each further flag would run its tests once more.
    let targets: &[&str] = if all { &["--tests"] } else { &["--lib", "--bins"] };
    let command = context
        .resolving("tarpaulin")
        .args(["--engine", "llvm", "--skip-clean", "--target-dir", &target])
        .args(targets.iter().copied())
        .args(context.package_args(context.packages))
        .args(["--out", "Lcov", "--out", "Xml", "--out", "Json", "--output-dir", &directory.to_string_lossy()]);
    let needs: Vec<TaskId> = servers.iter().map(|task| task.id.clone()).collect();
    let measure = Task {
        reader: Arc::new(Tarpaulin::new(gate(context), Some(report))),
        purpose: Purpose::Coverage,
        universe: Some(Universe::Coverage),
        tools: vec![Tool::TARPAULIN],
        env_from: needs.clone(),
        needs,
        ..Task::new(stage, "tarpaulin", command, context.timeout)
    };
    servers.into_iter().chain([measure]).collect()
}

fn gate(context: Context<'_>) -> CoverageGate {
    let names = context.packages.iter().map(|package| package.name.as_str());
    let floors = &context.settings.config.coverage_floors;
    CoverageGate {
        minimum: context.settings.config.coverage_minimum,
        floors: names.filter_map(|name| Some((name.to_owned(), *floors.get(name)?))).collect(),
        packages: context.packages.iter().map(|package| (package.name.clone(), package.dir.clone())).collect(),
    }
}
