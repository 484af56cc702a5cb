//! `init`: another workspace uses xtask, by changes that were shown first and can be undone by hand.

use crate::support::sandbox::Sandbox;
use crate::support::terminal::answer_on_a_terminal;
use insta::assert_snapshot;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// A clone of xtask's repository: this one.
fn clone() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in it").to_string_lossy().into_owned()
}

fn init(sandbox: &Sandbox) -> crate::support::sandbox::Output {
    sandbox.run(&["init", "--yes", "--git", "https://example.org/xtask", "--rev", "abc123"])
}

/// A package without a workspace.
fn single() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.file("Cargo.toml", "[package]\nname = \"alone\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
    sandbox.file("src/lib.rs", "//! Alone.\n\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn works() {}\n}\n");
    sandbox
}

/// What git sees as changed.
fn changed(sandbox: &Sandbox) -> String {
    sandbox.paste("git status --porcelain --untracked-files=all").exits(0).stdout
}

/// Does by hand what `init` has printed: removes the files, the lines with `+`, and puts back those with `-`.
#[track_caller]
fn undo(sandbox: &Sandbox, said: &str) {
    let (_, steps) = said.split_once("to undo it:\n").expect("it says how");
    let (steps, _) = steps.split_once("next:").expect("and what is next");
    let mut place = None;
    for step in steps.lines() {
        if let Some(directory) = step.strip_prefix("  remove the directory ") {
            fs::remove_dir_all(sandbox.root().join(directory)).expect("it is there");
        } else if let Some(path) = step.strip_prefix("  remove ") {
            fs::remove_file(sandbox.root().join(path)).expect("it is there");
        } else if let Some(step) = step.strip_prefix("  in ") {
            let mut words = step.split(", ");
            let file = words.next().expect("a file");
            let line = words.next().and_then(|from| from.strip_prefix("from line ")?.parse::<usize>().ok());
            place = Some((file, line.expect("a line") - 1));
        } else {
            let (file, line) = place.as_mut().expect("a place");
            let text = sandbox.read(file);
            let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
            let (mark, shown) = step.strip_prefix("    ").expect("a line of a file").split_at(1);
            if mark == "+" {
                assert_eq!(lines.remove(*line).trim_end_matches(['\r', '\n']), shown);
                sandbox.file(file, &lines.concat());
            } else {
                let old = format!("{shown}\n");
                lines.insert(*line, &old);
                sandbox.file(file, &lines.concat());
                *line += 1;
            }
        }
    }
}

#[test]
fn the_changes_to_a_virtual_workspace_are_shown_written_and_undone() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.commit();
    let output = init(&sandbox);
    assert_snapshot!(output, @r#"
    exit code 0
    ----- stdout -----
    --- /dev/null
    +++ b/xtask/Cargo.toml
    @@ -0,0 +1,8 @@
    +[package]
    +name = "xtask"
    +version = "0.1.0"
    +edition = "2024"
    +publish = false
    +
    +[dependencies]
    +xtask-app = { git = "https://example.org/xtask", rev = "abc123" }
    --- /dev/null
    +++ b/xtask/src/main.rs
    @@ -0,0 +1,3 @@
    +fn main() -> std::process::ExitCode {
    +    xtask_app::App::new().main()
    +}
    --- /dev/null
    +++ b/.cargo/config.toml
    @@ -0,0 +1,2 @@
    +[alias]
    +xtask = "run --quiet --package xtask --"
    --- a/Cargo.toml
    +++ b/Cargo.toml
    @@ -1,3 +1,6 @@
     [workspace]
     resolver = "3"
    -members = ["services/*"]
    +members = ["services/*", "xtask"]
    +
    +[workspace.metadata.xtask]
    +exclude = ["xtask"]
    ----- stderr -----
    changes in /w:
    4 files written
    to undo it:
      remove the directory xtask
      remove .cargo/config.toml
      in Cargo.toml, from line 3, remove the lines with `+`, and put back those with `-`:
        -members = ["services/*"]
        +members = ["services/*", "xtask"]
        +
        +[workspace.metadata.xtask]
        +exclude = ["xtask"]
    next:
      cargo xtask plan    # compiles xtask first, and adds its dependencies to Cargo.lock
      cargo xtask ci
    "#);
    sandbox.paste("cargo metadata --no-deps --offline --format-version 1").exits(0).prints("/w/xtask#0.1.0");
    assert_eq!(changed(&sandbox).lines().count(), 4);
    init(&sandbox).exits(0).says("nothing to do: /w uses xtask already");
    undo(&sandbox, &output.stderr);
    assert_eq!(changed(&sandbox), "");
}

