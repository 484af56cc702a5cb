//! Workspaces that have never heard of xtask, in all their shapes, from wherever in them one stands. The tests that are
//! counted are those that cargo itself counts.

use crate::support::sandbox::{Sandbox, counts};
use insta::assert_snapshot;

const UNIT: &str = "#[cfg(test)]\nmod tests {\n    #[test]\n    fn works() {}\n}\n";

/// A procedural macro with a doc test.
const DERIVE: &str = "//! A macro.
//!
//! ```
//! #[derive(a_macro::Nothing)]
//! struct S;
//! let _ = S;
//! ```

use proc_macro::TokenStream;

/// Nothing.
#[proc_macro_derive(Nothing)]
pub fn nothing(_: TokenStream) -> TokenStream {
    TokenStream::new()
}

";

/// What a package may say about itself.
const ABOUT: &str = r#"description = "it's \"quoted\""
authors = ["A", "B"]
license = "MIT"
repository = "r"
homepage = "h"
readme = "README.md"
rust-version = "1.85.0"
"#;

/// A build script with a word for the program.
const SCRIPT: &str = r#"fn main() {
    println!("cargo::rustc-env=FROM_BUILD=built");
    println!("cargo::rerun-if-changed=build.rs");
}
"#;

/// A test that reads a file of its package, and writes down the variables that it sees.
const TELLS: &str = r#"#[test]
fn tells() {
    assert_eq!(std::fs::read_to_string("data/given.txt").unwrap(), "given");
    let mut vars: Vec<String> = std::env::vars().map(|(key, value)| format!("{key}={value}")).collect();
    vars.sort();
    std::fs::write("seen.txt", vars.join("\n")).unwrap();
}
"#;

fn manifest(name: &str, more: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{more}")
}

/// A library with a unit test and a doc test.
fn library(name: &str) -> String {
    let under = name.replace('-', "_");
    format!(
        "//! {name}.\n//!\n//! ```\n//! {under}::nothing();\n//! ```\n\n/// Nothing.\npub fn nothing() {{}}\n\n{UNIT}"
    )
}

/// What `cargo test` counts in everything but the integration tests: passed, failed, ignored.
fn cargo_counts(sandbox: &Sandbox) -> [u64; 3] {
    let mut sum = [0; 3];
    let mut counts = true;
    let output = sandbox.paste("cargo test --workspace --no-fail-fast 2>&1");
    for line in output.stdout.lines().map(str::trim) {
        if line.starts_with("Running ") || line.starts_with("Doc-tests ") {
            counts = !line.starts_with("Running tests/");
        }
        if !counts || !line.starts_with("test result: ") {
            continue;
        }
        for (index, word) in ["passed", "failed", "ignored"].into_iter().enumerate() {
            let before = line.split(&format!(" {word}")).next().expect("a part");
            sum[index] += before.rsplit(' ').next().and_then(|n| n.parse::<u64>().ok()).expect("a number");
        }
    }
    sum
}

/// Plans, checks and tests the workspace from this directory of it; gives the tests that were counted.
#[track_caller]
fn works_from(sandbox: &Sandbox, directory: &str) -> [u64; 3] {
    let dir = sandbox.root().join(directory);
    let dir = dir.to_str().expect("a name");
    for command in [&["plan"][..], &["plan", "--json"], &["graph"], &["fmt"], &["lint"], &["test-matrix"]] {
        sandbox.run(&[&["-C", dir], command].concat()).exits(0);
    }
    let ours = counts(&sandbox.summary().0);
    assert_eq!(ours, cargo_counts(sandbox));
    ours
}

#[test]
fn one_package_and_no_workspace() {
    let sandbox = Sandbox::new();
    sandbox.file("Cargo.toml", &manifest("single-one", ""));
    sandbox.file("src/lib.rs", &library("single-one"));
    sandbox.file("src/main.rs", &format!("fn main() {{}}\n\n{UNIT}"));
    sandbox.file("src/bin/other.rs", &format!("fn main() {{}}\n\n{UNIT}"));
    sandbox.file("docs/deep/deeper/notes.txt", "");
    assert_eq!(works_from(&sandbox, "docs/deep/deeper"), [4, 0, 0]);
}

