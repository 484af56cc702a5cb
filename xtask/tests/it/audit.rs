//! The audit warns and never blocks: a vulnerable dependency, a banned one, a licence that is not allowed. A tool that
//! could not look is not "no findings".

use crate::sandbox::Sandbox;

/// A service that depends on `old-time` 0.1.43 from the registry, which is a folder of the workspace here, and an
/// advisory database that knows one thing about it.
fn with_vulnerable_dependency() -> Sandbox {
    let sandbox = Sandbox::with_services(&["a-service"]);
    sandbox.append("services/a-service/Cargo.toml", "\n[dependencies]\nold-time = \"0.1.43\"\n");
    let source = "[source.crates-io]\nreplace-with = \"here\"\n\n[source.here]\ndirectory = \"registry\"\n";
    sandbox.file(".cargo/config.toml", source);
    sandbox.file("registry/old-time/Cargo.toml", "[package]\nname = \"old-time\"\nversion = \"0.1.43\"\n");
    sandbox.file("registry/old-time/src/lib.rs", "");
    let sum = "0123456789abcdef".repeat(4);
    sandbox.file("registry/old-time/.cargo-checksum.json", &format!("{{\"files\":{{}},\"package\":\"{sum}\"}}"));
    sandbox
}

/// Writes the database.
fn database(sandbox: &Sandbox) {
    let advisory = "```toml\n[advisory]\nid = \"RUSTSEC-2020-0071\"\npackage = \"old-time\"\ndate = \"2020-11-18\"\n\n\
                    [versions]\npatched = [\">= 0.2.23\"]\n```\n\n# Potential segfault\n\nIt may crash.\n";
    sandbox.file("advisories/crates/old-time/RUSTSEC-2020-0071.md", advisory);
}

#[test]
fn a_vulnerable_dependency_warns_and_the_build_goes_on() {
    let sandbox = with_vulnerable_dependency();
    database(&sandbox);
    let args = ["ci", "--keep-going", "--no-install", "--skip", "coverage", "--skip", "deps", "--skip", "lint"];
    let output = sandbox.run(&[&args[..], &["--advisory-db", "advisories"]].concat()).exits(0);
    assert_eq!(output.verdict(), "passed: 3 stages, 2 tests in TIME · security-audit failed, which does not block");
    let summary = sandbox.summary();
    assert_eq!(
        summary.stages(),
        [
            "test-services passed",
            "security-audit failed: cargo-audit: 1 vulnerability",
            "integration-tests nothing-to-do: no selected package has anything for it",
            "build-release passed",
            "quality-report passed"
        ]
    );
    assert_eq!(
        summary.tasks("security-audit"),
        ["security-audit/cargo-audit failed: 1 vulnerability", "security-audit/cargo-deny passed"]
    );
    assert_eq!(summary.findings("security-audit/cargo-audit"), ["error RUSTSEC-2020-0071 -:-"]);
}
