//! The audit warns and never blocks: a vulnerable dependency, a banned one, a licence that is not allowed. A tool that
//! could not look is not "no findings".

use crate::support::advisories::{advisory, with_vulnerable_dependency};
use crate::support::sandbox::cargo_behind;
use crate::support::sandbox::{Output, Sandbox};

/// Writes the database.
fn database(sandbox: &Sandbox) {
    advisory(sandbox, "old-time");
}

/// What the result says where no configuration allows licences.
const UNCHECKED: &str = "licences were not checked: no `deny.toml` has a table `[licenses]`";

/// The audit with the database of the workspace.
fn audit(sandbox: &Sandbox) -> Output {
    sandbox.run(&["audit", "--advisory-db", "advisories"])
}

#[test]
fn a_vulnerable_dependency_warns_and_the_build_goes_on() {
    let sandbox = with_vulnerable_dependency();
    database(&sandbox);
    let skipped = ["lint", "coverage", "deps"].iter().flat_map(|stage| ["--skip", *stage]);
    let args = ["ci", "--fail-fast", "--advisory-db", "advisories"].into_iter().chain(skipped);
    let output = sandbox.run(&args.collect::<Vec<_>>()).exits(0);
    assert_eq!(output.verdict(), "passed: 3 stages, 2 tests in TIME · security-audit failed, which does not block");
    let summary = sandbox.summary();
    assert_eq!(
        summary.stages(),
        [
            "test-services passed",
            "security-audit failed: cargo-audit: 1 vulnerability",
            "integration-tests nothing-to-do: no selected package has anything for it",
            "build-release passed",
            "quality-report passed"
        ]
    );
    assert_eq!(
        summary.tasks("security-audit"),
        [
            "security-audit:cargo-audit failed: 1 vulnerability".to_owned(),
            format!("security-audit:cargo-deny passed: {UNCHECKED}")
        ]
    );
    let task = summary.task("security-audit:cargo-audit");
    let finding = &task["findings"][0];
    assert_eq!((&finding["code"], &finding["package"]), (&"RUSTSEC-2020-0071".into(), &"old-time 0.1.43".into()));
    assert_eq!(finding["message"], "Potential segfault");
    assert_eq!(task["notes"][0], "advisory database: 1 advisory, its newest one of 2020-11-18");
}

#[test]
fn a_blocking_audit_stops_the_build() {
    let sandbox = with_vulnerable_dependency();
    database(&sandbox);
    sandbox.append("Cargo.toml", "\n[workspace.metadata.xtask.stages.security-audit]\npolicy = \"blocking\"\n");
    let only = ["--keep-going", "--only", "audit", "--only", "build", "--advisory-db", "advisories"];
    let output = sandbox.run(&[&["ci"][..], &only].concat()).exits(1);
    assert_eq!(output.verdict(), "failed: security-audit (cargo-audit: 1 vulnerability) · exit 1");
    assert_eq!(
        sandbox.summary().stages(),
        [
            "security-audit failed: cargo-audit: 1 vulnerability",
            "build-release skipped: needs `security-audit`, which failed"
        ]
    );
}

#[test]
fn a_waiver_holds_until_its_day_and_is_shown() {
    let waived = |expires: &str| {
        let sandbox = with_vulnerable_dependency();
        database(&sandbox);
        let waiver = format!("id = \"RUSTSEC-2020-0071\"\nreason = \"not reached\"\nexpires = \"{expires}\"\n");
        sandbox.append("Cargo.toml", &format!("[[workspace.metadata.xtask.audit.waivers]]\n{waiver}"));
        let output = audit(&sandbox).exits(0);
        let summary = sandbox.summary();
        let waived = summary.task("security-audit:cargo-audit")["findings"][0]["waived"].as_str().map(str::to_owned);
        (output.verdict().to_owned(), summary.stages(), waived)
    };
    let (verdict, stages, why) = waived("2999-12-31");
    assert_eq!(verdict, "passed: 1 stage in TIME");
    assert_eq!(stages, [format!("security-audit passed: {UNCHECKED}")]);
    assert_eq!(why.as_deref(), Some("not reached until 2999-12-31"));
    let (verdict, stages, why) = waived("2020-12-31");
    assert_eq!(verdict, "warning: security-audit failed (cargo-audit: 1 vulnerability), which does not block");
    assert_eq!(stages, ["security-audit failed: cargo-audit: 1 vulnerability"]);
    assert_eq!(why, None);
}

