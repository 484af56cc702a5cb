//! What a run is about: names of services, packages and stages, and the directory. Names come from people and from
//! workflows, so none of them is taken for a path, a flag or a piece of shell.

use crate::support::sandbox::Sandbox;
use insta::assert_snapshot;

fn sandbox() -> Sandbox {
    Sandbox::with_services(&["auth-service", "user-service"])
}

#[test]
fn what_lies_outside_of_the_selection_is_not_checked() {
    let sandbox = sandbox();
    sandbox.append("services/user-service/src/main.rs", "\nfn  crooked( ) { }\n");
    sandbox.run(&["fmt", "auth"]).exits(0);
    sandbox.run(&["fmt", "user"]).exits(1);
}

#[test]
fn an_unknown_service_is_refused_with_the_nearest_names() {
    let sandbox = sandbox();
    assert_snapshot!(sandbox.run(&["test-matrix", "auth-servise"]), @"
    exit code 2
    ----- stderr -----
    error: cannot select `auth-servise`: no package of this workspace has that name
    hint: did you mean `auth-service`?
    ");
    assert!(!sandbox.root().join("target").exists());
}

#[test]
fn names_that_try_to_be_something_else_are_only_names() {
    let sandbox = sandbox();
    for name in
        ["../x", "/etc", "a;b", "$(touch x)", "`touch x`", "auth-service\n", "", " ", "*", "auth service", "\u{1b}[2J"]
    {
        let output = sandbox.run(&["fmt", name]).exits(2);
        assert!(output.stderr.starts_with("error: cannot select `"), "{name:?}: {}", output.stderr);
        assert!(!output.stderr.contains('\u{1b}'), "{:?}", output.stderr);
        sandbox.run(&["fmt", "-p", name]).exits(2);
        sandbox.run(&["ci", "--only", name]).exits(2);
        sandbox.run(&["ci", "--skip", name]).exits(2);
    }
    // Behind `--package=` even a flag is a name.
    for name in ["-p", "--", "--release"] {
        sandbox.run(&["fmt", &format!("--package={name}")]).exits(2);
    }
    // A flag that does not exist is a mistake, and `--` ends what a command takes.
    sandbox.run(&["fmt", "--release"]).exits(2);
    sandbox.run(&["fmt", "-p"]).exits(2);
    assert!(!sandbox.root().join("x").exists());
    assert!(!sandbox.root().join("target").exists());
}

#[test]
fn a_selection_that_holds_nothing_is_no_success() {
    let sandbox = sandbox();
    sandbox.append("Cargo.toml", "[workspace.metadata.xtask]\nexclude = [\"auth-service\", \"user-service\"]\n");
    assert_snapshot!(sandbox.run(&["test-matrix"]), @"
    exit code 4
    ----- stderr -----
    error: nothing to run: the plan is empty
      because: test-services: no selected package has anything for it
    hint: `cargo xtask plan` shows what would run
    ");
    assert_snapshot!(sandbox.run(&["integration", "auth"]), @"
    exit code 4
    ----- stderr -----
    error: nothing to run: the plan is empty
      because: integration-tests: no selected package has anything for it
    hint: `cargo xtask plan` shows what would run
    ");
    assert_snapshot!(sandbox.run(&["ci", "--only", "lint", "--skip", "lint"]), @"
    exit code 4
    ----- stderr -----
    error: nothing to run: the plan is empty
      because: format-and-lint: left out by --skip
    hint: `cargo xtask plan` shows what would run
    ");
}

#[test]
fn a_folder_without_a_workspace_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.file("notes.txt", "");
    assert_snapshot!(sandbox.run(&["plan"]), @"
    exit code 2
    ----- stderr -----
    error: cannot read the cargo workspace of /w
      because: error: could not find `Cargo.toml` in `/w` or any parent directory
    hint: run xtask in a cargo workspace, or name one with `-C DIR`
    ");
    assert_snapshot!(sandbox.run(&["-C", "no such directory", "plan"]), @"
    exit code 2
    ----- stderr -----
    error: cannot change to directory `no such directory`
      because: No such file or directory (os error 2)
    hint: check what `-C` names
    ");
}

#[test]
fn a_broken_manifest_is_told_in_cargos_words() {
    let sandbox = sandbox();
    sandbox.file("services/user-service/Cargo.toml", "[package]\nname = \"user-service\nversion = 1\n");
    assert_snapshot!(sandbox.run(&["ci"]), @r#"
    exit code 2
    ----- stderr -----
    error: cannot read the cargo workspace of /w
      because: error: invalid basic string, expected `"`
                --> services/user-service/Cargo.toml:2:21
                 |
               2 | name = "user-service
                 |                     ^
               error: failed to load manifest for workspace member `/w/services/user-service`
               referenced via `services/*` by workspace at `/w/Cargo.toml`
    "#);
}

#[test]
fn a_workspace_without_packages_has_nothing_to_select() {
    let sandbox = Sandbox::new();
    sandbox.file("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = []\n");
    assert_snapshot!(sandbox.run(&["ci"]), @"
    exit code 4
    ----- stderr -----
    error: cannot select packages: this workspace has none
    ");
}
