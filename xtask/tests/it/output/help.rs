//! The help, the completion scripts and the documentation's examples: what a user meets first.

#![expect(clippy::disallowed_methods, reason = "a test is no part of xtask, and starts bash as a user would")]

use crate::support::sandbox::Sandbox;
use insta::assert_snapshot;
use own_tests::OwnTests;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use xtask_app::cli::Cli;
use xtask_app::program::Program;

/// The commands that people type.
fn subcommands() -> Vec<String> {
    let cli = Cli::program(&Program::default().command(OwnTests).commands());
    let typed = cli.get_subcommands().filter(|command| !command.is_hide_set());
    typed.map(|command| command.get_name().to_owned()).collect()
}

/// The lines of a help text that are headings.
fn headings(help: &str) -> Vec<&str> {
    help.lines().filter(|line| !line.starts_with(' ') && line.ends_with(':')).collect()
}

#[test]
fn the_help_lists_every_command_and_every_exit_code() {
    let output = Sandbox::new().file("x", "").run(&["--help"]);
    let help = &output.stdout;
    for name in subcommands() {
        assert!(help.contains(&format!("\n  {name} ")), "{name} is missing:\n{help}");
    }
    assert_snapshot!(output, @"
    exit code 0
    ----- stdout -----
    Run the workspace's pipeline, the same on a laptop and in CI

    Usage: cargo xtask [OPTIONS] <COMMAND>

    Commands:
      ci           Run the pipeline of a pull request, as CI does
      fmt          Check formatting with rustfmt
      lint         Lint with clippy; any warning fails
      test-matrix  Run unit and doc tests, counted per service
      coverage     Measure test coverage, and check it against the configured minimum
      audit        Audit dependencies: advisories, licences, bans and sources
      deps         List outdated and duplicate dependencies
      integration  Run integration tests against real servers
      build        Build the services in release mode
      docker       Build an image of every service; push them with `--push`
      deploy       Deploy services to an environment; roll back on failure
      rollback     Restore what ran before the last deployment
      status       Show what runs in an environment
      smoke        Smoke-test an environment; roll back on failure if `rollback-on-smoke` is set
      report       Report on the latest run, in Markdown or JSON
      notify       Send a report on the latest run to Slack, another webhook and GitHub
      plan         Print what a run would do
      graph        Draw the stages and their needs
      matrix       Print the packages of a stage as a job matrix for GitHub Actions
      init         Make this workspace use xtask: show the changes, ask, and write them
      new-service  Create a service from the workspace's template
      doctor       List tools and versions, and how to install missing ones
      setup        Install missing tools for the pull request pipeline
      schema       Print the JSON schema of the configuration, for editors
      completions  Generate a completion script for a shell
      test         Run this repository's own tests, and install what they need
      help         Print this message or the help of the given subcommand(s)

    Options:
      -V, --version  Print version

    Global options:
      -C, --directory <DIR>  Run as if started in DIR
      -q, --quiet            Print only failures and the verdict
      -v, --verbose          Also print each task's command as it starts
          --color <WHEN>     Control colours [default: auto] [possible values: auto, always, never]
      -h, --help             Print help

    Exit codes:
      0    success; warnings are allowed
      1    a gate failed
      2    invalid command line or configuration
      3    environment error: a tool, the network or the disk
      4    nothing selected, or nothing to do
      5    timed out
      6    another run holds this checkout, or another deployment the environment
      7    a deployment failed; the previous state is restored and verified
      8    a deployment failed and needs manual intervention
      70   a bug in xtask
      130  interrupted (143 by SIGTERM, 129 by SIGHUP)

    Run `cargo xtask doctor` to check the tools. See README.md and docs/ for more.
    ");
}

#[test]
fn every_commands_help_groups_its_options() {
    let sandbox = Sandbox::new();
    sandbox.file("x", "");
    let known = ["Arguments:", "Selection:", "Stage options:", "Run options:", "Output options:", "Global options:"];
    for name in subcommands() {
        let help = sandbox.run(&[&name, "--help"]).exits(0).stdout;
        let found = headings(&help);
        let in_order: Vec<&str> = known.into_iter().filter(|heading| found.contains(heading)).collect();
        assert_eq!(found, in_order, "{name}");
        assert!(help.contains("  -h, --help"), "{name}");
    }
}

#[test]
fn every_help_text_is_one_short_sentence_without_a_dot() {
    let cli = Cli::program(&Program::default().command(OwnTests).commands());
    for command in cli.get_subcommands() {
        let own = command.get_about().map(ToString::to_string);
        let options = command.get_arguments().filter(|argument| !argument.is_hide_set());
        let texts: Vec<String> =
            own.into_iter().chain(options.filter_map(|it| Some(it.get_help()?.to_string()))).collect();
        assert!(!texts.is_empty(), "{command} has no help");
        for text in texts {
            let shape = text.starts_with(char::is_uppercase) && !text.ends_with('.') && !text.contains('\n');
            assert!(shape && text.len() < 100, "{command}: {text}");
        }
    }
}

#[test]
fn nothing_typed_is_a_usage_error_that_shows_the_help() {
    let sandbox = Sandbox::new();
    let help = sandbox.file("x", "").run(&["--help"]).exits(0);
    let nothing = sandbox.run(&[]).exits(2);
    assert_eq!((nothing.stdout.as_str(), nothing.stderr), ("", help.stdout));
}

#[test]
fn the_completion_script_is_one_that_the_shell_takes() {
    let sandbox = Sandbox::new();
    let script = sandbox.file("x", "").run(&["completions", "bash"]).exits(0).stdout;
    assert!(script.contains("test-matrix"));
    let mut bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn().expect("bash starts");
    bash.stdin.take().expect("it is piped").write_all(script.as_bytes()).expect("bash reads");
    assert!(bash.wait().expect("bash ends").success());
}

/// README.md and every document in `docs/`.
fn documents() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository");
    let docs = fs::read_dir(root.join("docs")).expect("docs/ is readable").map(|entry| entry.expect("an entry").path());
    let docs = docs.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let paths = docs.chain([root.join("README.md")]);
    paths.map(|path| fs::read_to_string(path).expect("a document is readable")).collect()
}

#[test]
fn the_documented_configuration_is_valid() {
    let documents = documents();
    let blocks = documents.iter().flat_map(|text| text.split("```toml\n").skip(1));
    let blocks: Vec<&str> = blocks.filter_map(|rest| Some(rest.split_once("```")?.0)).collect();
    assert_eq!(blocks.len(), 4, "the documentation has other examples now");
    let plan = |example: &str| {
        let sandbox = Sandbox::with_services(&["auth-service", "benchmarks", "xtask"]);
        sandbox.append("Cargo.toml", example);
        sandbox.run(&["plan"]).exits(0).stdout
    };
    let plans: Vec<String> = blocks.iter().map(|block| plan(block)).collect();
    let own = plans.iter().filter(|plan| plan.contains("# licence-headers (1 task)\nreuse lint"));
    assert_eq!(own.count(), 1, "{plans:?}");
    let code = documents.iter().flat_map(|text| text.split('`'));
    let inline: Vec<&str> = code.filter(|code| code.starts_with("postgres = {")).collect();
    assert_eq!(inline.len(), 1, "one example changes a built-in server");
    plan(&format!("[workspace.metadata.xtask.integration.servers]\n{}\n", inline[0]));
}