#[test]
fn a_root_package_with_members() {
    let sandbox = Sandbox::new();
    let members = "\n[workspace]\nmembers = [\"crates/*/*\"]\n";
    let needs = "\n[dependencies]\ninner-crate.path = \"crates/group/inner-crate\"\n";
    sandbox.file("Cargo.toml", &manifest("root_package", &format!("{members}{needs}")));
    sandbox.file("src/lib.rs", &library("root_package"));
    sandbox.file("crates/group/inner-crate/Cargo.toml", &manifest("inner-crate", ""));
    sandbox.file("crates/group/inner-crate/src/lib.rs", &library("inner-crate"));
    assert_eq!(works_from(&sandbox, "crates/group/inner-crate/src"), [4, 0, 0]);
    assert_eq!(works_from(&sandbox, "crates"), [4, 0, 0]);
}

#[test]
fn a_virtual_workspace_of_packages_of_every_kind() {
    let sandbox = Sandbox::new();
    sandbox.file("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n");
    let package = |name: &str, more: &str, files: &[(&str, &str)]| {
        sandbox.file(&format!("crates/{name}/Cargo.toml"), &manifest(name, more));
        for (path, text) in files {
            sandbox.file(&format!("crates/{name}/{path}"), text);
        }
    };
    package("plain_lib", "", &[("src/lib.rs", &library("plain_lib"))]);
    package("no-tests", "", &[("src/lib.rs", "//! Nothing.\n"), ("src/main.rs", "fn main() {}\n")]);
    package("no-doctest", "[lib]\ndoctest = false\n", &[("src/lib.rs", &library("no-doctest"))]);
    package("no-unit", "[lib]\ntest = false\n", &[("src/lib.rs", &library("no-unit"))]);
    let program = format!("fn main() {{}}\n\n{UNIT}");
    let bins = r#"[[bin]]
name = "one"
path = "src/one.rs"
[[bin]]
name = "two"
path = "src/two.rs"
test = false
"#;
    package("many-bins", bins, &[("src/one.rs", &program), ("src/two.rs", &program), ("src/bin/three.rs", &program)]);
    let own = "[[bin]]\nname = \"own\"\npath = \"src/own.rs\"\nharness = false\n";
    package("own-harness", own, &[("src/own.rs", "fn main() {\n    println!(\"my own way\");\n}\n")]);
    package("only-tests", "", &[("src/lib.rs", "//! Nothing.\n"), ("tests/it.rs", "#[test]\nfn it() {}\n")]);
    package("a_macro", "[lib]\nproc-macro = true\n", &[("src/lib.rs", &format!("{DERIVE}{UNIT}"))]);
    assert_eq!(works_from(&sandbox, "crates/a_macro"), [8, 0, 0]);
    let summary = sandbox.summary();
    assert_eq!(
        summary.tasks("test-services"),
        [
            "test-services/a_macro passed",
            "test-services/a_macro:doc passed",
            "test-services/many-bins passed",
            "test-services/no-doctest passed",
            "test-services/no-tests nothing-to-do: no tests",
            "test-services/no-tests:doc nothing-to-do: no tests",
            "test-services/no-unit:doc passed",
            "test-services/only-tests nothing-to-do: no tests",
            "test-services/only-tests:doc nothing-to-do: no tests",
            "test-services/own-harness passed",
            "test-services/plain_lib passed",
            "test-services/plain_lib:doc passed",
            "test-services:compile passed",
            "test-services:doc passed"
        ]
    );
}

