//! Git in every state: none, no repository, no commit, a detached head, changed files. A run reads it and changes
//! nothing, and nothing else in the checkout either.

use crate::support::sandbox::Sandbox;
use insta::assert_snapshot;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Runs git in the workspace and returns what it says.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "a test stands outside of xtask, and prepares what it runs in")]
fn git(sandbox: &Sandbox, args: &[&str]) -> String {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"];
    let output = std::process::Command::new("git").current_dir(sandbox.root()).args(identity).args(args).output();
    let output = output.expect("git runs");
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A checkout with a stage that needs nothing.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.stage("good", "", "exit 0").file(".gitignore", "/target/\n");
    // The lock file that a workspace has.
    sandbox.run(&["test-matrix"]).exits(0);
    sandbox
}

#[track_caller]
fn commit_in_the_summary(sandbox: &Sandbox) -> Value {
    sandbox.run(&["ci", "--only", "good"]).exits(0);
    sandbox.summary().0["commit"].clone()
}

#[test]
fn no_repository_and_no_commit_are_no_commit() {
    let sandbox = sandbox();
    assert_eq!(commit_in_the_summary(&sandbox), Value::Null);
    git(&sandbox, &["init", "--quiet"]);
    assert_eq!(commit_in_the_summary(&sandbox), Value::Null);
    sandbox.run(&["test-matrix"]).exits(0);
}

#[test]
fn without_git_everything_goes_on() {
    let sandbox = sandbox();
    sandbox.commit();
    let bin = path_without_git(&sandbox);
    for args in [&["ci", "--only", "good"][..], &["test-matrix"]] {
        let mut command = sandbox.command(args);
        let run = sandbox.wait(command.env("PATH", &bin).spawn().expect("xtask starts")).exits(0);
        assert!(run.verdict().starts_with("passed: 1 stage"), "{}", run.verdict());
        assert_eq!(sandbox.summary().0["commit"], Value::Null);
    }
}

/// A directory with links to all programs on the sandbox's `PATH` but git.
fn path_without_git(sandbox: &Sandbox) -> PathBuf {
    let path = std::env::split_paths(&sandbox_path(sandbox)).collect::<Vec<_>>();
    let bin = sandbox.beside("no-git");
    fs::create_dir(&bin).expect("a directory");
    for entry in path.iter().rev().filter_map(|directory| fs::read_dir(directory).ok()).flatten().flatten() {
        let link = bin.join(entry.file_name());
        let _ = fs::remove_file(&link);
        if entry.file_name() != "git" {
            std::os::unix::fs::symlink(entry.path(), &link).expect("a link");
        }
    }
    bin
}