#[test]
fn without_a_terminal_nothing_is_written_unless_told_so() {
    let sandbox = single();
    sandbox.commit();
    let args = ["init", "--path", &clone()];
    sandbox.run(&args).exits(2).prints("+[workspace.metadata.xtask]").says("say `--yes` to write them");
    sandbox.run(&[&args[..], &["--dry-run"]].concat()).exits(0).prints("+[workspace.metadata.xtask]");
    assert_eq!(changed(&sandbox), "");
    let (output, _) = answer_on_a_terminal(&sandbox, &args, "write these changes?", || "n\n");
    output.exits(1);
    assert_eq!(changed(&sandbox), "");
    let (output, sent) = answer_on_a_terminal(&sandbox, &args, "write these changes?", || "y\n");
    output.exits(0);
    assert!(sent.contains("to undo it:"), "{sent}");
    assert_eq!(changed(&sandbox), " M Cargo.toml\n?? .cargo/config.toml\n?? xtask/Cargo.toml\n?? xtask/src/main.rs");
}

#[test]
fn a_file_that_appears_while_the_question_waits_is_left_alone() {
    let sandbox = single();
    sandbox.commit();
    let meanwhile = || {
        sandbox.file(".cargo/config.toml", "[net]\n");
        "y\n"
    };
    let (output, sent) =
        answer_on_a_terminal(&sandbox, &["init", "--path", &clone()], "write these changes?", meanwhile);
    output.exits(3);
    assert!(sent.contains("cannot write .cargo/config.toml") && sent.contains("nothing was written"), "{sent}");
    assert_eq!(changed(&sandbox), "?? .cargo/config.toml");
}

