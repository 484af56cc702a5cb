//! The workflow in the eyes of a tool that knows how workflows are attacked.

use crate::peers::has;
use crate::sandbox::Sandbox;
use std::path::Path;

#[test]
fn nobody_gets_in_by_the_workflow() {
    if !has("zizmor") {
        return;
    }
    let workflow = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.github/workflows/ci.yml");
    let workflow = std::fs::read_to_string(workflow).expect("it is there");
    assert!(!workflow.contains("zizmor:"), "a finding is mended, not switched off");
    let sandbox = Sandbox::new();
    sandbox.file(".github/workflows/ci.yml", &workflow);
    let audit = "zizmor --offline --no-progress --persona=auditor .github/workflows/ci.yml";
    let audited = sandbox.paste(audit);
    assert_eq!(audited.code, 0, "{}\n{}", audited.stdout, audited.stderr);
    let injected =
        workflow.replace("    steps:\n", "    steps:\n      - run: echo ${{ github.event.head_commit.message }}\n");
    sandbox.file(".github/workflows/ci.yml", &injected);
    assert_ne!(sandbox.paste(audit).code, 0, "it looks");
}
