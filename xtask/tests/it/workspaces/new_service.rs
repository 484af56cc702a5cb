//! `new-service`: a copy of a workspace's template becomes a service, or nothing changes at all.

use crate::support::sandbox::Sandbox;
use insta::assert_snapshot;
use std::fs::{self, File};

const CONFIGURED: &str = "[workspace.metadata.xtask]\nnew-service.template = \"deploy/template\"\n";

/// A workspace with a service, a lock file and a template, in git.
fn sandbox() -> Sandbox {
    let sandbox = uncommitted();
    sandbox.commit();
    sandbox
}

fn uncommitted() -> Sandbox {
    let sandbox = Sandbox::with_services(&["auth-service", "template-service"]);
    let template = sandbox.root().join("deploy/template");
    fs::create_dir_all(sandbox.root().join("deploy")).expect("a directory");
    fs::rename(sandbox.root().join("services/template-service"), template).expect("moved");
    sandbox.append("deploy/template/Cargo.toml", "[package.metadata.xtask.service]\nport = 59999\n");
    sandbox.append("services/auth-service/Cargo.toml", "[package.metadata.xtask.service]\nport = 8099\n");
    sandbox.append("Cargo.toml", CONFIGURED);
    sandbox.lock();
    sandbox
}

/// What git sees as changed.
fn changed(sandbox: &Sandbox) -> String {
    sandbox.paste("git status --porcelain --untracked-files=all").stdout
}

const FILES: &str = "services/user-data-service/Cargo.toml\nservices/user-data-service/src/lib.rs\nservices/user-data-service/src/main.rs";

#[test]
fn a_service_is_made_and_its_tests_pass_at_once() {
    let sandbox = sandbox();
    let lock = sandbox.read("Cargo.lock");
    let output = sandbox.run(&["new-service", "user-data"]).exits(0);
    assert_eq!(output.stdout, FILES);
    assert_eq!(
        output.stderr.lines().collect::<Vec<_>>(),
        [
            "made user-data-service at port 8100, 3 files:",
            "next:",
            "  cargo xtask ci user-data-service",
            "  cargo xtask integration user-data-service",
            "Then:",
            "  what it is for: `description` in services/user-data-service/Cargo.toml",
            "  its own tables, rules, routes and tests in place of the template's",
            "  git add services/user-data-service Cargo.lock",
        ]
    );
    assert_eq!(changed(&sandbox), format!(" M Cargo.lock\n?? {}", FILES.replace('\n', "\n?? ")));
    let manifest = sandbox.read("services/user-data-service/Cargo.toml");
    assert!(manifest.contains("name = \"user-data-service\"") && manifest.contains("port = 8100"), "{manifest}");
    let now = sandbox.read("Cargo.lock");
    assert!(lock.lines().all(|line| now.contains(line)) && now.contains("name = \"user-data-service\""), "{now}");
    let tests = sandbox.run(&["test-matrix", "user-data"]).exits(0);
    assert!(tests.verdict().starts_with("passed: 1 stage, 2 tests"), "{}", tests.verdict());
    sandbox.run(&["fmt"]).exits(0);
}

#[test]
fn a_preview_shows_the_files_and_writes_none() {
    let sandbox = sandbox();
    let output = sandbox.run(&["new-service", "user-data", "--dry-run"]).exits(0);
    assert_eq!(output.stdout, FILES);
    assert_eq!(output.stderr, "would make user-data-service at port 8100, 3 files:");
    assert_eq!(changed(&sandbox), "");
    assert!(!sandbox.root().join("target").exists());
}

#[test]
fn a_second_one_of_that_name_is_refused_and_the_first_stays() {
    let sandbox = sandbox();
    sandbox.run(&["new-service", "user-data"]).exits(0);
    sandbox.append("services/user-data-service/src/lib.rs", "// mine\n");
    let output = sandbox.run(&["new-service", "user-data-service"]).exits(2);
    assert_eq!(
        output.stderr.lines().collect::<Vec<_>>(),
        [
            "error: cannot name a service `user-data-service`: this workspace has a package `user-data-service`",
            "hint: choose another name"
        ]
    );
    assert!(sandbox.read("services/user-data-service/src/lib.rs").ends_with("// mine\n"));
    // The next one has a port of its own.
    let next = sandbox.run(&["new-service", "second"]).exits(0);
    assert!(next.stderr.starts_with("made second-service at port 8101"), "{}", next.stderr);
}