#[test]
fn integration_tests_that_a_manifest_switches_off_are_not_run() {
    let sandbox = Sandbox::new();
    sandbox.file("Cargo.toml", &manifest("single-one", "[[test]]\nname = \"off\"\ntest = false\n"));
    sandbox.file("src/lib.rs", &library("single-one"));
    sandbox.file("tests/off.rs", "#[test]\nfn never() {\n    panic!();\n}\n");
    assert_snapshot!(sandbox.run(&["integration"]), @"
    exit code 4
    ----- stderr -----
    error: nothing to run: the plan is empty
      because: integration-tests: no selected package has anything for it
    hint: `cargo xtask plan` shows what would run
    ");
}

#[test]
fn the_run_of_a_test_is_cargos_run_of_it() {
    let sandbox = Sandbox::new();
    sandbox.file("Cargo.toml", &manifest("curious", ABOUT).replace("0.1.0", "1.2.3-rc.1"));
    sandbox.file("README.md", "");
    sandbox.file("data/given.txt", "given");
    sandbox.file("build.rs", SCRIPT);
    sandbox.file("src/lib.rs", TELLS);
    sandbox.paste("cargo test --lib").exits(0);
    let cargos = seen(&sandbox);
    sandbox.run(&["test-matrix"]).exits(0);
    assert_eq!(seen(&sandbox), cargos);
}

/// The variables that the test has seen, without those that xtask sets for its children on purpose, those that rustup
/// leaves behind in whatever it starts, and the place where rustup keeps its own libraries.
fn seen(sandbox: &Sandbox) -> Vec<String> {
    const OWN: [&str; 10] = [
        "PWD",
        "XTASK_TASK",
        "CARGO_TERM_COLOR",
        "CARGO_TERM_PROGRESS_WHEN",
        "CARGO_LLVM_COV_SETUP",
        "PATH",
        "RUSTUP_TOOLCHAIN_SOURCE",
        "RUST_RECURSION_COUNT",
        "SSL_CERT_DIR",
        "SSL_CERT_FILE",
    ];
    let text = sandbox.redact(&sandbox.read("seen.txt"));
    let lines = text.lines().filter(|line| line.split('=').next().is_none_or(|name| !OWN.contains(&name)));
    lines.map(real_folders).collect()
}

/// The line with the directories of a path as they are called without symbolic links: rustup knows one toolchain by
/// several names.
fn real_folders(line: &str) -> String {
    let Some(path) = line.strip_prefix("LD_LIBRARY_PATH=") else { return line.to_owned() };
    let real = |directory: &str| {
        std::fs::canonicalize(directory).map_or(directory.to_owned(), |real| real.display().to_string())
    };
    let directories: Vec<String> = path.split(':').map(real).collect();
    format!("LD_LIBRARY_PATH={}", directories.join(":"))
}

#[test]
fn what_only_cargos_configuration_gives_reaches_the_tests() {
    let sandbox = Sandbox::new();
    sandbox.file("Cargo.toml", &manifest("p", ""));
    let test = "#[cfg(test)]\nmod tests {\n    #[test]\n    fn sees() {\n        \
                assert_eq!(std::env::var(\"GIVEN\").as_deref(), Ok(\"by cargo\"));\n    }\n}\n";
    sandbox.file("src/lib.rs", &format!("//! p.\n\n{test}"));
    sandbox.file("src/bin/also.rs", &format!("fn main() {{}}\n\n{test}"));
    sandbox.run(&["test-matrix"]).exits(1).says("2 tests failed");
    sandbox.file(".cargo/config.toml", "[env]\nGIVEN = \"by cargo\"\n");
    assert_eq!(works_from(&sandbox, "src"), [2, 0, 0]);
    assert!(
        sandbox
            .run(&["plan"])
            .exits(0)
            .stdout
            .contains("cargo test --locked --workspace --lib --bins --no-fail-fast\n")
    );
}

/// Package names that are also the names of jobs of stages, and one that reads like the doc tests of another.
const LIKE_JOBS: [&str; 12] = [
    "foo",
    "foo-doc",
    "compile",
    "clean",
    "instrument",
    "servers",
    "login",
    "push-auth",
    "gate",
    "lcov",
    "auth",
    "release",
];

#[test]
fn packages_may_be_called_like_the_jobs_of_stages() {
    let sandbox = Sandbox::new();
    sandbox.file("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n");
    for name in LIKE_JOBS {
        sandbox.file(&format!("crates/{name}/Cargo.toml"), &manifest(name, ""));
        sandbox.file(&format!("crates/{name}/src/lib.rs"), &library(name));
        sandbox.file(&format!("crates/{name}/tests/it.rs"), "#[test]\nfn it() {}\n");
    }
    let ours = || counts(&sandbox.summary().0);
    let most = u64::try_from(LIKE_JOBS.len()).expect("a small number");
    sandbox.run(&["test-matrix"]).exits(0);
    assert_eq!(ours(), [2 * most, 0, 0], "a unit test and a doc test each");
    sandbox.file("crates/foo-doc/src/lib.rs", &library("foo-doc").replace("fn works() {}", "fn works() { panic!() }"));
    sandbox.run(&["test-matrix", "--keep-going"]).exits(1);
    assert_eq!(ours(), [2 * most - 1, 1, 0], "the failure is that of one task");
    let failed: Vec<String> =
        sandbox.summary().tasks("test-services").into_iter().filter(|task| task.contains("failed")).collect();
    assert_eq!(failed, ["test-services/foo-doc failed: 1 test failed"]);
}
