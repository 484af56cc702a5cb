//! A vulnerable dependency, and an advisory database that knows it.

use crate::support::sandbox::Sandbox;

/// A service that depends on `old-time` 0.1.43 from the registry, which is a directory of the workspace here, and an
/// advisory database that knows one thing about it.
pub fn with_vulnerable_dependency() -> Sandbox {
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

/// Writes a database that knows one thing about this crate.
pub fn advisory(sandbox: &Sandbox, krate: &str) {
    let advisory = format!(
        "```toml\n[advisory]\nid = \"RUSTSEC-2020-0071\"\npackage = \"{krate}\"\ndate = \"2020-11-18\"\n\n\
         [versions]\npatched = [\">= 0.2.23\"]\n```\n\n# Potential segfault\n\nIt may crash.\n"
    );
    sandbox.file(&format!("advisories/crates/{krate}/RUSTSEC-2020-0071.md"), &advisory);
}