#[test]
fn names_that_are_none_or_mean_something_else_change_nothing() {
    let sandbox = sandbox();
    for name in ["../x", "/etc", "a b", "Billing", "fn", "auth", "template", "", "x\n", "\u{1b}[2J", "a/../../b"] {
        let output = sandbox.run(&["new-service", name]).exits(2);
        assert!(output.stderr.starts_with("error: cannot name a service `"), "{name:?}: {}", output.stderr);
        assert!(!output.stderr.contains('\u{1b}'), "{:?}", output.stderr);
    }
    assert_snapshot!(sandbox.run(&["new-service", "--", "--force"]), @"
    exit code 2
    ----- stderr -----
    error: cannot name a service `--force`: invalid name
    hint: did you mean `force`?
    ");
    assert_snapshot!(sandbox.run(&["new-service", "--force"]), @"
    exit code 2
    ----- stderr -----
    error: unexpected argument '--force' found

      tip: to pass '--force' as a value, use '-- --force'

    Usage: cargo xtask new-service [OPTIONS] <NAME>

    For more information, try '--help'.
    ");
    assert_snapshot!(sandbox.run(&["new-service"]), @"
    exit code 2
    ----- stderr -----
    error: the following required arguments were not provided:
      <NAME>

    Usage: cargo xtask new-service <NAME>

    For more information, try '--help'.
    ");
    assert_eq!(changed(&sandbox), "");
}

#[test]
fn without_a_template_it_is_said_which_key_names_one() {
    let sandbox = Sandbox::with_services(&["auth-service"]);
    let output = sandbox.run(&["new-service", "billing"]).exits(2);
    assert_eq!(
        output.stderr.lines().collect::<Vec<_>>(),
        [
            "error: cannot make billing-service: this workspace has no service template",
            "hint: set `new-service.template` in [workspace.metadata.xtask] to a directory; docs/services.md describes its contents"
        ]
    );
    sandbox.append("Cargo.toml", CONFIGURED);
    assert_snapshot!(sandbox.run(&["new-service", "billing"]), @"
    exit code 3
    ----- stderr -----
    error: cannot read the template /w/deploy/template/
      because: No such file or directory (os error 2)
    ");
    assert!(!sandbox.root().join("services/billing-service").exists());
}

#[test]
fn a_template_that_cargo_does_not_take_is_taken_back() {
    #[track_caller]
    fn case(manifest: &str, why: &str) {
        let mut sandbox = uncommitted();
        sandbox.var("CARGO_NET_OFFLINE", "true").file("deploy/template/Cargo.toml", manifest).commit();
        let lock = sandbox.read("Cargo.lock");
        sandbox.run(&["new-service", "billing"]).exits(2).says("error: cannot make billing-service").says(why);
        assert_eq!((changed(&sandbox), sandbox.read("Cargo.lock")), (String::new(), lock), "{manifest}");
        sandbox.run(&["plan"]).exits(0);
    }
    case("[package]\nname = ", "string");
    case("[package]\nname = \"other-service\"\n", "cargo finds no package billing-service in services/billing-service");
    case("[package]\nname = \"template-service\"\n[dependencies]\nx.workspace = true\n", "x");
    // `cargo metadata` takes it, and only `Cargo.lock` cannot.
    case("[package]\nname = \"template-service\"\n[dependencies]\nno-such-crate = \"1\"\n", "no-such-crate");
}

#[test]
fn a_workspace_that_does_not_cover_the_folder_stays_as_it_was() {
    let sandbox = uncommitted();
    let manifest = sandbox.read("Cargo.toml").replace("services/*", "services/auth-service");
    sandbox.file("Cargo.toml", &manifest).commit();
    assert_snapshot!(sandbox.run(&["new-service", "billing"]), @r#"
    exit code 2
    ----- stderr -----
    error: cannot make billing-service from the template
      because: cargo finds no package billing-service in services/billing-service
    hint: the workspace's `members` must cover that directory, and the template's Cargo.toml say `name = "template-service"`
    "#);
    assert_eq!(changed(&sandbox), "");
}

#[test]
fn a_run_that_was_killed_leaves_nothing_or_a_whole_service() {
    let sandbox = sandbox();
    // What one leaves behind that is killed while it writes.
    sandbox.file("target/xtask/.xtask-new-service/src/half.rs", "fn ha");
    assert_eq!(changed(&sandbox), "");
    // The last step is killed: cargo is asked to write the lock file, and xtask is gone.
    sandbox.stub("cargo", "case $1 in update) kill -9 $PPID; exit 1;; esac\nPATH=${PATH#*:} exec cargo \"$@\"");
    sandbox.run(&["new-service", "user-data"]).exits(137);
    assert_eq!(changed(&sandbox), format!("?? {}", FILES.replace('\n', "\n?? ")));
    sandbox.stub("cargo", "PATH=${PATH#*:} exec cargo \"$@\"");
    assert_snapshot!(sandbox.run(&["new-service", "user-data"]), @"
    exit code 2
    ----- stderr -----
    error: cannot name a service `user-data`: this workspace has a package `user-data-service`
    hint: choose another name
    ");
    assert_eq!(sandbox.paste("cargo test --quiet --offline --package user-data-service --lib").code, 0);
    assert!(sandbox.read("Cargo.lock").contains("user-data-service"));
}

#[test]
fn a_run_that_goes_on_is_not_disturbed() {
    let sandbox = sandbox();
    fs::create_dir_all(sandbox.root().join("target/xtask")).expect("a directory");
    let lock = File::create(sandbox.root().join("target/xtask/lock")).expect("a file");
    lock.lock().expect("it is free");
    assert_snapshot!(sandbox.run(&["new-service", "billing"]), @"
    exit code 6
    ----- stderr -----
    error: cannot take the lock of this checkout, /w/target/xtask/lock
      because: another run holds it: it has not said which
    hint: wait for it with `--wait`, or stop it; `plan`, `report` and `doctor` work meanwhile
    ");
    sandbox.run(&["new-service", "billing", "--dry-run"]).exits(0);
    assert_eq!(changed(&sandbox), "");
    let waiting = sandbox.command(&["new-service", "billing", "--wait"]).spawn().expect("xtask starts");
    lock.unlock().expect("it was held");
    sandbox.wait(waiting).exits(0);
}

#[test]
fn the_words_of_the_template_and_the_suffix_of_a_name_are_configuration() {
    let sandbox = Sandbox::with_services(&["auth-svc", "blank-svc"]);
    fs::create_dir_all(sandbox.root().join("deploy")).expect("a directory");
    fs::rename(sandbox.root().join("services/blank-svc"), sandbox.root().join("deploy/template")).expect("moved");
    sandbox.append("deploy/template/Cargo.toml", "[package.metadata.xtask.service]\nport = 4999\n");
    sandbox.append("Cargo.toml", "[workspace.metadata.xtask]\nservice = { suffix = \"-svc\", port = 3000 }\n");
    sandbox
        .append("Cargo.toml", "new-service = { template = \"deploy/template\", name = \"blank-svc\", port = 4999 }\n");
    assert_eq!(sandbox.paste("cargo generate-lockfile --offline").code, 0);
    sandbox.run(&["new-service", "blank"]).exits(2).says("it is reserved");
    sandbox.run(&["new-service", "billing"]).exits(0).says("made billing-svc at port 3000, 3 files:");
    let manifest = sandbox.read("services/billing-svc/Cargo.toml");
    assert!(manifest.contains("name = \"billing-svc\"") && manifest.contains("port = 3000"), "{manifest}");
    assert!(
        sandbox.read("services/billing-svc/src/main.rs").contains("billing_svc"),
        "the identifier is replaced, too"
    );
}