#[test]
fn the_dependency_must_be_named_while_xtask_is_not_published() {
    let sandbox = single();
    assert_snapshot!(sandbox.run(&["init", "--yes"]), @r"
    exit code 2
    ----- stderr -----
    error: cannot choose a source for `xtask-app`: this xtask has no published repository
    hint: name a clone of it with `--path DIR`, or a repository with `--git URL`
    ");
    assert_snapshot!(sandbox.run(&["init", "--yes", "--path", "nowhere"]), @r"
    exit code 2
    ----- stderr -----
    error: cannot use the clone of xtask in nowhere
      because: /w/nowhere/xtask/crates/app/Cargo.toml: No such file or directory (os error 2)
    hint: `--path` names the root of a clone of xtask's repository
    ");
}

#[test]
fn awkward_manifests_keep_every_other_byte() {
    let sandbox = Sandbox::with_services(&["a-service", "b-service"]);
    let manifest = "# Ours.\r\n[workspace]\r\nresolver = \"3\"\r\nmembers = [ # sorted\r\n    \"services/*\", # [all]\r\n]\r\n\r\n\
                    [workspace.metadata.xtask]\r\n# Why.\r\nexclude = [ 'b-service', ]\r\ncoverage.minimum = 50";
    let config = "# Ours\n[alias] # short ones\nb = \"build\"\n\n[net]\nretry = 2";
    sandbox.file("Cargo.toml", manifest).file(".cargo/config.toml", config).commit();
    let said = init(&sandbox).exits(0).stderr;
    assert_eq!(
        sandbox.read("Cargo.toml"),
        manifest
            .replace("# sorted\r\n", "# sorted\r\n    \"xtask\",\r\n")
            .replace("[ 'b-service', ]", "[ 'b-service', \"xtask\", ]")
    );
    let alias = "xtask = \"run --quiet --package xtask --\"\n";
    assert_eq!(sandbox.read(".cargo/config.toml"), config.replace("short ones\n", &format!("short ones\n{alias}")));
    sandbox.run(&["plan"]).exits(0);
    assert!(said.contains("    +    \"xtask\",\n"), "{said}");
}

#[test]
fn a_glob_that_covers_the_package_is_enough() {
    let sandbox = Sandbox::new();
    sandbox.file(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"*\"]\nexclude = [\".cargo\", \".git\", \"target\"]\n",
    );
    sandbox.file("a/Cargo.toml", "[package]\nname = \"a\"\nversion = \"0.1.0\"\n").file("a/src/lib.rs", "");
    sandbox.commit();
    let said = init(&sandbox).exits(0).stderr;
    assert!(sandbox.read("Cargo.toml").contains("members = [\"*\"]"));
    undo(&sandbox, &said);
    assert_eq!(changed(&sandbox), "");
}

#[test]
fn what_is_there_already_is_not_touched() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.file("xtask/notes", "mine").file(".cargo/config.toml", "alias.xtask = \"run\"\n").commit();
    assert_snapshot!(init(&sandbox), @r"
    exit code 2
    ----- stderr -----
    error: cannot put xtask into this workspace
      because: there is a file or directory `xtask`
               there is an alias `xtask` in .cargo/config.toml
    hint: remove or rename these, or add xtask to them by hand: docs/adopting.md of xtask lists the lines
    ");
    assert_eq!(changed(&sandbox), "");
}

#[test]
fn a_manifest_that_cannot_be_changed_safely_leaves_everything_as_it_is() {
    let cases = [
        (
            "[workspace]\nmembers = [\"services/*\", \"x*\"]\nexclude = [\"xtask\"]\n",
            "does not see the package `xtask`",
        ),
        (
            "[workspace]\nmembers = [\"services/*\", \"x\"]\nmetadata.xtask = {}\n",
            "has no line `[workspace.metadata.xtask]`",
        ),
    ];
    for (manifest, why) in cases {
        let sandbox = Sandbox::with_services(&["a-service"]);
        // Another one that the glob covers.
        sandbox.file("x/Cargo.toml", "[package]\nname = \"x\"\nversion = \"0.1.0\"\n").file("x/src/lib.rs", "");
        sandbox.file("Cargo.toml", manifest).commit();
        init(&sandbox).exits(2).says(why);
        assert_eq!(changed(&sandbox), "", "{manifest}");
    }
    let sandbox = single();
    sandbox.commit();
    let path = sandbox.root().join("Cargo.toml");
    fs::set_permissions(path, fs::Permissions::from_mode(0o444)).expect("set");
    init(&sandbox).exits(3).says("cannot change Cargo.toml\n  because: it is read-only");
    assert_eq!(changed(&sandbox), "");
}

#[test]
fn adopted_from_a_clean_directory_the_pipeline_passes_and_can_be_removed() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("adopters");
    // One after the other: what the first compiles serves the second.
    for mut sandbox in [Sandbox::with_services(&["a-service"]), single()] {
        sandbox.commit();
        sandbox.var("CARGO_TARGET_DIR", target.clone());
        sandbox.var("CARGO_NET_OFFLINE", "true");
        let said = sandbox.run(&["init", "--yes", "--path", &clone()]).exits(0).stderr;
        // Crates of the versions that built this test can be had without network.
        sandbox.file("Cargo.lock", include_str!("../../../../Cargo.lock"));
        sandbox.paste("cargo xtask plan").exits(0).prints("test-services");
        let run = sandbox.paste("cargo xtask ci --skip audit --skip deps").exits(0);
        assert!(run.verdict().starts_with("passed: "), "{}", run.verdict());
        undo(&sandbox, &said);
        fs::remove_file(sandbox.root().join("Cargo.lock")).expect("cargo made it");
        assert_eq!(changed(&sandbox), "");
    }
}

#[test]
fn installed_it_is_a_subcommand_of_cargo_in_every_workspace() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    // cargo finds a program of this name, and calls `cargo-xtask xtask plan`.
    let bin = sandbox.root().with_file_name("bin");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_xtask"), bin.join("cargo-xtask")).expect("a link");
    sandbox.paste("cargo xtask plan a-service").exits(0).prints("test-services");
    sandbox.paste("cargo xtask --help").exits(0).prints("Usage: cargo xtask");
    sandbox.paste("cargo xtask xtask").exits(2).says("unrecognized subcommand 'xtask'");
    sandbox.paste("cargo xtask fmt").exits(0);
    assert!(sandbox.read("target/xtask/runs/latest/summary.json").contains("\"cargo xtask fmt\""));
}
