//! Stage 3: how much of the services their unit tests reach, and whether that is enough.
//!
//! With cargo-llvm-cov the instrumented tests are ordinary test binaries: when the run has the test stage too, these
//! are the ones that it runs, and here only the numbers are drawn from them. cargo-tarpaulin runs the tests itself.

use super::{Context, instrument, test_services};
use crate::plan::pipeline::{CODE_COVERAGE, TEST_SERVICES};
use crate::plan::task::{CoverageGate, Universe};
use crate::plan::{Reader, StageId, Task, TaskId};
use crate::settings::Engine;
use crate::tools::catalogue::Tool;

/// The tasks of the stage. `suite_runs_elsewhere`: the test stage of the same run is instrumented.
pub fn plan(context: Context<'_>, suite_runs_elsewhere: bool) -> Vec<Task> {
    let stage = StageId::new(CODE_COVERAGE);
    if context.settings.engine == Engine::Tarpaulin {
        return vec![tarpaulin(context, &stage)];
    }
    if suite_runs_elsewhere {
        let environment = StageId::new(TEST_SERVICES).task(instrument::ENVIRONMENT);
        return reports(context, &stage, &environment, &[]);
    }
    let mut tasks = instrument::tasks(context, &stage);
    let env_from: Vec<TaskId> = tasks.iter().map(|task| task.id.clone()).collect();
    let tests = test_services::unit_tests(context, &stage, &env_from);
    let ran: Vec<TaskId> = tests.iter().map(|task| task.id.clone()).collect();
    tasks.extend(tests);
    let reports = reports(context, &stage, &stage.task(instrument::ENVIRONMENT), &ran);
    tasks.extend(reports);
    tasks
}

/// The number for the gate, and the files for Codecov and for editors.
fn reports(context: Context<'_>, stage: &StageId, environment: &TaskId, after: &[TaskId]) -> Vec<Task> {
    let folder = context.workspace.target_dir.join("xtask").join("coverage");
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let report = |name: &str, args: &[&str], reader: Reader| Task {
        // It reads what instrumented tests have left: by hand, these have to run first.
        repeat: Some("cargo xtask coverage".to_owned()),
        reader,
        needs: std::iter::once(environment.clone()).chain(after.iter().cloned()).collect(),
        env_from: vec![environment.clone()],
        universe: Some(Universe::Coverage),
        tools: vec![Tool::LlvmCov, Tool::LlvmTools],
        ..Task::new(
            stage,
            name,
            context.cargo().args(["llvm-cov", "report"]).args(args.iter().copied()).args(left_out(context)),
            context.timeout,
        )
    };
    vec![
        report("gate", &["--json", "--summary-only"], Reader::LlvmCov(gate(context))),
        report("lcov", &["--lcov", "--output-path", &path("lcov.info")], Reader::ExitCode),
        report("cobertura", &["--cobertura", "--output-path", &path("cobertura.xml")], Reader::ExitCode),
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

fn tarpaulin(context: Context<'_>, stage: &StageId) -> Task {
    let folder = context.workspace.target_dir.join("xtask").join("coverage");
    let report = folder.join("tarpaulin-report.json");
    let target = context.workspace.target_dir.join("tarpaulin").to_string_lossy().into_owned();
    let packages = context.package_args(context.packages);
    let command = context
        .resolving("tarpaulin")
        .args(["--engine", "llvm", "--skip-clean", "--lib", "--bins", "--target-dir", &target])
        .args(packages)
        .args(["--out", "Lcov", "--out", "Xml", "--out", "Json", "--output-dir", &folder.to_string_lossy()]);
    Task {
        reader: Reader::Tarpaulin { gate: gate(context), report },
        universe: Some(Universe::Coverage),
        tools: vec![Tool::Tarpaulin],
        ..Task::new(stage, "tarpaulin", command, context.timeout)
    }
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
