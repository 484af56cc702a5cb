//! Tools that are missing, of a wrong version, that crash, hang or lie: never "no findings".

use crate::support::sandbox::Sandbox;

const AUDIT: &str = "0.22.2";
const DENY: &str = "0.20.2";
const CLEAN: &str = r#"{"database":{"advisory-count":1000,"last-commit":null,"last-updated":null},"lockfile":{"dependency-count":1},"settings":{},"vulnerabilities":{"found":false,"count":0,"list":[]},"warnings":{}}"#;
/// What cargo-deny says when it has found nothing.
const NOTHING: &str = r#"{"fields":{"bans":{"errors":0,"helps":0,"notes":0,"warnings":0}},"type":"summary"}"#;

/// A checkout whose xtask finds no pinned tools of its own.
fn sandbox() -> Sandbox {
    let mut sandbox = Sandbox::with_services(&["a-service"]);
    let (cache, database) = (sandbox.beside("cache"), sandbox.beside("database"));
    std::fs::create_dir_all(database.join("crates")).expect("a directory");
    sandbox.var("XTASK_CACHE_DIR", cache).var("XTASK_ADVISORY_DB", database);
    sandbox.commit();
    sandbox
}

/// A stub of a cargo tool: its version, then what it does.
fn tool(sandbox: &Sandbox, name: &str, version: &str, does: &str) {
    let body = format!("case \"$*\" in *--version*|*-V*) echo '{name} {version}'; exit 0;; esac\n{does}");
    sandbox.stub(name, &body);
}

#[test]
fn everything_that_is_missing_is_told_at_once_with_what_to_do() {
    let sandbox = sandbox();
    sandbox.stage("marks", "", ": >../started");
    let args = ["ci", "--only", "marks", "--only", "security-audit", "--skip", "format-and-lint", "--no-install"];
    let output = sandbox.run(&args).exits(3).says("error: cannot get the tools of this run ready\n");
    for (tool, version) in [("cargo-audit", AUDIT), ("cargo-deny", DENY)] {
        let line = format!("{tool} (for security-audit) is missing; `--no-install` forbids installing it\n");
        assert_eq!(output.stderr.matches(&line).count(), 1, "{}", output.stderr);
        let todo = format!("to do: run `cargo install --locked --force --root /sandbox/cache/tools/{tool}-{version} ");
        assert_eq!(output.stderr.matches(&todo).count(), 1, "{}", output.stderr);
    }
    assert!(!sandbox.has("started"), "nothing starts before everything is there");
}

#[test]
fn what_prints_a_plan_lists_the_tools_that_it_would_install_and_installs_none() {
    let sandbox = sandbox();
    let install = |tool: &str, version: &str| {
        format!("cargo install --locked --force --root /sandbox/cache/tools/{tool}-{version} ")
    };
    for args in [&["plan", "--only", "audit"][..], &["audit", "--dry-run"]] {
        let output = sandbox.run(args).exits(0).prints("# setup (2 tasks, at most 1 at once)\n");
        assert_eq!(output.stdout.matches(&install("cargo-audit", AUDIT)).count(), 1, "{}", output.stdout);
        assert_eq!(output.stdout.matches(&install("cargo-deny", DENY)).count(), 1, "{}", output.stdout);
    }
    let plan = sandbox.run(&["plan", "--json", "--only", "audit"]).exits(0).stdout;
    let plan: serde_json::Value = serde_json::from_str(&plan).expect("it is JSON");
    assert_eq!(plan["stages"][0]["id"], "setup");
    assert_eq!(plan["stages"][1]["tasks"][0]["needs"][0], "setup:cargo-audit");
    sandbox.run(&["graph"]).exits(0).prints("├─ setup\n");
    let refused = sandbox.run(&["audit", "--dry-run", "--no-install"]).exits(0).stdout;
    assert!(!refused.contains("setup"), "{refused}");
    assert!(!sandbox.has("../cache"), "it was only a look");
}