#[test]
fn a_licence_and_a_crate_that_are_not_allowed_are_found_by_cargo_deny() {
    let sandbox = with_vulnerable_dependency();
    database(&sandbox);
    sandbox.file(
        "registry/old-time/Cargo.toml",
        "[package]\nname = \"old-time\"\nversion = \"0.1.43\"\nlicense = \"GPL-3.0-only\"\n",
    );
    let deny =
        "[licenses]\nallow = [\"MIT\"]\nprivate = { ignore = true }\n[bans]\ndeny = [{ crate = \"old-time\" }]\n";
    sandbox.file("deny.toml", deny);
    audit(&sandbox).exits(0);
    let summary = sandbox.summary();
    assert_eq!(
        summary.tasks("security-audit"),
        [
            "security-audit:cargo-audit failed: 1 vulnerability",
            "security-audit:cargo-deny failed: 3 findings (banned, rejected and unlicensed)"
        ]
    );
    assert_eq!(
        summary.findings("security-audit:cargo-deny"),
        [
            "error banned -:-",
            "warning no-license-field -:-",
            "warning unlicensed -:-",
            "error unlicensed -:-",
            "error rejected -:-",
            "warning license-not-encountered -:-"
        ]
    );
}

/// A licence check that finds something: the dependency has a licence, and another one is allowed.
fn with_licences(path: &str) -> Sandbox {
    let sandbox = with_vulnerable_dependency();
    database(&sandbox);
    sandbox.file(
        "registry/old-time/Cargo.toml",
        "[package]\nname = \"old-time\"\nversion = \"0.1.43\"\nlicense = \"GPL-3.0-only\"\n",
    );
    let nowhere = "[advisories]\ndb-path = \"nowhere\"\ndb-urls = [\"https://localhost:9/db\"]\n";
    sandbox.file(path, &format!("{nowhere}[licenses]\nallow = [\"MIT\"]\nprivate = {{ ignore = true }}\n"));
    sandbox
}

#[test]
fn the_configuration_of_cargo_deny_is_found_where_cargo_deny_looks_for_it() {
    for path in ["deny.toml", ".deny.toml", ".cargo/deny.toml", "../deny.toml"] {
        let sandbox = with_licences(path);
        audit(&sandbox).exits(0);
        let tasks = sandbox.summary().tasks("security-audit");
        assert!(tasks[1].starts_with("security-audit:cargo-deny failed: 2 findings (rejected"), "{path}: {tasks:?}");
    }
    let sandbox = with_licences("elsewhere/deny.toml");
    sandbox.file("deny.toml", "[bans]\nmultiple-versions = \"deny\"\n");
    audit(&sandbox).exits(0).says(UNCHECKED);
}

/// Has the audit look for advisories where there are none.
fn without_database(sandbox: &Sandbox) {
    sandbox.file(
        ".cargo/audit.toml",
        "[database]\nurl = \"https://localhost:9/db\"\npath = \"nowhere\"\nfetch = true\nstale = false\n",
    );
    let advisories = "[advisories]\ndb-path = \"nowhere\"\ndb-urls = [\"https://localhost:9/db\"]\n";
    if !sandbox.root().join("deny.toml").exists() {
        sandbox.file("deny.toml", advisories);
    }
}

/// xtask as a step of GitHub Actions.
fn on_github(sandbox: &mut Sandbox) {
    let step = sandbox.beside("step.md");
    sandbox.var("GITHUB_ACTIONS", "true").var("CI", "true").var("NO_COLOR", "1").var("GITHUB_STEP_SUMMARY", step);
}

/// The lines that GitHub shows as annotations.
fn annotations(output: &Output) -> Vec<&str> {
    let is_one = |line: &&str| ["::error", "::warning", "::notice"].iter().any(|command| line.starts_with(command));
    output.stderr.lines().chain(output.stdout.lines()).filter(is_one).collect()
}

#[test]
fn an_audit_that_could_not_look_is_a_warning_of_the_pipeline_and_is_annotated_once() {
    let mut sandbox = with_vulnerable_dependency();
    without_database(&sandbox);
    on_github(&mut sandbox);
    let output = sandbox.run(&["ci", "--only", "fmt", "--only", "audit"]).exits(0);
    assert_eq!(
        output.verdict(),
        "passed: 1 stage in TIME · security-audit could not run, which does not block",
        "{}",
        output.stderr
    );
    let annotations = annotations(&output);
    let starts =
        "::warning title=security-audit::security-audit could not run: cargo-audit: advisories were not checked: ";
    assert!(annotations.len() == 1 && annotations[0].starts_with(starts), "{annotations:#?}");
    for part in ["; cargo-deny-advisories: advisories were not checked: failed to fetch", "; cargo-deny passed"] {
        assert!(annotations[0].contains(part), "{annotations:#?}");
    }
    let step = sandbox.read("../step.md");
    assert!(step.contains("| ! | `security-audit` | warning | could not run | "), "{step}");
    for text in [&output.stderr, &step] {
        let mut good =
            text.lines().filter(|line| line.contains("✓ security-audit") || line.contains("✓ | `security-audit"));
        assert!(good.all(|line| line.contains("security-audit:cargo-deny ")), "{text}");
    }
}

