//! Surroundings that are not as usual: no home, no cargo, no terminal or a real one, names that are no text.

use crate::support::sandbox::Sandbox;
use insta::assert_snapshot;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.stage("good", "", "echo something").stage("bad", "", "echo something; exit 1");
    sandbox
}

#[test]
fn without_a_home_everything_goes_on() {
    let sandbox = sandbox();
    let mut command =
        sandbox.command(&["ci", "--only", "good", "--only", "test-services", "--skip", "format-and-lint"]);
    command.env_remove("HOME").env_remove("XTASK_CACHE_DIR");
    let output = sandbox.wait(command.spawn().expect("xtask starts")).exits(0);
    assert!(output.verdict().starts_with("passed: 2 stages, 2 tests"), "{}", output.verdict());
    let mut command = sandbox.command(&["doctor"]);
    command.env_remove("HOME").env_remove("XTASK_CACHE_DIR");
    let doctor = sandbox.wait(command.spawn().expect("xtask starts"));
    assert!(doctor.stdout.contains("cargo-audit"), "{doctor:?}");
}

#[test]
fn without_cargo_the_error_says_where_to_get_it() {
    let sandbox = sandbox();
    let mut command = sandbox.command(&["plan"]);
    command.env("PATH", sandbox.beside("bin"));
    assert_snapshot!(sandbox.wait(command.spawn().expect("xtask starts")), @"
    exit code 3
    ----- stderr -----
    error: cannot run `cargo metadata` in /w
      because: No such file or directory (os error 2): the program was not found
    hint: cargo must be on PATH: https://rustup.rs
    ");
}

#[test]
fn arguments_that_are_no_text_are_refused_or_used_as_they_are() {
    let sandbox = sandbox();
    let odd = OsStr::from_bytes(b"w\xff");
    let mut command = sandbox.command(&["plan", "--package"]);
    assert_snapshot!(sandbox.wait(command.arg(odd).spawn().expect("xtask starts")), @"
    exit code 2
    ----- stderr -----
    error: invalid UTF-8 was detected in one or more arguments

    Usage: cargo xtask plan [OPTIONS] [SERVICE]...

    For more information, try '--help'.
    ");
    let mut command = sandbox.command(&["plan", "--directory"]);
    assert_snapshot!(sandbox.wait(command.arg(odd).spawn().expect("xtask starts")), @"
    exit code 2
    ----- stderr -----
    error: cannot change to directory `w�`
      because: No such file or directory (os error 2)
    hint: check what `-C` names
    ");
}

#[test]
fn a_folder_whose_name_is_no_text_is_refused_and_left_alone() {
    let sandbox = sandbox();
    let odd = sandbox.beside("x").with_file_name(OsStr::from_bytes(b"w\xff"));
    std::fs::rename(sandbox.root(), &odd).expect("it can be renamed");
    let mut command = sandbox.command(&["ci", "--only", "good"]);
    let output = sandbox.wait(command.current_dir(&odd).spawn().expect("xtask starts")).exits(2);
    assert!(output.stderr.starts_with("error: cannot read the cargo workspace of /w\u{fffd}\n"), "{}", output.stderr);
    assert!(!odd.join("target").exists());
}

#[test]
fn variables_that_are_no_text_reach_the_children_as_they_are() {
    let mut sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.var("ODD", OsStr::from_bytes(b"a\xffb"));
    sandbox.stage("odd", "", r#"[ "$ODD" = "$(printf 'a\377b')" ]"#);
    sandbox.run(&["ci", "--only", "odd"]).exits(0);
}

#[test]
fn a_variable_that_cannot_be_used_is_named_and_not_its_flag() {
    let mut sandbox = sandbox();
    sandbox.var("XTASK_JOBS", "many").var("XTASK_SERVERS", "moon").var("XTASK_REGISTRY", "https://example.org");
    assert_snapshot!(sandbox.run(&["ci", "--dry-run"]), @r#"
    exit code 2
    ----- stderr -----
    error: invalid value 'many' for 'XTASK_JOBS': invalid digit found in string

    For more information, try '--help'.
    error: invalid value 'https://example.org' for 'XTASK_REGISTRY': it must be a host with an optional port and path, such as "registry.example.org/shop"

    For more information, try '--help'.
    error: invalid value 'moon' for 'XTASK_SERVERS'
      [possible values: auto, given, docker, local]

    For more information, try '--help'.
    "#);
    assert_snapshot!(sandbox.run(&["fmt", "--jobs", "few"]), @"
    exit code 2
    ----- stderr -----
    error: invalid value 'few' for '--jobs <N>': invalid digit found in string

    For more information, try '--help'.
    ");
    sandbox.run(&["fmt", "--jobs", "1"]).exits(0);
    sandbox.var("XTASK_JOBS", OsStr::from_bytes(b"\xff"));
    assert_snapshot!(sandbox.run(&["fmt"]), @"
    exit code 2
    ----- stderr -----
    error: the value of 'XTASK_JOBS' is not valid UTF-8
    ");
    // A command without the flag does not look at its variable.
    sandbox.run(&["doctor", "--help"]).exits(0);
}

#[test]
fn a_variable_that_is_set_but_empty_is_unset() {
    let mut sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.file("services/a-service/tests/it.rs", "#[test]\nfn it() {}\n").needs("a-service", &["redis"]);
    sandbox.var("XTASK_BUILDER", "");
    let plain = sandbox.run(&["ci", "--dry-run"]).exits(0).stdout;
    let names = ["JOBS", "EVENT", "COVERAGE_ENGINE", "ADVISORY_DB", "SERVERS", "REGISTRY", "NO_INSTALL"];
    for name in names {
        sandbox.var(&format!("XTASK_{name}"), "");
    }
    assert_eq!(sandbox.run(&["ci", "--dry-run"]).exits(0).stdout, plain);
}

#[test]
fn without_a_terminal_there_are_no_colours_and_no_cursor_moves() {
    for vars in [&[("TERM", "xterm-256color")][..], &[("TERM", "dumb")], &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]]
    {
        let mut sandbox = sandbox();
        for (name, value) in vars {
            sandbox.var(name, *value);
        }
        let output = sandbox.run(&["ci", "--only", "bad"]).exits(1);
        assert!(!output.stderr.contains(['\u{1b}', '\r']), "{:?}", output.stderr);
    }
    let mut sandbox = sandbox();
    sandbox.var("CLICOLOR_FORCE", "1");
    assert!(sandbox.run(&["ci", "--only", "bad"]).exits(1).stderr.contains("\u{1b}[31"));
}