#[test]
fn a_git_that_does_not_answer_is_no_missing_commit() {
    const PUSH: [&str; 4] = ["docker", "--push", "--registry", "127.0.0.1:1"];
    let mut sandbox = sandbox();
    sandbox.commit();
    let asked = "ask git about the checkout: `git status --porcelain=v2";
    let no_git = path_without_git(&sandbox);
    let mut missing = sandbox.command(&PUSH);
    let output = sandbox.wait(missing.env("PATH", no_git).spawn().expect("xtask starts")).exits(3);
    output.says(asked).says("No such file or directory").says("hint: install git");
    // As where another user owns the checkout.
    sandbox.var("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
    let refused = sandbox.run(&PUSH).exits(3).says(asked).says("detected dubious ownership in repository");
    refused.says("git config --global --add safe.directory /w");
    let run = sandbox.run(&["ci", "--only", "good"]).exits(0);
    assert!(run.verdict().starts_with("passed"), "{}", run.verdict());
    run.says("warning: cannot ask git about the checkout").says("dubious ownership");
    sandbox.stub("git", "kill -SEGV $$");
    assert_snapshot!(sandbox.run(&PUSH), @"
    exit code 3
    ----- stderr -----
    error: cannot ask git about the checkout: `git status --porcelain=v2 --branch --untracked-files=normal --no-renames --ignore-submodules=none`
      because: it was killed by SIGSEGV
    hint: run it yourself to see why
    ");
    sandbox.stub("git", "exec tail -f /dev/null");
    assert_snapshot!(sandbox.run(&PUSH), @"
    exit code 3
    ----- stderr -----
    error: cannot ask git about the checkout: `git status --porcelain=v2 --branch --untracked-files=normal --no-renames --ignore-submodules=none`
      because: it gave no answer within TIME
    hint: run it yourself: something keeps git from answering
    ");
    sandbox.stub("git", "echo garbage");
    assert_snapshot!(sandbox.run(&PUSH), @"
    exit code 3
    ----- stderr -----
    error: cannot ask git about the checkout: `git status --porcelain=v2 --branch --untracked-files=normal --no-renames --ignore-submodules=none`
      because: it reports no commit: `garbage`
    hint: git 2.11 or newer is needed
    ");
}

/// The `PATH` that the sandbox gives to xtask.
fn sandbox_path(sandbox: &Sandbox) -> std::ffi::OsString {
    let command = sandbox.command(&[]);
    let path = command.get_envs().find(|(name, _)| *name == "PATH").and_then(|(_, value)| value);
    path.expect("it is set").to_owned()
}

#[test]
fn a_branch_and_a_detached_head_are_their_commit_and_changed_files_make_it_dirty() {
    let sandbox = sandbox();
    sandbox.commit();
    let head = git(&sandbox, &["rev-parse", "HEAD"]);
    assert_eq!(commit_in_the_summary(&sandbox), *head);
    git(&sandbox, &["checkout", "--quiet", "--detach"]);
    assert_eq!(commit_in_the_summary(&sandbox), *head);
    sandbox.file("untracked", "text");
    assert_eq!(commit_in_the_summary(&sandbox), *head, "a file that git does not know changes no commit");
    sandbox.append("services/a-service/src/lib.rs", "// changed\n");
    assert_eq!(commit_in_the_summary(&sandbox), *format!("{head}-dirty"));
    git(&sandbox, &["add", "--all"]);
    assert_eq!(commit_in_the_summary(&sandbox), *format!("{head}-dirty"));
}

/// All files of the checkout but cargo's, with what is in them.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut directories = vec![root.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).expect("a directory").flatten() {
            let (path, kind) = (entry.path(), entry.file_type().expect("its type"));
            if kind.is_dir() && path != root.join("target") {
                directories.push(path);
            } else if kind.is_file() {
                found.insert(path.display().to_string(), fs::read(&path).expect("a file"));
            }
        }
    }
    found
}

#[test]
fn a_run_leaves_every_file_of_the_checkout_as_it_was() {
    let sandbox = sandbox();
    sandbox.file("services/a-service/tests/it.rs", "#[test]\nfn it() {}\n");
    sandbox.commit();
    // An index that git would like to refresh, and a file that nobody has committed.
    sandbox.append("Cargo.toml", "\n").file("untracked", "text");
    let touched = fs::File::options().append(true).open(sandbox.root().join("services/a-service/src/lib.rs"));
    touched.and_then(|file| file.set_modified(std::time::UNIX_EPOCH)).expect("its time can be set");
    let before = files(&sandbox.root());
    assert!(
        before.keys().any(|path| path.ends_with(".git/index")) && before.keys().any(|it| it.ends_with("Cargo.lock"))
    );
    for args in [
        &["plan"][..],
        &["graph"],
        &["doctor"],
        &["fmt"],
        &["lint"],
        &["test-matrix"],
        &["integration", "--servers", "local"],
        &["build"],
        &["report"],
    ] {
        let output = sandbox.run(args);
        assert!(output.code == 0 || args == ["doctor"], "{args:?}: {output:?}");
        assert!(files(&sandbox.root()) == before, "`{args:?}` changes the checkout");
    }
}

#[test]
fn a_lock_file_that_does_not_fit_is_an_error_and_stays_as_it_is() {
    let sandbox = sandbox();
    assert!(sandbox.run(&["plan"]).exits(0).stdout.contains("cargo clippy --locked --workspace"));
    sandbox.service("b-service");
    sandbox.file(
        "services/a-service/Cargo.toml",
        &(sandbox.read("services/a-service/Cargo.toml")
            + "\n[dependencies]\nb-service = { path = \"../b-service\" }\n"),
    );
    let lock = sandbox.read("Cargo.lock");
    for command in ["lint", "test-matrix", "build"] {
        sandbox.run(&[command]).exits(1).says("--locked");
        assert_eq!(sandbox.read("Cargo.lock"), lock, "{command}");
    }
}
