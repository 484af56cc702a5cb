//! Annotations: files are named from the root of the repository, wherever the workspace lies and xtask is started.

use crate::support::runner::{annotations, on_a_runner};
use crate::support::sandbox::{Output, Sandbox};

/// What a lint, a test and rustfmt complain about, in a service.
const FLAWS: &str =
    "\npub  fn same(n: bool) -> bool {\n    n == true\n}\n\n#[test]\nfn fails() {\n    assert!(same(false));\n}\n";

#[track_caller]
fn one(output: &Output, start: &str) {
    let all = annotations(output);
    assert!(all.iter().any(|one| one.starts_with(start)), "no {start} among {all:#?}");
}

/// Runs the tools in a workspace whose files have this path in their repository.
#[track_caller]
fn all_are_named(sandbox: &Sandbox, args: &[&str], prefix: &str) {
    let run = |stage: &[&str]| sandbox.run(&[args, stage].concat()).exits(1);
    let file = format!("file={prefix}services/a-service/src/lib.rs");
    one(&run(&["fmt"]), &format!("::error {file},line=20,endLine=20,title=rustfmt::not formatted"));
    one(
        &run(&["lint"]),
        &format!("::error {file},line=21,endLine=21,col=5,endColumn=14,title=clippy%3A%3Abool_comparison::"),
    );
    one(&run(&["test-matrix"]), &format!("::error {file},line=26,col=5,title=fails failed::"));
}

#[test]
fn a_file_is_named_from_the_root_of_the_repository() {
    let mut sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.append("services/a-service/src/lib.rs", FLAWS).commit();
    on_a_runner(&mut sandbox);
    all_are_named(&sandbox, &["-C", "services/a-service"], "");
}

#[test]
fn a_workspace_in_a_directory_of_the_repository_is_part_of_the_name() {
    let mut sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.append("services/a-service/src/lib.rs", FLAWS);
    let root = sandbox.root();
    for entry in ["Cargo.toml", "services"] {
        std::fs::create_dir_all(root.join("rust")).expect("a directory");
        std::fs::rename(root.join(entry), root.join("rust").join(entry)).expect("moved");
    }
    sandbox.commit();
    on_a_runner(&mut sandbox);
    all_are_named(&sandbox, &["-C", "rust"], "rust/");
}