#[test]
fn an_audit_whose_tools_cannot_be_installed_could_not_look() {
    let mut sandbox = with_vulnerable_dependency();
    on_github(&mut sandbox);
    let (tools, cargo) = (sandbox.beside("tools"), sandbox.beside("cargo"));
    // The registry that is replaced by a directory has no tools, and no cargo can find them elsewhere.
    sandbox.var("XTASK_CACHE_DIR", tools).var("CARGO_HOME", cargo).var("CARGO_NET_OFFLINE", "true");
    let output = sandbox.run(&["ci", "--only", "fmt", "--only", "audit"]).exits(0);
    assert_eq!(
        output.verdict(),
        "passed: 1 stage in TIME · setup could not run and security-audit could not run, which do not block",
        "{}",
        output.stderr
    );
    let annotations = annotations(&output);
    let starts =
        "::warning title=setup::setup could not run: cargo-audit: exited with code 101: could not find `cargo-audit` ";
    assert!(annotations.len() == 1 && annotations[0].starts_with(starts), "{annotations:#?}");
    sandbox.run(&["audit"]).exits(3);
}

#[test]
fn a_stage_alone_that_could_not_do_its_work_says_so_with_its_exit_code() {
    let mut sandbox = Sandbox::with_services(&["a-service"]);
    let stub = "if [ \"$1\" = update ]; then echo 'error: Could not resolve host' >&2; exit 101; fi";
    sandbox.stub("cargo", &format!("{stub}\nexec \"$CARGO_BEHIND\" \"$@\""));
    sandbox.var("CARGO_BEHIND", cargo_behind());
    let output = sandbox.run(&["deps"]).exits(3);
    assert_eq!(
        output.verdict(),
        "could not run: dependency-check (outdated: cargo exited with code 101: Could not resolve h...) · exit 3"
    );
    let both = sandbox.run(&["ci", "--only", "deps", "--only", "fmt"]).exits(0);
    assert_eq!(both.verdict(), "passed: 1 stage in TIME · dependency-check could not run, which does not block");
}

#[test]
fn without_network_licences_bans_and_sources_are_checked_and_advisories_are_said_to_be_missing() {
    let sandbox = with_licences("deny.toml");
    without_database(&sandbox);
    let output = sandbox.run(&["audit", "--keep-going"]).exits(3);
    // What was found does not hide what was not looked at.
    output.says("; cargo-deny-advisories: advisories were not checked: ").says("; cargo-deny: 2 findings (rejected");
    let tasks = sandbox.summary().tasks("security-audit");
    let starts = [
        "security-audit:cargo-audit environment-error: advisories were not checked: ",
        "security-audit:cargo-deny failed: 2 findings (rejected",
        "security-audit:cargo-deny-advisories environment-error: advisories were not checked: failed to fetch advisory database",
    ];
    assert_eq!(tasks.len(), starts.len(), "{tasks:?}");
    for (task, start) in tasks.iter().zip(starts) {
        assert!(task.starts_with(start), "{task:?} is not {start:?}");
    }
}

#[test]
fn a_database_that_is_none_is_not_a_clean_bill() {
    let sandbox = with_vulnerable_dependency();
    let output = audit(&sandbox).exits(3);
    assert_eq!(
        output.verdict(),
        "could not run: security-audit (cargo-audit: advisories were not checked: error loading a...) · exit 3"
    );
    assert_eq!(
        sandbox.summary().tasks("security-audit"),
        [
            "security-audit:cargo-audit environment-error: advisories were not checked: error loading advisory database: I/O operation failed: failed to read directory `/w/advisories/crates`: No such file or directory (os error 2)".to_owned(),
            format!("security-audit:cargo-deny passed: {UNCHECKED}")
        ]
    );
    // A directory without one advisory in it is none either.
    sandbox.file("advisories/crates/README.md", "");
    assert_eq!(
        audit(&sandbox).exits(3).verdict(),
        "could not run: security-audit (cargo-audit: advisories were not checked: the advisory da...) · exit 3"
    );
}

#[test]
fn a_command_that_is_printed_to_run_it_again_works_as_pasted() {
    let sandbox = with_vulnerable_dependency();
    database(&sandbox);
    sandbox.append("Cargo.toml", "[workspace.metadata.xtask.stages.security-audit]\npolicy = \"blocking\"\n");
    // The lock file is there, and must stay.
    sandbox.lock();
    // The tools lie in the cache of xtask, where no shell finds them.
    let output = audit(&sandbox).exits(1).says("again: cargo xtask audit --advisory-db advisories\n");
    assert!(!output.stderr.contains("cargo audit"), "{}", output.stderr);
    sandbox.append("services/a-service/src/lib.rs", "/// ```\n/// panic!();\n/// ```\npub fn a()  {}\n");
    sandbox.append("services/a-service/src/main.rs", "fn unused() {}\n");
    sandbox.run(&["lint"]).exits(1).says("again: cargo clippy --locked --workspace --all-targets -- -D warnings\n");
    sandbox.run(&["test-matrix"]).exits(1).says("cargo test --locked --package a-service --doc -- ");
    sandbox.append("services/a-service/src/main.rs", "broken\n");
    sandbox.run(&["build"]).exits(1).says("again: cargo build --locked --release --workspace --bins\n");
}
