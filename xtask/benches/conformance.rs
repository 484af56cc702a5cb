//! Whether xtask runs the tests that cargo runs, in any workspace: `cargo bench --package xtask --bench conformance -- DIR`.
//!
//! It runs `cargo test` over the packages that xtask selects there, then `test-matrix` and `integration`, and compares
//! the names and results of all tests. A test that needs a server fails under cargo alone, so give it one
//! (`DATABASE_URL`) or read its row with that in mind. It ends with 1 when the lists differ.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark is a program of its own")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// How often a test ended how: `services/a/src/lib.rs - f (line 3) ok`.
type Tests = BTreeMap<String, usize>;

fn main() -> ExitCode {
    let Some(workspace) = std::env::args().skip(1).find(|arg| !arg.starts_with("--")).map(PathBuf::from) else {
        println!("name a workspace: cargo bench --package xtask --bench conformance -- DIR");
        return ExitCode::SUCCESS;
    };
    let xtask = env!("CARGO_BIN_EXE_xtask");
    let cargos = tests(&output(cargo(&workspace).args(selection(xtask, &workspace)).arg("--no-fail-fast")));
    let mut ours = String::new();
    for stage in ["test-matrix", "integration"] {
        output(Command::new(xtask).current_dir(&workspace).args([stage, "--keep-going", "--force"]));
        ours += &logs(&workspace.join("target/xtask/runs/latest/logs"));
    }
    let ours = tests(&ours);
    let differences = differences(&cargos, &ours);
    println!("{} tests by cargo, {} by xtask", cargos.values().sum::<usize>(), ours.values().sum::<usize>());
    for (test, by_cargo, by_xtask) in &differences {
        println!("{test}: {by_cargo} by cargo, {by_xtask} by xtask");
    }
    if differences.is_empty() && !cargos.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// `cargo test` with the packages of the plan.
fn selection(xtask: &str, workspace: &Path) -> Vec<String> {
    let plan = output(Command::new(xtask).current_dir(workspace).args(["plan", "--json", "--only", "test-matrix"]));
    let plan: serde_json::Value = serde_json::from_str(&plan).expect("the plan is JSON");
    let tasks = plan["stages"][0]["tasks"].as_array().expect("a list of tasks");
    let compile =
        tasks.iter().find(|task| task["id"] == "test-services:compile").expect("the workspace has unit tests");
    let words = compile["command"].as_array().expect("a list of words").iter().skip(1);
    let words = words.map(|word| word.as_str().expect("a word").to_owned());
    words.filter(|word| !["--no-run", "--message-format=json", "--lib", "--bins"].contains(&word.as_str())).collect()
}

fn cargo(workspace: &Path) -> Command {
    let mut cargo = Command::new("cargo");
    // What the cargo of this benchmark has set for it would choose another toolchain and other flags.
    let own = std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("CARGO") && name != "CARGO_HOME");
    for name in own {
        cargo.env_remove(name);
    }
    cargo.current_dir(workspace);
    cargo
}

/// What a command prints, whatever its exit code.
fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("run {command:?}: {error}"));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn logs(directory: &Path) -> String {
    let logs = std::fs::read_dir(directory).unwrap_or_else(|error| panic!("read {}: {error}", directory.display()));
    let read = |path: PathBuf| String::from_utf8_lossy(&std::fs::read(path).expect("a log is read")).into_owned();
    logs.map(|log| read(log.expect("a log is listed").path()) + "\n").collect()
}

/// The lines that libtest prints of single tests.
fn tests(text: &str) -> Tests {
    let mut tests = Tests::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("test ")?.split_once(" ... ")) {
        let how = line.1.split([',', ' ']).next().unwrap_or_default();
        *tests.entry(format!("{} {how}", line.0)).or_default() += 1;
    }
    tests
}

fn differences<'a>(cargos: &'a Tests, ours: &'a Tests) -> Vec<(&'a str, usize, usize)> {
    let mut all: Vec<&String> = cargos.keys().chain(ours.keys()).collect();
    all.sort_unstable();
    all.dedup();
    let times = |tests: &Tests, test: &String| tests.get(test).copied().unwrap_or(0);
    let counted = all.into_iter().map(|test| (test.as_str(), times(cargos, test), times(ours, test)));
    counted.filter(|(_, by_cargo, by_xtask)| by_cargo != by_xtask).collect()
}
