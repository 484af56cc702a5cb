//! Coverage with the real cargo-llvm-cov.

use crate::sandbox::{Sandbox, counts};

#[test]
fn under_the_gate() {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.append("Cargo.toml", "\n[workspace.metadata.xtask.coverage]\nminimum = 99.5\n");
    let output = sandbox
        .run(&["ci", "--keep-going", "--no-install", "--skip", "lint", "--skip", "audit", "--skip", "deps"])
        .exits(1);
    assert_eq!(
        output.verdict(),
        "failed: code-coverage (gate: line coverage 66.66 % is under the gate of 99.5 %) · exit 1"
    );
    let summary = sandbox.summary();
    assert_eq!(
        summary.stages(),
        [
            "test-services passed",
            "code-coverage failed: gate: line coverage 66.66 % is under the gate of 99.5 %",
            "integration-tests nothing-to-do: no selected package has anything for it",
            "build-release passed",
            "quality-report passed"
        ]
    );
    assert_eq!(counts(&summary.0), [2, 0, 0]);
}