#[test]
fn tools_of_a_wrong_version_and_broken_ones_are_told_with_both_versions() {
    let sandbox = sandbox();
    tool(&sandbox, "cargo-audit", "0.1.0", "exit 0");
    sandbox.stub("cargo-deny", "kill -SEGV $$");
    let output = sandbox.run(&["audit", "--no-install"]).exits(3);
    assert!(output.stderr.contains("cargo-audit (for security-audit) is 0.1.0 at /sandbox/bin/cargo-audit, not "));
    assert!(output.stderr.contains(AUDIT), "{}", output.stderr);
    let broken = "cargo-deny (for security-audit) is broken at /sandbox/bin/cargo-deny (";
    assert!(output.stderr.contains(broken), "{}", output.stderr);
}

/// Runs the audit with a cargo-audit that does this, and checks how the task ended and that the exit code says so.
#[track_caller]
fn audit_with(does: &str, outcome: &str) -> crate::support::sandbox::Output {
    let sandbox = sandbox();
    sandbox.append("Cargo.toml", "[workspace.metadata.xtask.stages.security-audit]\ntimeout = \"1s\"\n");
    tool(&sandbox, "cargo-audit", AUDIT, does);
    tool(&sandbox, "cargo-deny", DENY, &format!("echo '{NOTHING}' >&2"));
    let code = match outcome {
        "environment-error" => 3,
        "timed-out" => 5,
        _ => 0,
    };
    let output = sandbox.run(&["audit", "--no-install"]).exits(code);
    let summary = sandbox.summary().0;
    let tasks = summary["stages"][0]["tasks"].as_array().expect("tasks").clone();
    let audit = tasks.iter().find(|task| task["id"] == "security-audit:cargo-audit").expect("it is there");
    assert_eq!(audit["outcome"], outcome, "{does}: {}\n{}", audit["because"], output.stderr);
    output
}

#[test]
fn a_tool_that_crashes_is_no_tool_that_finds_nothing() {
    for does in [
        "kill -SEGV $$",
        "echo broken >&2; exit 101",
        "echo broken >&2; exit 2",
        &format!("echo '{CLEAN}'; kill -KILL $$"),
    ] {
        let output = audit_with(does, "environment-error");
        let verdict = output.verdict();
        assert!(verdict.starts_with("could not run: security-audit (cargo-audit: advisories "), "{does}: {verdict}");
    }
}

#[test]
fn a_tool_that_hangs_is_timed_out() {
    let output = audit_with("exec sleep 1000", "timed-out");
    assert!(output.verdict().starts_with("timed out: security-audit (cargo-audit: "), "{}", output.verdict());
}

#[test]
fn a_tool_that_lies_is_not_believed() {
    let cut = &CLEAN[..CLEAN.len() - 9];
    for answer in ["", "{}", "null", "[]", "no JSON at all", cut, r#"{"vulnerabilities":{"found":false}}"#] {
        audit_with(&format!("printf '%s' '{answer}'"), "environment-error");
    }
    // Findings without a list of them.
    audit_with(r#"echo '{"vulnerabilities":{"found":true,"count":1,"list":[]}}'; exit 1"#, "environment-error");
}

#[test]
fn a_good_answer_is_believed() {
    audit_with(&format!("printf '%s' '{CLEAN}'"), "passed");
}

#[test]
fn a_blocking_stage_that_cannot_run_is_an_error_of_the_environment() {
    let sandbox = sandbox();
    sandbox.append("Cargo.toml", "[workspace.metadata.xtask.stages.security-audit]\npolicy = \"blocking\"\n");
    tool(&sandbox, "cargo-audit", AUDIT, "kill -SEGV $$");
    tool(&sandbox, "cargo-deny", DENY, "kill -SEGV $$");
    let output = sandbox.run(&["audit", "--no-install"]).exits(3);
    assert!(output.verdict().starts_with("could not run: security-audit"), "{}", output.verdict());
}

#[test]
fn a_cargo_that_crashes_is_no_failing_test() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    let real = "real=$(PATH=${PATH#*:} command -v cargo)";
    sandbox.stub("cargo", &format!("{real}\ncase $1 in test) kill -SEGV $$;; esac\nexec \"$real\" \"$@\""));
    let output = sandbox.run(&["test-matrix"]).exits(3);
    assert!(output.verdict().starts_with("could not run: test-services"), "{}", output.verdict());
}
